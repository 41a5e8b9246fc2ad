/* SPDX-License-Identifier: Apache-2.0 */
#include "device/worker/wire.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

/* ---- to the worker ---- */

void device_put_hello(struct str *b, const struct device_worker_options *o, const char *leftovers)
{
	size_t start = wire_begin(b, DEVICE_HELLO);

	wire_put_u32(b, DEVICE_PROTOCOL);
	wire_put_u32(b, o->number);
	wire_put_u32(b, (uint32_t)o->device);
	wire_put_string(b, o->driver);
	wire_put_string(b, o->options ? o->options : "{}");
	wire_put_string(b, o->scratch_root);
	wire_put_string(b, o->lock_path);
	wire_put_string(b, o->log_path);
	wire_put_string(b, leftovers);
	wire_put_string(b, o->cpus);
	wire_put_u32(b, (uint32_t)o->numa);
	wire_end(b, start);
}

bool device_take_hello(struct wire *w, struct device_hello *ret)
{
	ret->version = wire_u32(w);
	ret->number = wire_u32(w);
	ret->device = (int32_t)wire_u32(w);
	ret->driver = wire_string(w);
	ret->options = wire_string(w);
	ret->scratch_root = wire_string(w);
	ret->lock_path = wire_string(w);
	ret->log_path = wire_string(w);
	ret->leftovers = wire_string(w);
	ret->cpus = wire_string(w);
	ret->numa = (int32_t)wire_u32(w);
	return w->ok && ret->version == DEVICE_PROTOCOL && ret->driver && ret->options &&
	       ret->scratch_root;
}

enum { HAS_SHARED = BIT(0), WAITS_FOR_GO = BIT(1) };

static void put_buffers(struct str *b, const struct dvs_buffer_want *list, uint32_t n)
{
	wire_put_u32(b, n);
	for (uint32_t i = 0; i < n; i++) {
		wire_put_string(b, list[i].name);
		wire_put_u64(b, list[i].bytes);
		wire_put_u32(b, list[i].align);
	}
}

void device_put_run(struct str *b, uint32_t place, const struct device_request *r)
{
	size_t start = wire_begin(b, DEVICE_RUN);

	wire_put_u32(b,
		     (r->shared_fd >= 0 ? HAS_SHARED : 0) | (r->waits_for_go ? WAITS_FOR_GO : 0));
	job_start_put(b, place, r->spec, r->attempt, r->env);
	wire_put_u64(b, r->epoch);
	wire_put_u32(b, (uint32_t)r->rank);
	wire_put_u32(b, (uint32_t)r->n_ranks);
	wire_put_string(b, r->job ? r->job : "{}");
	wire_put_string(b, r->token);
	wire_put_u64(b, r->window_bytes);
	wire_put_u64(b, r->shared_bytes);
	wire_put_u64(b, r->join_deadline_ns);
	wire_put_u64(b, r->deadline_ns);
	put_buffers(b, r->buffers, r->n_buffers);
	wire_end(b, start);
}

static void take_buffers(struct wire *w, struct device_run *ret)
{
	uint32_t n = wire_u32(w);

	ret->buffers = NULL;
	ret->n_buffers = 0;
	if (!w->ok || (size_t)(w->end - w->at) / 16 < n) {
		w->ok = w->ok && n == 0;
		return;
	}
	ret->buffers = xcalloc((size_t)n + 1, sizeof(*ret->buffers));
	ret->n_buffers = n;
	for (uint32_t i = 0; i < n; i++) {
		ret->buffers[i].name = wire_string(w);
		ret->buffers[i].bytes = wire_u64(w);
		ret->buffers[i].align = wire_u32(w);
		w->ok = w->ok && ret->buffers[i].name;
	}
}

bool device_take_run(struct wire *w, struct device_run *ret)
{
	uint32_t flags = wire_u32(w);
	bool is_good;

	*ret = (struct device_run){
		.has_shared = flags & HAS_SHARED,
		.waits_for_go = flags & WAITS_FOR_GO,
	};
	is_good = job_start_take(w, &ret->start);
	ret->epoch = wire_u64(w);
	ret->rank = (int32_t)wire_u32(w);
	ret->n_ranks = (int32_t)wire_u32(w);
	ret->job = wire_string(w);
	ret->token = wire_string(w);
	ret->window_bytes = wire_u64(w);
	ret->shared_bytes = wire_u64(w);
	ret->join_deadline_ns = wire_u64(w);
	ret->deadline_ns = wire_u64(w);
	take_buffers(w, ret);
	return is_good && w->ok && ret->epoch && ret->job;
}

