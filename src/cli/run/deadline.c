/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/deadline.h"

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
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/load/load.h"
#include "io/child.h"
#include "run/results.h"

static const struct src_pos nowhere;

/* Beyond the grace: how long a scheduler may be silent after the deadline. */
static const double patience_s = 10;
/* After SIGKILL: how long until it is left to the kernel. */
static const double give_up_s = 5;
/* Results are written by a child, as long as their file system lets it. */
static const struct vigil_limits results_limits = {
	.look_s = 1,
	.stopped_looks = 3,
	.continues = 3,
	.warn_s = 1e9,
	.kill_s = 10,
};

static bool parse_time_of_day(const char *word, double *ret_in_s)
{
	time_t now = time(NULL), then;
	struct tm tm;
	int hour, minute, n = 0;

	if (sscanf(word, "%2d:%2d%n", &hour, &minute, &n) != 2 || word[n] || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59)
		return false;
	localtime_r(&now, &tm);
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	then = mktime(&tm);
	if (then <= now) {
		tm.tm_mday++;
		tm.tm_isdst = -1;
		then = mktime(&tm);
	}
	*ret_in_s = difftime(then, now);
	return true;
}

double deadline_parse(const char *word, struct diags *diags)
{
	double in_s;

	if (strchr(word, ':') ? parse_time_of_day(word, &in_s)
			      : duration_parse(word, &in_s) && in_s > 0)
		return in_s;
	diag_error(diags, nowhere,
		   "'--run-deadline' must be a duration such as 600s or 8h, or a time such as "
		   "07:00, not '%s'",
		   word);
	return 0;
}

/* The clock's view of the scheduler. */
struct watch {
	pid_t pid;
	int fd;
	double deadline, silent_since;
	bool is_past, was_killed, is_given_up;
	double killed_at;
	char path[PATH_MAX];
	size_t path_len;
	bool has_path;
};

/* Bytes before the newline are the run's path, those after it signs of life. */
static void hear(struct watch *w)
{
	char buf[512];
	ssize_t n = read(w->fd, buf, sizeof(buf));

	if (n <= 0) {
		closep(&w->fd);
		return;
	}
	w->silent_since = clock_now(clock_real());
	for (ssize_t i = 0; i < n && !w->has_path; i++) {
		w->has_path = buf[i] == '\n';
		if (!w->has_path && w->path_len + 1 < sizeof(w->path))
			w->path[w->path_len++] = buf[i];
	}
}

/* What the terminal sends goes to both of us already; what somebody sends to our pid alone is
 * passed on. */
static void deadline_pass_on(const struct watch *w, const siginfo_t *info)
{
	if (info->si_code <= 0)
		kill(w->pid, info->si_signo);
}

