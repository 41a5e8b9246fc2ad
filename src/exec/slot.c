/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of a slot. */
#include "exec/slot.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "exec/needs.h"
#include "exec/slot_wire.h"
#include "exec/tree.h"
#include "io/port.h"

extern char **environ;

enum { READ_SIZE = 8 * 1024 };

/* Longer than a slot needs, from KILL on, until it calls a process unkillable. */
static const double patience_s = 8;

struct slot {
	struct list link; /* in its family */
	struct list *family;
	struct ev_loop *loop;
	const struct slot_handler *handler;
	void *ctx;
	struct proc proc; /* pid 0: reaped */
	struct port port;
	ev_timer late; /* it was told to kill its job, and says nothing */
	double default_grace_s, grace_s;
	struct str in, out;
	size_t out_sent;
	const struct job_rules *rules[SLOT_RULES]; /* what the process has, by place */
	uint32_t number;
	bool is_idle;
};

static void forget_process(struct slot *s)
{
	port_stop(&s->port);
	ev_timer_stop(s->loop, &s->late);
	closep(&s->proc.fd);
}

/* The socket is closed already, so that it is about to end, if it has not. */
static int reap(struct slot *s)
{
	int status = 0;

	while (s->proc.pid && waitpid(s->proc.pid, &status, 0) < 0 && errno == EINTR)
		;
	s->proc.pid = 0;
	return status;
}

/* What this one left is ours now, what others have is theirs. */
static void reap_strays(const struct slot *s)
{
	pid_t *known = NULL;
	size_t n = 0;

	if (s->family)
		list_for_each (it, s->family) {
			const struct slot *other = list_entry(it, struct slot, link);

			known = xreallocarray(known, n + 1, sizeof(*known));
			if (other->proc.pid)
				known[n++] = other->proc.pid;
		}
	exec_reap_strays(known, n);
	free(known);
}

static void die(struct slot *s)
{
	pid_t pid = s->proc.pid;
	char why[96];
	int status;

	forget_process(s);
	status = reap(s);
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "the slot that ran it (pid %d) died: signal %d",
			 (int)pid, WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "the slot that ran it (pid %d) ended: exit status %d",
			 (int)pid, WEXITSTATUS(status));
	reap_strays(s);
	s->handler->died(s, s->ctx, why);
}

