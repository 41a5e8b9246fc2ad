/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/proc_dir.h"
#include "base/term_mode.h"
#include "cli/load/load.h"
#include "config/config.h"
#include "exec/cgroup_run.h"
#include "exec/slot.h"
#include "io/child.h"
#include "run/results.h"

/* How long a scheduler may be silent after the deadline, in addition to the grace. */
static const double patience_s = 10;
/* How long a scheduler may take to answer a signal that ends the run. */
static const double answer_s = 30;
/* How long to wait for the scheduler after SIGKILL. */
static const double give_up_s = 5;
/* Limits of the child that writes the results: its file system may hang. */
static const struct vigil_limits results_limits = {
	.look_s = 1,
	.stopped_looks = 3,
	.continues = 3,
	.warn_s = 1e9,
	.kill_s = 10,
};

/* The user's terminal with its modes at the start, to restore it if the scheduler dies. */
struct terminal {
	int fd; /* -1: none */
	struct termios modes;
};

static void terminal_note(struct terminal *t)
{
	for (t->fd = STDERR_FILENO; t->fd >= 0; t->fd--)
		if (tcgetattr(t->fd, &t->modes) == 0)
			return;
}

static void terminal_restore(const struct terminal *t)
{
	if (t->fd >= 0 && term_is_foreground(t->fd))
		tcsetattr(t->fd, TCSANOW, &t->modes);
}

/* Of the run, for both processes; NULL: none. */
static const char *cgroups;

/* The guardian's view of the scheduler. */
struct watch {
	pid_t pid;
	struct terminal terminal;
	int fd; /* socket to the scheduler; -1: closed */
	int signal_fd;
	double deadline; /* INFINITY: none */
	double silent_since;
	double asked_at; /* when it was sent a signal that it has not answered yet; 0: none */
	int asked_signal;
	bool is_past, was_killed, is_given_up;
	double killed_at;
	char path[PATH_MAX];
	size_t path_len;
	bool has_path;
};

/* Reads from the scheduler. Bytes before the newline are the path of the run, later ones are signs
 * of life. */
static void read_scheduler(struct watch *w)
{
	char buf[512];
	ssize_t n = read(w->fd, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno_is_shortage(errno)))
		return; /* poll() asks again */
	if (n <= 0) {
		closep(&w->fd);
		return;
	}
	w->silent_since = clock_now(clock_real());
	w->asked_at = w->asked_signal = 0;
	for (ssize_t i = 0; i < n && !w->has_path; i++) {
		w->has_path = buf[i] == '\n';
		if (!w->has_path && w->path_len + 1 < sizeof(w->path))
			w->path[w->path_len++] = buf[i];
	}
}

