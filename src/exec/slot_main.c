/* SPDX-License-Identifier: Apache-2.0 */
/* The slot's process: frames in, one attempt at a time, results out. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/link.h"
#include "base/mem.h"
#include "base/numa.h"
#include "base/proc.h"
#include "base/proc_dir.h"
#include "exec/attempt.h"
#include "workspace/needs.h"

/* With more unsent output, no more is read, and an interactive job that writes has to wait. */
enum { UNSENT_MOST = 64 * 1024 };
enum { IS_LOST = 69, IS_CONFUSED = 70 };

struct slot_process {
	struct slot_hello hello;
	struct str hello_frame; /* what hello's strings point into */
	bool is_greeted;
	struct shared_rules rules[JOB_WIRE_PLACES];
	struct slot_host host;
	job_reader_find *find_reader;
	struct attempt attempt;
	struct link link; /* to the scheduler */
};

/* Signals that end a run and that came since the attempt began: bit n for signal n. */
static volatile sig_atomic_t ending_signals;

static void on_ending_signal(int signum)
{
	ending_signals |= 1 << signum;
}

/* Does nothing: SIGCHLD must only interrupt ppoll(). */
static void on_child(int signum)
{
	(void)signum;
}

/*
 * glibc's posix_spawn() leaves the two signals that glibc itself uses ignored, and its sigaction()
 * refuses to change them. For the kernel, all zero is SIG_DFL without flags.
 */
static void reset_hidden_signals(void)
{
	static const char none[64] __attribute__((aligned(16)));

	for (int signum = 32; signum < SIGRTMIN; signum++)
		syscall(SYS_rt_sigaction, signum, none, NULL, 8);
}

