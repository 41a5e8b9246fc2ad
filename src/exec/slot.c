/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of a slot. */
#include "exec/slot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "workspace/needs.h"
#include "exec/slot_parts.h"
#include "base/proc_tree.h"

extern char **environ;

enum { READ_SIZE = 8 * 1024 };

/* What the socket does not take now goes when it can. */
void slot_flush(struct slot *s)
{
	while (s->out_sent < s->out.len) {
		ssize_t n = send(s->fd, s->out.s + s->out_sent, s->out.len - s->out_sent,
				 MSG_NOSIGNAL);

		if (n >= 0)
			s->out_sent += (size_t)n;
		else if (port_may_send_again(&s->port, errno))
			return;
		else
			break; /* a dead slot is noticed by reading */
	}
	port_want_out(&s->port, false);
	str_clear(&s->out);
	s->out_sent = 0;
}

static void on_slot_writable(struct port *p)
{
	slot_flush(container_of(p, struct slot, port));
}

static bool take_terminal_frame(struct slot *s, uint8_t type, struct wire *w)
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

/* false: not what a slot says. */
static bool take_frame(struct slot *s, uint8_t type, struct wire *w)
{
	struct job_measures measures = {0};
	struct job_result result;
	bool is_good;

	if (type == FRAME_ALIVE) { /* its job may have ended meanwhile */
		vigil_answered(&s->vigil);
		return true;
	}
	if (s->is_idle)
		return false;
	if (type == FRAME_SAID || type == FRAME_STOPPED)
		return take_terminal_frame(s, type, w);
	if (type == FRAME_SHORT || type == FRAME_LAUNCHED) {
		if (s->handler->is_short)
			s->handler->is_short(s, s->ctx, type == FRAME_SHORT);
		return true;
	}
	if (type != FRAME_RESULT)
		return false;
	is_good = job_wire_take_result(w, &result, &measures);
	if (is_good) {
		s->is_idle = true;
		s->kill_reason = REASON_NONE;
		vigil_stop(&s->vigil);
		s->end_within_s = 0;
		child_expect_nothing(&s->child);
		s->handler->ended(s, s->ctx, &result);
	}
	job_wire_measures_done(&measures);
	return is_good;
}

static bool take_frames(struct slot *s)
{
	size_t at = 0, size;
	struct wire w;
	uint8_t type;
	int rc;

	while ((rc = wire_next(s->in.s + at, s->in.len - at, &type, &w, &size)) > 0) {
		at += size;
		if (!take_frame(s, type, &w))
			return false;
	}
	s->in.len -= at;
	memmove(s->in.s, s->in.s + at, s->in.len);
	return rc == 0;
}