static bool has_stopped(pid_t pid)
{
	siginfo_t how = {0};

	return waitid(P_PID, (id_t)pid, &how, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       how.si_pid == pid;
}

/*
 * Ctrl-Z: the scheduler first, so that the terminal is as it was when the shell comes back. The
 * deadline does not wait, but a scheduler that was stopped was not silent.
 */
static void suspend(struct watch *w)
{
	static const double patience_for_stop_s = 2;
	double began_s = clock_now(clock_real());
	struct timespec pause = {.tv_nsec = 2000000};

	while (!has_stopped(w->pid) && clock_now(clock_real()) < began_s + patience_for_stop_s)
		nanosleep(&pause, NULL);
	proc_stop(false);
	kill(w->pid, SIGCONT);
	w->silent_since += clock_now(clock_real()) - began_s;
}

static void take_signal(struct watch *w, const siginfo_t *info)
{
	if (info->si_signo == SIGCHLD)
		return;
	deadline_pass_on(w, info);
	if (info->si_signo == SIGTSTP)
		suspend(w);
}

static void on_time(struct watch *w, double grace_s)
{
	double now = clock_now(clock_real());

	if (!w->is_past && now >= w->deadline) {
		w->is_past = true;
		w->silent_since = now;
		if (send(w->fd, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			log_debug("the scheduler does not listen any more");
	}
	if (w->is_past && !w->was_killed && now - w->silent_since > grace_s + patience_s) {
		w->was_killed = true;
		log_error("the scheduler (pid %d) does not answer after the run deadline: it is "
			  "killed",
			  (int)w->pid);
		kill(w->pid, SIGKILL);
		w->killed_at = now;
	}
	if (w->was_killed && now - w->killed_at > give_up_s) {
		w->is_given_up = true;
		log_error("the scheduler (pid %d) is still there after SIGKILL: the file system of "
			  "the run hangs",
			  (int)w->pid);
	}
}

/* Waits for a signal, a word from the scheduler or the time, whichever comes first. */
static void wait_a_little(struct watch *w, const sigset_t *signals)
{
	double left = w->is_past ? 0.5 : w->deadline - clock_now(clock_real());
	struct timespec most = {0};
	siginfo_t info;

	left = left < 0 ? 0 : left > 0.5 ? 0.5 : left;
	most.tv_nsec = (long)(left * 1e9);
	if (sigtimedwait(signals, &info, &most) > 0)
		take_signal(w, &info);
	if (w->fd >= 0) {
		struct pollfd p = {w->fd, POLLIN, 0};

		if (poll(&p, 1, 0) > 0)
			hear(w);
	}
}

/* The scheduler is gone without a word: its journal knows what had ended. */
static _noreturn_ void deadline_recover(const struct watch *w, enum job_reason reason,
					int exit_code)
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

/* By a child, for whom the file system may hang. */
static int complete_results(const struct watch *w, enum job_reason reason, int exit_code)
{
	pid_t pid = w->has_path ? fork() : 0;
	struct child child;

	if (w->has_path && pid == 0)
		deadline_recover(w, reason, exit_code);
	if (pid <= 0)
		return exit_code;
	child_init(&child, NULL, pid, NULL);
	if (child_wait_while_alive(&child, &results_limits))
		return exit_code;
	log_error("the results of %s could not be completed: its file system hangs", w->path);
	kill(pid, SIGKILL);
	return exit_code;
}

/* By one that it handles, it died in its own time. */
static bool is_own_end(int term_signal)
{
	return term_signal == SIGINT || term_signal == SIGTERM || term_signal == SIGHUP ||
	       term_signal == SIGQUIT;
}

static int lost_scheduler(const struct watch *w, int term_signal)
{
	bool is_from_outside = term_signal == SIGKILL || term_signal == SIGXCPU;

	if (is_own_end(term_signal))
		return EXIT_BY_SIGNAL + term_signal;
	log_error("the scheduler (pid %d) was ended by signal %d (%s)", (int)w->pid, term_signal,
		  strsignal(term_signal));
	return complete_results(w, REASON_LOST, is_from_outside ? EXIT_INFRA : EXIT_OUR_BUG);
}

static int watch_until_end(struct watch *w, double grace_s, const sigset_t *signals)
{
	int status;

	for (;;) {
		pid_t pid = waitpid(w->pid, &status, WNOHANG);

		if (pid == w->pid)
			break;
		if (pid < 0 && errno == ECHILD) { /* it is gone, and nobody knows how */
			status = SIGKILL;
			break;
		}
		on_time(w, grace_s);
		if (w->is_given_up)
			return complete_results(w, REASON_RUN_DEADLINE, EXIT_DEADLINE);
		wait_a_little(w, signals);
	}
	while (w->fd >= 0 && !w->has_path)
		hear(w);
	if (w->was_killed)
		return complete_results(w, REASON_RUN_DEADLINE, EXIT_DEADLINE);
	return WIFSIGNALED(status) ? lost_scheduler(w, WTERMSIG(status)) : WEXITSTATUS(status);
}

static void block(sigset_t *signals, sigset_t *ret_before)
{
	static const int ours[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT};

	sigemptyset(signals);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		sigaddset(signals, ours[i]);
	sigprocmask(SIG_BLOCK, signals, ret_before);
}

int deadline_split(double in_s, double grace_s, int *ret_exit)
{
	struct watch w = {.deadline = clock_now(clock_real()) + in_s};
	pid_t clock_pid = getpid();
	sigset_t signals, before;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		log_error("--run-deadline: %s", strerror(errno));
		*ret_exit = EXIT_INFRA;
		return -1;
	}
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	block(&signals, &before);
	w.pid = fork();
	if (w.pid == 0) {
		/* Whoever kills the process that was started means the run. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != clock_pid)
			raise(SIGKILL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		close(ends[0]);
		return ends[1];
	}
	close(ends[1]);
	w.fd = ends[0];
	*ret_exit = w.pid < 0 ? EXIT_INFRA : watch_until_end(&w, grace_s, &signals);
	if (w.pid < 0)
		log_error("--run-deadline: cannot fork: %s", strerror(errno));
	closep(&w.fd);
	return -1;
}

void deadline_tell_path(int fd, const char *run_path)
{
	_cleanup_(freep) char *line = xasprintf("%s\n", run_path);

	if (fd >= 0 && fs_write_all(fd, line, strlen(line)) < 0)
		log_debug("the deadline's clock is gone");
}

void deadline_tell_alive(int fd)
{
	if (fd >= 0 && write(fd, ".", 1) < 0)
		log_debug("the deadline's clock is gone");
}

ssize_t deadline_hear(int fd)
{
	char word;

	return read(fd, &word, 1);
}