/* What the socket does not take now goes when it can. */
static void flush(struct slot *s)
{
	while (s->out_sent < s->out.len) {
		ssize_t n = send(s->proc.fd, s->out.s + s->out_sent, s->out.len - s->out_sent,
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
	flush(container_of(p, struct slot, port));
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

	if (s->is_idle)
		return false;
	if (type == FRAME_SAID || type == FRAME_STOPPED)
		return take_terminal_frame(s, type, w);
	if (type != FRAME_RESULT)
		return false;
	is_good = slot_take_result(w, &result, &measures);
	if (is_good) {
		s->is_idle = true;
		ev_timer_stop(s->loop, &s->late);
		s->handler->ended(s, s->ctx, &result);
	}
	slot_measures_done(&measures);
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

static void on_slot_readable(struct port *p)
{
	struct slot *s = container_of(p, struct slot, port);
	ssize_t n = read(s->proc.fd, str_reserve(&s->in, READ_SIZE), READ_SIZE);

	if (n < 0 && !port_is_end(n, errno))
		return;
	if (n > 0) {
		s->in.len += (size_t)n;
		if (take_frames(s))
			return;
		kill(s->proc.pid, SIGKILL);
	}
	die(s);
}

/* Stuck or stopped: what it leaves is killed when it is reaped. */
static void on_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct slot *s = w->data;

	(void)loop;
	(void)revents;
	kill(s->proc.pid, SIGKILL);
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
	if (sendmsg(s->proc.fd, &m, MSG_NOSIGNAL) != 1)
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
	flush(s);
	return 0;
}

struct slot *slot_new(struct ev_loop *loop, const struct slot_options *options,
		      const struct slot_handler *handler, void *ctx, struct error *err)
{
	struct slot *s = xcalloc(1, sizeof(*s));

	if (proc_start("dvs-slot", "__slot", &s->proc, err) < 0) {
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
	port_init(&s->port, loop, s->proc.fd, on_slot_readable, on_slot_writable);
	ev_init(&s->late, on_late);
	s->default_grace_s = options->default_grace_s;
	s->late.data = s;
	port_want_in(&s->port, true);
	if (greet(s, options, err) == 0)
		return s;
	slot_free(s);
	return NULL;
}

void slot_close(struct slot *s)
{
	assert(s->is_idle);
	if (s->proc.fd >= 0)
		shutdown(s->proc.fd, SHUT_WR);
}

void slot_free(struct slot *s)
{
	if (!s)
		return;
	if (s->family)
		list_remove(&s->link);
	forget_process(s);
	reap(s);
	str_done(&s->in);
	str_done(&s->out);
	free(s);
}

/* The place of rules in the slot; sends them if another kind's stand there. */
static uint32_t place_rules(struct slot *s, const struct job_rules *rules)
{
	uint32_t place = (uint32_t)(((uintptr_t)rules >> 4) * 2654435761u) % SLOT_RULES;

	if (s->rules[place] != rules) {
		slot_put_rules(&s->out, place, rules);
		s->rules[place] = rules;
	}
	return place;
}

void slot_run(struct slot *s, const struct job_spec *spec, uint32_t attempt, const char *const *env,
	      const struct job_needs *needs)
{
	assert(s->is_idle);
	s->is_idle = false;
	s->grace_s = spec->rules->grace_s >= 0 ? spec->rules->grace_s : s->default_grace_s;
	if (needs)
		needs_put(&s->out, FRAME_NEEDS, needs);
	slot_put_run(&s->out, place_rules(s, spec->rules), spec, attempt, env);
	flush(s);
}

void slot_kill(struct slot *s, bool now, enum job_reason reason)
{
	if (s->is_idle || s->proc.fd < 0)
		return;
	slot_put_kill(&s->out, now, reason);
	flush(s);
	ev_timer_stop(s->loop, &s->late);
	ev_timer_set(&s->late, (now ? 0 : s->grace_s) + patience_s, 0);
	ev_timer_start(s->loop, &s->late);
}

void slot_pause(struct slot *s, bool is_paused)
{
	if (s->proc.fd < 0)
		return;
	slot_put_pause(&s->out, is_paused);
	flush(s);
}

void slot_give_terminal(struct slot *s, const struct slot_terminal *terminal)
{
	slot_put_terminal(&s->out, terminal);
	flush(s);
}

void slot_type(struct slot *s, const char *bytes, size_t n)
{
	slot_put_text(&s->out, FRAME_TYPED, bytes, n);
	flush(s);
}

void slot_resize(struct slot *s, uint16_t rows, uint16_t columns)
{
	slot_put_size(&s->out, rows, columns);
	flush(s);
}

void slot_continue(struct slot *s)
{
	slot_put_word(&s->out, FRAME_CONTINUE);
	flush(s);
}

void slot_listen(struct slot *s, bool listens)
{
	if (s->proc.fd < 0)
		return;
	port_want_in(&s->port, listens);
}

bool slot_is_idle(const struct slot *s)
{
	return s->is_idle && s->proc.fd >= 0;
}

pid_t slot_pid(const struct slot *s)
{
	return s->proc.pid;
}

bool slot_measure(const struct slot *s, struct job_load *ret)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct tree tree = {0};
	struct proc_stat st;

	*ret = (struct job_load){0};
	if (s->is_idle || s->proc.pid == 0)
		return false;
	tree_read_below(&tree, s->proc.pid);
	for (size_t i = 0; i < tree.n; i++) {
		if (!proc_stat_read(tree.at[i].pid, &st) || st.rss_pages <= 0)
			continue; /* gone by now, or a zombie */
		ret->n_processes++;
		ret->rss_bytes += (uint64_t)st.rss_pages * page;
	}
	tree_done(&tree);
	return ret->n_processes > 0;
}
