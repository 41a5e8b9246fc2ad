/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of a slot. */
#include "exec/slot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "exec/slot_parts.h"
#include "base/proc_tree.h"

extern char **environ;

/* Ignores errors: the end of a slot is noticed when reading. */
void slot_flush(struct slot *s)
{
	port_flush(&s->port, &s->link);
}

static void on_slot_writable(struct port *p)
{
	slot_flush(container_of(p, struct slot, port));
}

static bool slot_take_terminal_frame(struct slot *s, uint8_t type, struct wire *w)
{
	const char *bytes = NULL;
	size_t n = 0;

	if (type == FRAME_SAID) {
		bytes = wire_bytes(w, &n);
		if (w->ok && s->handler->said)
			s->handler->said(s, s->ctx, bytes, n);
	} else if (s->handler->stopped) {
		s->handler->stopped(s, s->ctx);
	}
	return w->ok;
}

static bool slot_take_shortage_frame(struct slot *s, uint8_t type, struct wire *w)
{
	int errnum = 0;

	if (type == FRAME_SHORT && !slot_take_short(w, &errnum))
		return false;
	if (s->handler->is_short)
		s->handler->is_short(s, s->ctx, errnum);
	return true;
}

/* false: not a valid frame of a slot. */
static bool slot_take_frame(struct slot *s, uint8_t type, struct wire *w)
{
	struct job_outcome outcome = {0};
	bool is_good;

	if (type == FRAME_ALIVE) { /* its job may have ended meanwhile */
		vigil_answered(&s->vigil);
		return true;
	}
	if (s->is_idle)
		return false;
	if (type == FRAME_SAID || type == FRAME_STOPPED)
		return slot_take_terminal_frame(s, type, w);
	if (type == FRAME_SHORT || type == FRAME_LAUNCHED)
		return slot_take_shortage_frame(s, type, w);
	if (type != FRAME_RESULT)
		return false;
	is_good = job_wire_take_result(w, &outcome);
	if (is_good) {
		s->is_idle = true;
		s->kill_reason = REASON_NONE;
		vigil_stop(&s->vigil);
		s->end_within_s = 0;
		child_expect_nothing(&s->child);
		s->handler->ended(s, s->ctx, &outcome.result);
	}
	job_outcome_done(&outcome);
	return is_good;
}

static bool slot_take_frames(struct slot *s)
{
	struct wire w;
	uint8_t type;
	int rc;

	while ((rc = link_next(&s->link, &type, &w)) > 0)
		if (!slot_take_frame(s, type, &w))
			return false;
	return rc == 0;
}

int slot_read(struct slot *s)
{
	enum link_result state = link_read(&s->link, LINK_NOW);

	s->is_eof = link_is_end(state);
	if (state != LINK_OK)
		return s->is_eof ? -1 : 0;
	if (slot_take_frames(s))
		return 1;
	s->is_eof = true;
	slot_kill_for(s, "sent an invalid frame");
	return -1;
}

static void on_slot_readable(struct port *p)
{
	struct slot *s = container_of(p, struct slot, port);

	if (slot_read(s) >= 0)
		return;
	port_want_in(p, false);
	child_hung_up(&s->child);
}

static int slot_greet(struct slot *s, const struct slot_options *options, struct error *err)
{
	for (size_t i = 0; i < options->n_kept; i++) {
		int copy = fcntl(options->kept[i], F_DUPFD_CLOEXEC, 0);

		if (copy < 0)
			return error_sys(err, errno, "cannot hand descriptors to dvs-slot");
		link_attach(&s->link, copy);
	}
	slot_put_hello(&s->link.out, options, (const char *const *)environ);
	slot_flush(s);
	return 0;
}