static void catch_ending_signals(void)
{
	static const int caught[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct sigaction act = {.sa_handler = on_ending_signal, .sa_flags = SA_RESTART};

	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		if (!proc_ignores(caught[i]))
			sigaction(caught[i], &act, NULL);
}

/* SIGCHLD is blocked except in ppoll(). */
static void set_signals(sigset_t *ret_waiting)
{
	struct sigaction act = {.sa_handler = on_child, .sa_flags = SA_RESTART};
	sigset_t blocked;

	reset_hidden_signals();
	catch_ending_signals();
	sigaction(SIGCHLD, &act, NULL);
	sigemptyset(ret_waiting);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* Jobs are killed first when memory is short: they inherit this value, at no cost per job. */
static void offer_to_oom(void)
{
	int fd = proc_dir_open("self/oom_score_adj", O_WRONLY);

	/* If this is not allowed, the order of kills is the kernel's. */
	if (fd >= 0 && write(fd, "500", 3) < 0)
		errno = 0;
	closep(&fd);
}

static _noreturn_ void slot_main_leave(struct slot_process *p, int status)
{
	struct cgroup_job *cgroup = &p->attempt.cgroup;

	pty_rescue_users(&p->attempt.pty);
	cgroup_job_kill(cgroup);
	slot_host_kill_all(&p->host);
	cgroup_job_end(cgroup);
	_exit(status);
}

static void slot_main_greet(struct slot_process *p, struct wire *w)
{
	struct wire copy;

	str_addn(&p->hello_frame, w->at, (size_t)(w->end - w->at));
	copy = (struct wire){p->hello_frame.s, p->hello_frame.s + p->hello_frame.len, true};
	if (p->is_greeted || !slot_take_hello(&copy, &p->hello))
		slot_main_leave(p, IS_CONFUSED);
	numa_pin(p->hello.cpus, p->hello.numa);
	slot_host_init(&p->host, &p->hello, p->find_reader, &ending_signals);
	p->is_greeted = true;
}

static void take_kill(struct slot_process *p, struct wire *w)
{
	enum job_reason reason;
	bool now;

	if (!slot_take_kill(w, &now, &reason))
		slot_main_leave(p, IS_CONFUSED);
	if (p->attempt.phase != ATTEMPT_NONE && !attempt_is_over(&p->attempt))
		attempt_kill(&p->attempt, now, reason);
}

static void take_pause(struct slot_process *p, struct wire *w)
{
	bool is_paused;

	if (!slot_take_pause(w, &is_paused))
		slot_main_leave(p, IS_CONFUSED);
	slot_host_pause(&p->host, is_paused);
}

/* ---- of interactive jobs ---- */

static void take_terminal(struct slot_process *p, struct wire *w)
{
	struct slot_terminal terminal;

	if (!slot_take_terminal(w, &terminal))
		slot_main_leave(p, IS_CONFUSED);
	slot_host_set_terminal(&p->host, &terminal);
}

static void take_typed(struct slot_process *p, struct wire *w)
{
	size_t n;
	const char *bytes = wire_bytes(w, &n);

	if (!w->ok)
		slot_main_leave(p, IS_CONFUSED);
	pty_type(&p->attempt.pty, bytes, n);
}

static void take_size(struct slot_process *p, struct wire *w)
{
	unsigned rows, columns;

	if (!slot_take_size(w, &rows, &columns))
		slot_main_leave(p, IS_CONFUSED);
	pty_resize(&p->attempt.pty, rows, columns);
}

/* Frames that come after the job's end have no effect. */
static void take_terminal_frame(struct slot_process *p, uint8_t type, struct wire *w)
{
	if (type == FRAME_TERMINAL)
		take_terminal(p, w);
	else if (type == FRAME_TYPED)
		take_typed(p, w);
	else if (type == FRAME_SIZE)
		take_size(p, w);
	else if (type == FRAME_CONTINUE)
		attempt_continue(&p->attempt);
	else
		slot_main_leave(p, IS_CONFUSED);
}

/* Sends as much as the socket takes; the rest is sent later. */
static void slot_main_flush(struct slot_process *p)
{
	if (link_flush(&p->link) == LINK_LOST)
		slot_main_leave(p, IS_LOST);
}

static void pass_on_shortage(struct slot_process *p)
{
	struct attempt *a = &p->attempt;

	if (a->news.shortage) {
		slot_put_short(&p->link.out, a->news.shortage);
		a->news.shortage = 0;
		a->news.is_short = true;
	} else if (a->news.is_short && a->phase != ATTEMPT_RETRY_LAUNCH) {
		slot_put_word(&p->link.out, FRAME_LAUNCHED);
		a->news.is_short = false;
	}
}

static void slot_main_pass_on(struct slot_process *p)
{
	struct str *said[] = {&p->attempt.pty.said, &p->attempt.shown.text};

	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		if (said[i]->len)
			slot_put_text(&p->link.out, FRAME_SAID, said[i]->s, said[i]->len);
		str_clear(said[i]);
	}
	if (p->attempt.news.has_stopped)
		slot_put_word(&p->link.out, FRAME_STOPPED);
	p->attempt.news.has_stopped = false;
	pass_on_shortage(p);
}

/* ---- the loop ---- */

static void take_frame(struct slot_process *p, uint8_t type, struct wire *w)
{
	if (type != FRAME_HELLO && !p->is_greeted)
		slot_main_leave(p, IS_CONFUSED);
	switch (type) {
	case FRAME_HELLO:
		slot_main_greet(p, w);
		break;
	case FRAME_RULES:
		if (!shared_rules_take(p->rules, w, p->hello.env))
			slot_main_leave(p, IS_CONFUSED);
		break;
	case FRAME_NEEDS:
		if (!needs_take(&p->attempt.ask.needs, w))
			slot_main_leave(p, IS_CONFUSED);
		break;
	case FRAME_RUN:
		if (p->attempt.phase != ATTEMPT_NONE)
			slot_main_leave(p, IS_CONFUSED);
		attempt_start(&p->attempt, p->rules, w);
		break;
	case FRAME_KILL:
		take_kill(p, w);
		break;
	case FRAME_PAUSE:
		take_pause(p, w);
		break;
	case FRAME_PING:
		slot_put_word(&p->link.out, FRAME_ALIVE);
		slot_main_flush(p);
		break;
	default:
		take_terminal_frame(p, type, w);
	}
}

static void slot_main_take_frames(struct slot_process *p)
{
	struct wire w;
	uint8_t type;
	int rc;

	while ((rc = link_next(&p->link, &type, &w)) > 0)
		take_frame(p, type, &w);
	if (rc < 0)
		slot_main_leave(p, IS_CONFUSED);
}

static void read_frames(struct slot_process *p)
{
	enum link_result state = link_read(&p->link, LINK_NOW);

	if (link_is_end(state)) /* the scheduler is gone: the job is killed at once */
		slot_main_leave(p, state == LINK_END ? 0 : IS_LOST);
	/* Descriptors are sent to stay open until this process ends. */
	while (link_take_descriptor(&p->link) >= 0)
		;
	if (state == LINK_OK)
		slot_main_take_frames(p);
}

static void slot_main_report(struct slot_process *p)
{
	bool is_stuck = attempt_is_stuck(&p->attempt);

	slot_main_pass_on(p);
	slot_put_result(&p->link.out, &p->attempt.outcome.result);
	if (link_send(&p->link) < 0)
		slot_main_leave(p, IS_LOST);
	attempt_clear(&p->attempt);
	if (is_stuck) /* a process that cannot be killed must not count as one of the next job */
		_exit(0);
}

static const struct timespec *slot_main_until(double at, struct timespec *ret)
{
	double left = at - clock_now(clock_real());

	if (!isfinite(at))
		return NULL;
	if (left < 0)
		left = 0;
	ret->tv_sec = (time_t)left;
	ret->tv_nsec = (long)((left - floor(left)) * 1e9);
	return ret;
}

enum { SOCKET, TERMINAL, N_POLLED };

static void wait_for_more(struct slot_process *p, const sigset_t *waiting)
{
	struct pty *pty = &p->attempt.pty;
	size_t n_unsent = link_unsent(&p->link);
	struct pollfd fds[N_POLLED] = {
		[SOCKET] = {.fd = PROC_SOCKET_FD,
			    .events = (short)(POLLIN | (n_unsent ? POLLOUT : 0))},
		[TERMINAL] = {.fd = pty->master, .events = pty_events(pty, n_unsent < UNSENT_MOST)},
	};
	struct timespec left;
	int n;
	bool has_terminal = pty->master >= 0;

	p->attempt.shown.is_blocked = n_unsent >= UNSENT_MOST;
	n = ppoll(fds, N_POLLED, slot_main_until(attempt_wake_at(&p->attempt), &left), waiting);

	if (n > 0 && (fds[SOCKET].revents & ~POLLOUT))
		read_frames(p);
	if (n > 0 && (fds[SOCKET].revents & POLLOUT))
		slot_main_flush(p);
	if (n > 0 && fds[TERMINAL].revents)
		pty_step(pty, p->attempt.log.fd);
	/* A job that writes without end must not delay what is due. */
	if (n <= 0 || has_terminal)
		attempt_step(&p->attempt);
	if (attempt_is_over(&p->attempt))
		return;
	slot_main_pass_on(p);
	slot_main_flush(p);
}

/* All output is sent before the result. true: it was. */
static bool show_rest(struct slot_process *p)
{
	bool is_all;

	p->attempt.shown.is_blocked = link_unsent(&p->link) >= UNSENT_MOST;
	is_all = attempt_show_rest(&p->attempt);
	if (!is_all) {
		slot_main_pass_on(p);
		slot_main_flush(p);
	}
	return is_all;
}

int slot_main(job_reader_find *find)
{
	struct slot_process *p = xcalloc(1, sizeof(*p));
	sigset_t waiting;

	link_init(&p->link, PROC_SOCKET_FD, LINK_DESCRIPTORS);
	attempt_init(&p->attempt, &p->host);
	p->find_reader = find;
	proc_become("dvs-slot");
	set_signals(&waiting);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	offer_to_oom();
	proc_close_to_others();
	for (;;) {
		wait_for_more(p, &waiting);
		if (attempt_is_over(&p->attempt) && show_rest(p))
			slot_main_report(p);
	}
}
