/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/slot_wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "workspace/needs.h"

void slot_put_hello(struct str *b, const struct slot_options *o, const char *const *env)
{
	size_t start = wire_begin(b, FRAME_HELLO);

	wire_put_u32(b, SLOT_PROTOCOL);
	wire_put_u32(b, o->number);
	wire_put_f64(b, o->default_grace_s);
	wire_put_u64(b, o->job_nofile);
	wire_put_string(b, o->scratch_root);
	wire_put_string(b, o->cpus);
	wire_put_u32(b, (uint32_t)o->numa);
	wire_put_string(b, o->cgroup_dir);
	wire_put_list(b, env);
	wire_end(b, start);
}

bool slot_take_hello(struct wire *w, struct slot_hello *ret)
{
	size_t n;

	ret->version = wire_u32(w);
	ret->number = wire_u32(w);
	ret->grace_s = wire_f64(w);
	ret->nofile = wire_u64(w);
	ret->scratch_root = wire_string(w);
	ret->cpus = wire_string(w);
	ret->numa = (int32_t)wire_u32(w);
	ret->cgroup_dir = wire_string(w);
	ret->env = wire_strings(w, &n);
	return w->ok && ret->version == SLOT_PROTOCOL && ret->scratch_root;
}

static void put_steps(struct str *b, const struct job_steps *s)
{
	static const struct job_steps none;

	if (!s)
		s = &none;
	wire_put_string(b, s->remove_before);
	wire_put_string(b, s->write_path);
	wire_put_string(b, s->write_text);
	wire_put_string(b, s->remove_unless_passed);
	wire_put_string(b, s->reader);
	wire_put_string(b, s->read_path);
}

static void slot_take_steps(struct wire *w, struct job_steps *ret)
{
	ret->remove_before = wire_string(w);
	ret->write_path = wire_string(w);
	ret->write_text = wire_string(w);
	ret->remove_unless_passed = wire_string(w);
	ret->reader = wire_string(w);
	ret->read_path = wire_string(w);
	w->ok = w->ok && (!ret->write_path || ret->write_text) && (!ret->reader || ret->read_path);
}

void slot_put_run(struct str *b, uint32_t place, const struct job_spec *spec, uint32_t attempt,
		  const char *const *env)
{
	_cleanup_(arena_freep) struct arena *mem = spec->is_split ? arena_new() : NULL;
	size_t start = wire_begin(b, FRAME_RUN);

	job_start_put(b, place, spec, attempt, env);
	wire_put_list(b, job_argv(spec, mem));
	put_steps(b, spec->steps);
	wire_end(b, start);
}

void slot_put_needs(struct str *b, const struct job_needs *needs)
{
	needs_put(b, FRAME_NEEDS, needs);
}

void slot_put_job(struct str *b, struct job_wire_places *places, const struct job_spec *spec,
		  uint32_t attempt, const char *const *env, const struct job_needs *needs)
{
	uint32_t place;

	if (needs)
		slot_put_needs(b, needs);
	place = job_wire_place_rules(places, b, FRAME_RULES, spec->rules);
	slot_put_run(b, place, spec, attempt, env);
}

bool slot_take_run(struct wire *w, struct slot_run *ret)
{
	bool is_good = job_start_take(w, &ret->start) && ret->start.odir;

	ret->argv = wire_strings(w, &ret->n_argv);
	slot_take_steps(w, &ret->steps);
	return is_good && w->ok && ret->n_argv > 0;
}

void slot_run_done(struct slot_run *run)
{
	free(run->argv);
	job_start_done(&run->start);
	*run = (struct slot_run){0};
}

void slot_put_kill(struct str *b, bool now, enum job_reason reason)
{
	size_t start = wire_begin(b, FRAME_KILL);

	wire_put_u32(b, now);
	wire_put_u32(b, (uint32_t)reason);
	wire_end(b, start);
}

bool slot_take_kill(struct wire *w, bool *ret_now, enum job_reason *ret_reason)
{
	uint32_t reason;

	*ret_now = wire_u32(w) != 0;
	reason = wire_u32(w);
	*ret_reason = (enum job_reason)reason;
	return w->ok && reason < REASON_COUNT;
}

void slot_put_pause(struct str *b, bool is_paused)
{
	size_t start = wire_begin(b, FRAME_PAUSE);

	wire_put_u32(b, is_paused);
	wire_end(b, start);
}

bool slot_take_pause(struct wire *w, bool *ret_is_paused)
{
	*ret_is_paused = wire_u32(w) != 0;
	return w->ok;
}

void slot_put_short(struct str *b, int errnum)
{
	size_t start = wire_begin(b, FRAME_SHORT);

	wire_put_u32(b, (uint32_t)errnum);
	wire_end(b, start);
}

bool slot_take_short(struct wire *w, int *ret_errnum)
{
	*ret_errnum = (int)wire_u32(w);
	return w->ok && *ret_errnum > 0;
}

void slot_put_terminal(struct str *b, const struct slot_terminal *t)
{
	size_t start = wire_begin(b, FRAME_TERMINAL);

	wire_put_u32(b, t->modes.c_iflag);
	wire_put_u32(b, t->modes.c_oflag);
	wire_put_u32(b, t->modes.c_cflag);
	wire_put_u32(b, t->modes.c_lflag);
	wire_put_bytes(b, t->modes.c_cc, sizeof(t->modes.c_cc));
	wire_put_u32(b, t->rows);
	wire_put_u32(b, t->columns);
	wire_put_string(b, t->path);
	wire_end(b, start);
}

bool slot_take_terminal(struct wire *w, struct slot_terminal *ret)
{
	const char *keys;
	size_t n;

	*ret = (struct slot_terminal){.modes.c_iflag = wire_u32(w)};
	ret->modes.c_oflag = wire_u32(w);
	ret->modes.c_cflag = wire_u32(w);
	ret->modes.c_lflag = wire_u32(w);
	keys = wire_bytes(w, &n);
	w->ok = w->ok && n == sizeof(ret->modes.c_cc);
	if (w->ok)
		memcpy(ret->modes.c_cc, keys, n);
	ret->rows = (uint16_t)wire_u32(w);
	ret->columns = (uint16_t)wire_u32(w);
	ret->path = wire_string(w);
	return w->ok;
}

void slot_put_size(struct str *b, uint16_t rows, uint16_t columns)
{
	size_t start = wire_begin(b, FRAME_SIZE);

	wire_put_u32(b, rows);
	wire_put_u32(b, columns);
	wire_end(b, start);
}

bool slot_take_size(struct wire *w, unsigned *ret_rows, unsigned *ret_columns)
{
	*ret_rows = wire_u32(w);
	*ret_columns = wire_u32(w);
	return w->ok;
}

void slot_put_text(struct str *b, enum slot_frame type, const char *bytes, size_t n)
{
	size_t start = wire_begin(b, (uint8_t)type);

	wire_put_bytes(b, bytes, n);
	wire_end(b, start);
}

void slot_put_word(struct str *b, enum slot_frame type)
{
	wire_end(b, wire_begin(b, (uint8_t)type));
}

void slot_put_result(struct str *b, const struct job_result *r)
{
	size_t start = wire_begin(b, FRAME_RESULT);

	job_wire_put_result(b, r);
	wire_end(b, start);
}