/* 1: read something; 0: nothing there; -1: the end. */
int slot_read(struct slot *s)
{
	ssize_t n = read(s->fd, str_reserve(&s->in, READ_SIZE), READ_SIZE);

	if (port_is_end(n, errno)) {
		s->is_eof = true;
		return -1;
	}
	if (n < 0)
		return 0;
	s->in.len += (size_t)n;
	if (take_frames(s))
		return 1;
	s->is_eof = true;
	slot_kill_for(s, "said what no slot says");
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

/* Some of the descriptors with one byte of what is to be sent. */
static int send_kept(struct slot *s, const int *fds, size_t n)
{
	union {
		char room[CMSG_SPACE(SLOT_DESCRIPTORS * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec byte = {.iov_base = s->out.s + s->out_sent, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	if (sendmsg(s->fd, &m, MSG_NOSIGNAL) != 1)
		return -1;
	s->out_sent++;
	return 0;
}

static int greet(struct slot *s, const struct slot_options *options, struct error *err)
{
	slot_put_hello(&s->out, options, (const char *const *)environ);
	for (size_t i = 0; i < options->n_kept; i += SLOT_DESCRIPTORS) {
		size_t n = options->n_kept - i;

		if (send_kept(s, options->kept + i, n < SLOT_DESCRIPTORS ? n : SLOT_DESCRIPTORS) <
		    0)
			return error_sys(err, errno, "cannot hand descriptors to dvs-slot");
	}
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
	list_init(&s->link);
	s->family = options->family;
	if (s->family)
		list_append(s->family, &s->link);
	s->loop = loop;
	s->handler = handler;
	s->ctx = ctx;
	s->number = options->number;
	s->is_idle = true;
	s->fd = proc.fd;
	child_init(&s->child, loop, proc.pid, slot_on_end);
	s->usual = s->limits = options->limits ? *options->limits : vigil_limits_default;
	vigil_init(&s->vigil, loop, proc.pid, &s->limits, &slot_vigil);
	port_init(&s->port, loop, s->fd, on_slot_readable, on_slot_writable);
	s->default_grace_s = options->default_grace_s;
	port_want_in(&s->port, true);
	if (greet(s, options, err) == 0)
		return s;
	slot_free(s);
	return NULL;
}

void slot_run(struct slot *s, const struct job_spec *spec, uint32_t attempt, const char *const *env,
	      const struct job_needs *needs)
{
	uint32_t place;

	assert(s->is_idle);
	s->is_idle = false;
	s->job_id = spec->id;
	s->fault = NULL;
	s->grace_s = spec->rules->grace_s >= 0 ? spec->rules->grace_s : s->default_grace_s;
	if (needs)
		needs_put(&s->out, FRAME_NEEDS, needs);
	place = job_wire_place_rules(&s->places, &s->out, FRAME_RULES, spec->rules);
	slot_put_run(&s->out, place, spec, attempt, env);
	slot_flush(s);
	s->limits = s->usual;
	if (spec->rules->timeout_s > 0 && !spec->rules->is_interactive)
		vigil_shorten(&s->limits, spec->rules->timeout_s + s->grace_s + slot_patience_s);
	vigil_start(&s->vigil);
}

void slot_kill(struct slot *s, bool now, enum job_reason reason)
{
	if (s->is_idle || s->fd < 0)
		return;
	slot_put_kill(&s->out, now, reason);
	slot_flush(s);
	s->kill_reason = reason;
	s->fault = "did not end its job when it was told to";
	s->end_within_s = (now ? 0 : s->grace_s) + slot_patience_s;
	child_expect_end(&s->child, s->end_within_s);
}

void slot_pause(struct slot *s, bool is_paused)
{
	if (s->fd < 0)
		return;
	slot_put_pause(&s->out, is_paused);
	slot_flush(s);
	if (is_paused)
		child_expect_nothing(&s->child);
	else if (s->end_within_s > 0)
		child_expect_end(&s->child, s->end_within_s);
}

void slot_give_terminal(struct slot *s, const struct slot_terminal *terminal)
{
	slot_put_terminal(&s->out, terminal);
	slot_flush(s);
}

void slot_type(struct slot *s, const char *bytes, size_t n)
{
	slot_put_text(&s->out, FRAME_TYPED, bytes, n);
	slot_flush(s);
}

void slot_resize(struct slot *s, uint16_t rows, uint16_t columns)
{
	slot_put_size(&s->out, rows, columns);
	slot_flush(s);
}

void slot_continue(struct slot *s)
{
	slot_put_word(&s->out, FRAME_CONTINUE);
	slot_flush(s);
}

void slot_listen(struct slot *s, bool listens)
{
	if (s->fd < 0)
		return;
	port_want_in(&s->port, listens);
	if (listens && !s->is_idle)
		vigil_start(&s->vigil);
	else
		vigil_stop(&s->vigil); /* its answers would not be read */
}

bool slot_is_idle(const struct slot *s)
{
	return s->is_idle && s->fd >= 0;
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
		if (!proc_stat_read(tree.at[i].pid, &st) || st.rss_pages <= 0)
			continue; /* gone by now, or a zombie */
		ret->n_processes++;
		ret->rss_bytes += (uint64_t)st.rss_pages * page;
	}
	proc_tree_done(&tree);
	return ret->n_processes > 0;
}