static bool send_word(const struct watch *w, char word)
{
	return w->fd >= 0 && send(w->fd, &word, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

static bool is_stop(int signum)
{
	return signum == SIGINT || signum == SIGTERM || signum == SIGHUP || signum == SIGQUIT;
}

/*
 * Passes on a signal that was sent to the guardian only; the scheduler gets signals of the terminal
 * directly. During a run the signal goes through the socket, so that the scheduler can distinguish
 * one signal to both processes from two signals.
 */
static void guard_pass_on(struct watch *w, const struct signalfd_siginfo *info)
{
	int signum = (int)info->ssi_signo;

	if (info->ssi_code > 0)
		return;
	if (!is_stop(signum) || !w->has_path || !send_word(w, (char)signum)) {
		kill(w->pid, signum);
	} else if (w->asked_at <= 0) {
		w->asked_at = clock_now(clock_real());
		w->asked_signal = signum;
	}
}

static bool has_stopped(pid_t pid)
{
	siginfo_t how = {0};

	return waitid(P_PID, (id_t)pid, &how, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       how.si_pid == pid;
}

/*
 * Ctrl-Z: the scheduler stops first, so that it has restored the terminal before the shell
 * continues. The deadline goes on, but stopped time is not silence of the scheduler.
 */
static void guard_suspend(struct watch *w)
{
	static const double patience_for_stop_s = 2;
	double began_s = clock_now(clock_real());
	struct timespec pause = {.tv_nsec = 2000000};

	while (!has_stopped(w->pid) && clock_now(clock_real()) < began_s + patience_for_stop_s)
		nanosleep(&pause, NULL);
	proc_stop(false);
	kill(w->pid, SIGCONT);
	w->silent_since += clock_now(clock_real()) - began_s;
	if (w->asked_at > 0)
		w->asked_at += clock_now(clock_real()) - began_s;
}

static void take_signals(struct watch *w)
{
	struct signalfd_siginfo info;

	while (read(w->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		guard_pass_on(w, &info);
		if (info.ssi_signo == SIGTSTP)
			guard_suspend(w);
	}
}

static void guard_kill(struct watch *w, double now, const char *what)
{
	w->was_killed = true;
	log_error("the scheduler (pid %d) does not answer %s: it is killed", (int)w->pid, what);
	kill(w->pid, SIGKILL);
	w->killed_at = now;
}

static void on_time(struct watch *w, double grace_s)
{
	double now = clock_now(clock_real());

	if (!w->is_past && now >= w->deadline) {
		w->is_past = true;
		w->silent_since = now;
		if (!send_word(w, GUARD_DEADLINE))
			log_debug("the scheduler has closed its socket");
	}
	if (w->is_past && !w->was_killed && now - w->silent_since > grace_s + patience_s) {
		guard_kill(w, now, "after the run deadline");
		w->asked_signal = 0;
	}
	if (w->asked_at > 0 && !w->was_killed && now - w->asked_at > answer_s)
		guard_kill(w, now, "the signal that ends the run");
	if (w->was_killed && now - w->killed_at > give_up_s) {
		w->is_given_up = true;
		log_error("the scheduler (pid %d) is still there after SIGKILL: the file system of "
			  "the run hangs",
			  (int)w->pid);
	}
}

/* Milliseconds until on_time() has something to do; -1: never. */
static int time_left(const struct watch *w)
{
	enum { PAST_MS = 500, MOST_MS = 3600 * 1000 };
	double left_s = w->deadline - clock_now(clock_real());

	if (w->is_past || w->asked_at > 0)
		return PAST_MS;
	if (isinf(left_s))
		return -1;
	return left_s <= 0 ? 0 : left_s < MOST_MS / 1000 ? (int)(left_s * 1000) + 1 : MOST_MS;
}

/* Waits for a signal, a message from the scheduler or the time, whichever comes first. */
static void wait_a_little(struct watch *w)
{
	struct pollfd p[] = {{w->signal_fd, POLLIN, 0}, {w->fd, POLLIN, 0}};

	if (poll(p, ARRAY_LEN(p), time_left(w)) <= 0)
		return;
	if (p[0].revents)
		take_signals(w);
	if (p[1].revents)
		read_scheduler(w);
}

/* After the death of the scheduler: completes the results from its journal. */
static _noreturn_ void recover_results(const struct watch *w, enum job_reason reason, int exit_code)
{
	struct error err = {0};

	if (results_recover(w->path, reason, exit_code, &err) < 0) {
		log_error("the results of %s could not be completed: %s", w->path, err.msg);
		error_done(&err);
	} else {
		log_info("results: %s/results.json", w->path);
	}
	_exit(0);
}

/* In a child, because the file system may hang. */
static int complete_results(const struct watch *w, enum job_reason reason, int exit_code)
{
	pid_t pid = w->has_path ? fork() : 0;
	struct child child;

	if (w->has_path && pid == 0)
		recover_results(w, reason, exit_code);
	if (pid <= 0)
		return exit_code;
	child_init(&child, NULL, pid, NULL);
	if (child_wait_while_alive(&child, &results_limits))
		return exit_code;
	log_error("the results of %s could not be completed: its file system hangs", w->path);
	kill(pid, SIGKILL);
	return exit_code;
}

static int lost_scheduler(const struct watch *w, int term_signal)
{
	bool is_from_outside = term_signal == SIGKILL || term_signal == SIGXCPU;

	if (is_stop(term_signal)) /* the scheduler handles it, so it ended as requested */
		return EXIT_BY_SIGNAL + term_signal;
	log_error("the scheduler (pid %d) was ended by signal %d (%s)", (int)w->pid, term_signal,
		  strsignal(term_signal));
	return complete_results(w, REASON_LOST, is_from_outside ? EXIT_INFRA : EXIT_OUR_BUG);
}

/* Returns waitpid()'s status of the scheduler. */
static int wait_for_scheduler(struct watch *w, double grace_s)
{
	int status;

	for (;;) {
		pid_t pid = waitpid(w->pid, &status, WNOHANG);

		if (pid == w->pid)
			return status;
		if (pid < 0 && errno == ECHILD)
			return SIGKILL; /* it is gone, and its status is not known */
		if (pid < 0 && errno == EINTR)
			continue; /* the signal about its end may have been read already */
		on_time(w, grace_s);
		if (w->is_given_up)
			return SIGKILL;
		wait_a_little(w);
	}
}

/* Kills all processes that are left when the scheduler has ended: slots, which end their jobs, and
 * jobs of dead slots. */
static int watch_until_end(struct watch *w, double grace_s)
{
	int status = wait_for_scheduler(w, grace_s);

	if (WIFSIGNALED(status))
		terminal_restore(&w->terminal);
	cgroup_run_kill(cgroups);
	exec_kill_descendants(w->is_given_up ? w->pid : 0);
	while (!w->is_given_up && w->fd >= 0 && !w->has_path)
		read_scheduler(w);
	if (w->was_killed && w->asked_signal)
		return complete_results(w, REASON_USER, EXIT_BY_SIGNAL + w->asked_signal);
	if (w->was_killed)
		return complete_results(w, REASON_RUN_DEADLINE, EXIT_DEADLINE);
	return WIFSIGNALED(status) ? lost_scheduler(w, WTERMSIG(status)) : WEXITSTATUS(status);
}

static int open_signals(sigset_t *ret_before)
{
	static const int ours[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT};
	sigset_t signals;
	unsigned n = 0;
	int fd;

	sigemptyset(&signals);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (!proc_ignores(ours[i])) /* a blocked signal is reported even if it is ignored */
			sigaddset(&signals, ours[i]);
	sigprocmask(SIG_BLOCK, &signals, ret_before);
	do
		fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	while (fd < 0 && errno_wait_out(&n));
	return fd;
}

/* ---- the scheduler's end ---- */

/* Kills the scheduler some time after the death of the guardian, even if the scheduler hangs. */
static timer_t fuse;
static pid_t guardian;
static volatile sig_atomic_t has_run;

static void on_guardian_gone(int signum)
{
	static const struct itimerspec most = {.it_value = {.tv_sec = GUARD_LOST_S}};

	(void)signum;
	if (getppid() == guardian)
		return;
	cfg_interrupt();
	if (has_run)
		timer_settime(fuse, 0, &most, NULL);
	else
		raise(SIGKILL);
}

static int begin_as_scheduler(pid_t parent)
{
	struct sigevent kill_us = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
	struct sigaction action = {.sa_handler = on_guardian_gone, .sa_flags = SA_RESTART};
	unsigned n = 0;

	guardian = parent;
	while (timer_create(CLOCK_MONOTONIC, &kill_us, &fuse) < 0)
		if (!errno_wait_out(&n))
			return -1;
	sigaction(SIGCONT, &action, NULL); /* SIGCONT reaches stopped processes, too */
	prctl(PR_SET_PDEATHSIG, SIGCONT);
	if (getppid() != guardian)
		raise(SIGKILL);
	return 0;
}

/* The guardian itself. */
static int guard_run(struct watch *w, double grace_s)
{
	int rc = watch_until_end(w, grace_s);

	closep(&w->fd);
	closep(&w->signal_fd);
	return rc;
}

static int socket_or_wait(int ends[2])
{
	unsigned n = 0;
	int rc;

	do
		rc = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
	while (rc < 0 && errno_wait_out(&n));
	return rc;
}

static pid_t fork_or_wait(void)
{
	unsigned n = 0;
	pid_t pid;

	do
		pid = fork();
	while (pid < 0 && errno_wait_out(&n));
	return pid;
}

static int cannot_split(const char *what)
{
	log_error("cannot start the run: %s: %s", what, strerror(errno));
	return EXIT_INFRA;
}

int guard_split(double deadline_in_s, double grace_s, const char *cgroup_dir, int *ret_exit)
{
	struct watch w = {.deadline = INFINITY};
	pid_t parent = getpid();
	sigset_t before;
	int ends[2];

	cgroups = cgroup_dir;
	if (deadline_in_s > 0)
		w.deadline = clock_now(clock_real()) + deadline_in_s;
	if (proc_dir_hold() < 0) {
		*ret_exit = cannot_split("/proc");
		return -1;
	}
	if (socket_or_wait(ends) < 0) {
		*ret_exit = cannot_split("no socket");
		return -1;
	}
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	w.signal_fd = open_signals(&before);
	w.pid = w.signal_fd < 0 ? -1 : fork_or_wait();
	if (w.pid == 0) {
		close(ends[0]);
		close(w.signal_fd);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (begin_as_scheduler(parent) == 0)
			return ends[1];
		*ret_exit = cannot_split("no timer");
		return -1;
	}
	close(ends[1]);
	w.fd = ends[0];
	if (w.pid < 0) {
		*ret_exit = cannot_split("cannot fork");
		return -1;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	terminal_note(&w.terminal);
	*ret_exit = guard_run(&w, grace_s);
	return -1;
}

void guard_set_path(int fd, const char *run_path)
{
	_cleanup_(freep) char *line = xasprintf("%s\n", run_path);

	has_run = 1;
	if (fd >= 0 && fs_write_all(fd, line, strlen(line)) < 0)
		log_debug("the guardian is gone");
}

void guard_show_life(int fd)
{
	if (fd >= 0 && write(fd, ".", 1) < 0)
		log_debug("the guardian is gone");
}

ssize_t guard_read(int fd, int *ret_word)
{
	char word;
	ssize_t n = read(fd, &word, 1);

	*ret_word = n == 1 ? word : 0;
	return n;
}

void guard_end_run(void)
{
	log_error("the guardian of the run (pid %d) was killed: the run ends, and its jobs are "
		  "killed",
		  (int)guardian);
	term_mode_rescue();
	cgroup_run_kill(cgroups);
	exec_kill_descendants(0);
	raise(SIGKILL);
	_exit(EXIT_INFRA);
}