struct slot *slot_new(struct ev_loop *loop, const struct slot_options *options,
		      const struct slot_handler *handler, void *ctx, struct error *err)
{
	struct slot *s = xcalloc(1, sizeof(*s));
	struct proc proc;

	if (proc_start("dvs-slot", "__slot", &proc, err) < 0) {
		free(s);
		return NULL;
	}
	list_init(&s->sibling);
	s->family = options->family;
	if (s->family)
		list_append(s->family, &s->sibling);
	s->loop = loop;
	s->handler = handler;
	s->ctx = ctx;
	s->number = options->number;
	s->is_idle = true;
	link_init(&s->link, proc.fd, 0);
	child_init(&s->child, loop, proc.pid, slot_on_end);
	s->usual = s->limits = options->limits ? *options->limits : vigil_limits_default;
	vigil_init(&s->vigil, loop, proc.pid, &s->limits, &slot_vigil);
	port_init(&s->port, loop, proc.fd, on_slot_readable, on_slot_writable);
	s->default_grace_s = options->default_grace_s;
	port_want_in(&s->port, true);
	if (slot_greet(s, options, err) == 0)
		return s;
	slot_free(s);
	return NULL;
}

void slot_run(struct slot *s, const struct job_spec *spec, uint32_t attempt, const char *const *env,
	      const struct job_needs *needs)
{
	assert(s->is_idle);
	s->is_idle = false;
	s->job_id = spec->id;
	s->fault = NULL;
	s->grace_s = spec->rules->grace_s >= 0 ? spec->rules->grace_s : s->default_grace_s;
	slot_put_job(&s->link.out, &s->places, spec, attempt, env, needs);
	slot_flush(s);
	s->limits = s->usual;
	if (spec->rules->timeout_s > 0 && !spec->rules->is_interactive)
		vigil_shorten(&s->limits, spec->rules->timeout_s + s->grace_s + slot_patience_s);
	vigil_start(&s->vigil);
}

void slot_kill(struct slot *s, bool now, enum job_reason reason)
{
	if (s->is_idle || s->link.fd < 0)
		return;
	slot_put_kill(&s->link.out, now, reason);
	slot_flush(s);
	s->kill_reason = reason;
	s->fault = "did not end its job in time";
	s->end_within_s = (now ? 0 : s->grace_s) + slot_patience_s;
	child_expect_end(&s->child, s->end_within_s);
}

void slot_pause(struct slot *s, bool is_paused)
{
	if (s->link.fd < 0)
		return;
	slot_put_pause(&s->link.out, is_paused);
	slot_flush(s);
	if (is_paused)
		child_expect_nothing(&s->child);
	else if (s->end_within_s > 0)
		child_expect_end(&s->child, s->end_within_s);
}

void slot_give_terminal(struct slot *s, const struct slot_terminal *terminal)
{
	slot_put_terminal(&s->link.out, terminal);
	slot_flush(s);
}

void slot_type(struct slot *s, const char *bytes, size_t n)
{
	slot_put_text(&s->link.out, FRAME_TYPED, bytes, n);
	slot_flush(s);
}

void slot_resize(struct slot *s, uint16_t rows, uint16_t columns)
{
	slot_put_size(&s->link.out, rows, columns);
	slot_flush(s);
}

void slot_continue(struct slot *s)
{
	slot_put_word(&s->link.out, FRAME_CONTINUE);
	slot_flush(s);
}

void slot_listen(struct slot *s, bool listens)
{
	if (s->link.fd < 0)
		return;
	port_want_in(&s->port, listens);
	if (listens && !s->is_idle)
		vigil_start(&s->vigil);
	else
		vigil_stop(&s->vigil); /* its answers would not be read */
}

pid_t slot_pid(const struct slot *s)
{
	return s->child.pid;
}

bool slot_measure(const struct slot *s, struct job_load *ret)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct proc_tree tree = {0};
	struct proc_stat st;

	*ret = (struct job_load){0};
	if (s->is_idle || s->child.pid == 0)
		return false;
	proc_tree_read_below(&tree, s->child.pid);
	for (size_t i = 0; i < tree.n; i++) {
		if (!proc_stat_read(tree.at[i].pid, &st) || st.state == 'Z')
			continue; /* it has ended, or is a zombie */
		ret->n_processes++;
		if (st.rss_pages > 0) /* the kernel is slow to count what a new one takes */
			ret->rss_bytes += (uint64_t)st.rss_pages * page;
	}
	proc_tree_done(&tree);
	return ret->n_processes > 0;
}
