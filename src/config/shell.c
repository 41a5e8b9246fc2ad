/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command has ended when its output has ended and its shell has exited, in any order. Each
 * command has its own process group, so that one signal kills all its processes, and so that only
 * dvsched gets the SIGINT of the terminal; cfg_interrupt() then kills the commands.
 */
#include "config/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "config/config.h"
#include "config/text_command.h"
#include "config/text_filter.h"

/* Interval for checking a shell that has closed its output, if the kernel has no pidfds. */
enum { EXIT_POLL_MS = 5 };

struct shell {
	struct eval *eval;
	pid_t pid; /* 0: the place is free */
	int out;   /* read end of its output; -1: the output has ended */
	int pidfd; /* -1: none */
	double deadline;
	enum { CUT_NOT, CUT_TIME, CUT_OUTPUT, CUT_INTERRUPT } cut; /* why it was killed */
};

struct shells {
	struct shell_limits limits;
	size_t n; /* usable places */
	struct shell places[SHELLS_MOST];
	VEC(struct eval *) added; /* in the order added */
	size_t n_begun;		  /* those before it have a place, or have ended */
	size_t n_done;		  /* those before it have ended; later ones may have ended, too */
	struct text_regexes *regexes; /* NULL: all commands need a shell */
};

/* The process groups that run now. Global because cfg_interrupt() is called from
 * signal handlers. */
static _Atomic pid_t groups[SHELLS_MOST];
static atomic_bool is_interrupted;

void cfg_interrupt(void)
{
	int errnum = errno;

	atomic_store(&is_interrupted, true);
	for (size_t i = 0; i < SHELLS_MOST; i++) {
		pid_t group = atomic_load(&groups[i]);

		if (group)
			kill(-group, SIGKILL);
	}
	errno = errnum;
}

static _printf_(3, 4) void shell_fail(struct eval *v, int status, const char *fmt, ...)
{
	va_list ap;

	if (v->why)
		return;
	va_start(ap, fmt);
	v->why = xvasprintf(fmt, ap);
	va_end(ap);
	v->status = status ? status : 1;
}