void device_run_done(struct device_run *run)
{
	free(run->buffers);
	job_start_done(&run->start);
	*run = (struct device_run){0};
}

bool device_run_has_shared(struct wire w)
{
	return wire_u32(&w) & HAS_SHARED;
}

/* ---- both ways ---- */

void device_put_empty(struct str *b, enum device_frame type)
{
	wire_end(b, wire_begin(b, (uint8_t)type));
}

void device_put_epoch(struct str *b, enum device_frame type, uint64_t epoch)
{
	size_t start = wire_begin(b, (uint8_t)type);

	wire_put_u64(b, epoch);
	wire_end(b, start);
}

void device_put_text(struct str *b, enum device_frame type, const char *text)
{
	size_t start = wire_begin(b, (uint8_t)type);

	wire_put_string(b, text);
	wire_end(b, start);
}

void device_put_phase(struct str *b, uint64_t epoch, enum run_phase phase)
{
	size_t start = wire_begin(b, DEVICE_PHASE);

	wire_put_u64(b, epoch);
	wire_put_u32(b, phase);
	wire_end(b, start);
}

bool device_take_phase(struct wire *w, uint64_t *ret_epoch, enum run_phase *ret)
{
	uint32_t phase;

	*ret_epoch = wire_u64(w);
	phase = wire_u32(w);
	*ret = (enum run_phase)phase;
	return w->ok && phase < PHASE_COUNT;
}

void device_put_failure(struct str *b, enum dvs_class class, const char *text)
{
	size_t start = wire_begin(b, DEVICE_OPEN_FAILED);

	wire_put_u32(b, class);
	wire_put_string(b, text);
	wire_end(b, start);
}

bool device_take_failure(struct wire *w, enum dvs_class *ret_class, const char **ret_text)
{
	uint32_t class = wire_u32(w);

	*ret_class = (enum dvs_class) class;
	*ret_text = wire_string(w);
	return w->ok && class < DVS_CLASS_COUNT && *ret_text;
}

/* ---- the result ---- */

void device_put_result(struct str *b, enum device_frame type, const struct device_result *r)
{
	size_t start = wire_begin(b, (uint8_t)type);

	wire_put_u64(b, r->epoch);
	wire_put_u32(b, r->class);
	wire_put_u32(b, (uint32_t)r->code);
	wire_put_string(b, r->code_name);
	wire_put_string(b, r->hint);
	wire_put_string(b, r->text);
	wire_put_u32(b, r->phase);
	wire_put_u32(b, r->call);
	wire_put_string(b, r->result);
	for (unsigned i = 0; i < PHASE_COUNT; i++)
		wire_put_u64(b, r->stamp_ns[i]);
	wire_put_u32(b, r->is_spent);
	wire_put_u64(b, r->reset_ns);
	wire_put_u32(b, r->verdict.is_uncounted);
	job_wire_put_result(b, &r->verdict);
	wire_end(b, start);
}

bool device_take_result(struct wire *w, struct device_result *ret, struct job_outcome *verdict)
{
	uint32_t class, phase, call, is_uncounted;

	*ret = (struct device_result){.epoch = wire_u64(w)};
	class = wire_u32(w);
	ret->code = (int32_t)wire_u32(w);
	ret->code_name = wire_string(w);
	ret->hint = wire_string(w);
	ret->text = wire_string(w);
	phase = wire_u32(w);
	call = wire_u32(w);
	ret->result = wire_string(w);
	for (unsigned i = 0; i < PHASE_COUNT; i++)
		ret->stamp_ns[i] = wire_u64(w);
	ret->is_spent = wire_u32(w) != 0;
	ret->reset_ns = wire_u64(w);
	is_uncounted = wire_u32(w);
	ret->class = (enum dvs_class) class;
	ret->phase = (enum run_phase)phase;
	ret->call = (enum driver_call)call;
	if (!job_wire_take_result(w, verdict))
		return false;
	ret->verdict = verdict->result;
	ret->verdict.is_uncounted = is_uncounted != 0;
	return class < DVS_CLASS_COUNT && phase < PHASE_COUNT && call < CALL_COUNT;
}