static int shell_spawn(const char *cmd, int out, pid_t *ret_pid)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)cmd, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t defaults, none;
	int rc;

	proc_defaults_of_child(&defaults);
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
	rc = posix_spawn(ret_pid, "/bin/sh", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static void shell_start(struct shells *s, size_t place, struct eval *v)
{
	struct shell *sh = &s->places[place];
	int ends[2], rc;

	*sh = (struct shell){.eval = v, .out = -1, .pidfd = -1};
	if (pipe2(ends, O_CLOEXEC) < 0) {
		shell_fail(v, 1, "could not be started: %s", strerror(errno));
		return;
	}
	rc = shell_spawn(v->cmd, ends[1], &sh->pid);
	close(ends[1]);
	if (rc) {
		close(ends[0]);
		sh->pid = 0;
		shell_fail(v, 1, "could not be started: %s", strerror(rc));
		return;
	}
	atomic_store(&groups[place], sh->pid);
	if (atomic_load(&is_interrupted))
		kill(-sh->pid, SIGKILL); /* the handler ran before the group was stored */
	sh->out = ends[0];
	fcntl(sh->out, F_SETFL, O_NONBLOCK);
	sh->pidfd = proc_open_pidfd(sh->pid);
	sh->deadline = clock_now(clock_real()) + s->limits.timeout_s;
}

static void end_output(struct shell *sh)
{
	closep(&sh->out);
	sh->out = -1;
}

static void shell_cut_output(struct shell *sh, int why)
{
	if (sh->cut)
		return;
	sh->cut = why;
	kill(-sh->pid, SIGKILL);
	end_output(sh); /* a process that left the group may keep it open */
}

static void read_output(struct shells *s, struct shell *sh)
{
	struct str *out = &sh->eval->out;
	ssize_t n;

	do {
		n = read(sh->out, str_reserve(out, 64 * 1024), 64 * 1024);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0 && out->len <= s->limits.output_most);
	out->s[out->len] = '\0';
	if (out->len > s->limits.output_most)
		shell_cut_output(sh, CUT_OUTPUT);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end_output(sh);
}

/* Replaces CRLF and CR by LF, as Python does in DVSim, and drops one LF at the end. */
static void shell_tidy(struct str *out)
{
	size_t to = 0;

	for (size_t i = 0; i < out->len; i++) {
		if (out->s[i] == '\r' && i + 1 < out->len && out->s[i + 1] == '\n')
			continue;
		out->s[to++] = out->s[i] == '\r' ? '\n' : out->s[i];
	}
	if (to && out->s[to - 1] == '\n')
		to--;
	out->len = to;
	str_add(out, "");
}

static void shell_finish(struct eval *v)
{
	str_add(&v->out, "");
	v->is_done = true;
}

static void judge_cut(struct eval *v, int why, const struct shell_limits *limits)
{
	if (why == CUT_TIME)
		shell_fail(v, 1, "took longer than %g s", limits->timeout_s);
	else if (why == CUT_OUTPUT)
		shell_fail(v, 1, "printed more than %zu bytes", limits->output_most);
	else
		shell_fail(v, 130, "was interrupted");
}

static void shell_judge(struct eval *v, int status)
{
	if (WIFSIGNALED(status))
		shell_fail(v, 128 + WTERMSIG(status), "was ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		shell_fail(v, WEXITSTATUS(status), "exited with status %d", WEXITSTATUS(status));
	else if (strlen(v->out.s) != v->out.len)
		shell_fail(v, 1, "printed a NUL byte");
	else if (utf8_first_bad(v->out.s, v->out.len) != v->out.len)
		shell_fail(v, 1, "printed bytes that are not UTF-8");
}

/* true: the command has ended, its result is set, and its place is free. The shell is reaped last,
 * because its pid reserves the number of the process group. */
static bool has_ended(struct shells *s, size_t place)
{
	struct shell *sh = &s->places[place];
	siginfo_t end = {0};
	int status;

	if (sh->out >= 0)
		return false;
	if (waitid(P_PID, (id_t)sh->pid, &end, WEXITED | WNOHANG | WNOWAIT) < 0 || !end.si_pid)
		return false;
	if (sh->cut)
		kill(-sh->pid, SIGKILL);
	atomic_store(&groups[place], 0);
	while (waitpid(sh->pid, &status, 0) < 0 && errno == EINTR)
		;
	shell_tidy(&sh->eval->out);
	if (atomic_load(&is_interrupted))
		sh->cut = CUT_INTERRUPT;
	if (sh->cut)
		judge_cut(sh->eval, (int)sh->cut, &s->limits);
	else
		shell_judge(sh->eval, status);
	closep(&sh->pidfd);
	sh->pid = 0;
	shell_finish(sh->eval);
	return true;
}

/* How long poll() may wait for this shell, in ms. */
static int shell_wait_ms(const struct shell *sh, double now)
{
	double left = (sh->deadline - now) * 1000 + 1;

	if (sh->out < 0 && sh->pidfd < 0)
		return EXIT_POLL_MS;
	if (sh->cut || left > 1e6)
		return 1000 * 1000;
	return left > 0 ? (int)left : 0;
}

/* How long poll() may wait for all shells: until the first deadline. */
static int shells_wait_ms(const struct shells *s)
{
	double now = clock_now(clock_real());
	int wait_ms = 1000 * 1000;

	for (size_t i = 0; i < s->n; i++) {
		int ms = s->places[i].pid ? shell_wait_ms(&s->places[i], now) : wait_ms;

		if (ms < wait_ms)
			wait_ms = ms;
	}
	return wait_ms;
}

/* Reads the output of all shells; first waits up to wait_ms for it. */
static void shells_read_output(struct shells *s, int wait_ms)
{
	struct pollfd fds[SHELLS_MOST];

	for (size_t i = 0; i < s->n; i++) {
		struct shell *sh = &s->places[i];

		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
		if (sh->pid)
			fds[i].fd = sh->out >= 0 ? sh->out : sh->pidfd;
	}
	if (poll(fds, s->n, wait_ms) <= 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (fds[i].revents && fds[i].fd == s->places[i].out)
			read_output(s, &s->places[i]);
}

/* Handles commands that have ended, and kills those that timed out or were interrupted. */
static void shells_check(struct shells *s)
{
	double now = clock_now(clock_real());

	for (size_t i = 0; i < s->n; i++) {
		struct shell *sh = &s->places[i];

		if (!sh->pid || has_ended(s, i))
			continue;
		if (atomic_load(&is_interrupted))
			shell_cut_output(sh, CUT_INTERRUPT);
		else if (now >= sh->deadline)
			shell_cut_output(sh, CUT_TIME);
	}
	while (s->n_done < s->n_begun && s->added.at[s->n_done]->is_done)
		s->n_done++;
}

/* Starts v in a free place, or runs it without a shell. */
static void shell_begin(struct shells *s, size_t place, struct eval *v)
{
	if (atomic_load(&is_interrupted))
		shell_fail(v, 130, "was not run: interrupted");
	else if (s->regexes && text_command_run(v->cmd, s->regexes, &v->out))
		shell_tidy(&v->out);
	else
		shell_start(s, place, v);
	if (!s->places[place].pid)
		shell_finish(v);
}

static void shell_fill(struct shells *s)
{
	for (size_t i = 0; i < s->n && s->n_begun < s->added.n; i++)
		while (!s->places[i].pid && s->n_begun < s->added.n)
			shell_begin(s, i, s->added.at[s->n_begun++]);
}

static bool are_all_free(const struct shells *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->places[i].pid)
			return false;
	return true;
}

void shells_turn(struct shells *s)
{
	if (!are_all_free(s)) {
		shells_read_output(s, 0);
		shells_check(s);
	}
	shell_fill(s);
}

void shells_wait(struct shells *s, size_t n)
{
	for (;;) {
		shell_fill(s);
		shells_check(s);
		if (s->n_done >= n)
			return;
		if (!are_all_free(s))
			shells_read_output(s, shells_wait_ms(s));
	}
}

void shells_add(struct shells *s, struct eval *v)
{
	vec_push(&s->added, v);
	shells_turn(s);
}

struct shells *shells_new(const struct shell_limits *limits)
{
	struct shells *s = xcalloc(1, sizeof(*s));

	s->limits = *limits;
	s->n = limits->at_once < SHELLS_MOST ? limits->at_once : SHELLS_MOST;
	if (text_tools_are_usual())
		s->regexes = text_regexes_new();
	return s;
}

void shells_free(struct shells *s)
{
	if (!s)
		return;
	s->added.n = s->n_begun;
	for (size_t i = 0; i < s->n; i++)
		if (s->places[i].pid)
			shell_cut_output(&s->places[i], CUT_INTERRUPT);
	shells_wait(s, s->added.n);
	vec_done(&s->added);
	text_regexes_free(s->regexes);
	free(s);
}
