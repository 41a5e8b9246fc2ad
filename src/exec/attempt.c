/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/attempt.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "exec/attempt_parts.h"
#include "exec/steps.h"

/* How long what a job leaves behind may take to end by itself. */
static const double leak_wait_s = 0.1;
/* After KILL: how long until it is called unkillable, and between two rounds of killing. */
static const double give_up_s = 5, first_round_s = 0.002, last_round_s = 0.05;
/* A log that grows fast is looked at more often than each second. */
static const double look_least_s = 0.02, look_most_s = 1;
/* wait4() fails for another reason than that no child is left: how soon it is tried again. */
static const double reap_again_s = 0.05;
/* Of the memory that needs took. */
enum { NEEDS_KEPT = 1 << 20 };
/* Reading it costs as much as starting half a job. */
static const double oom_read_again_s = 1;

static double now_s(void)
{
	return clock_now(clock_real());
}

static uint64_t read_oom_kills(void)
{
	FILE *f = fopen("/proc/vmstat", "re");
	unsigned long long n = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "oom_kill %llu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

void attempt_init(struct attempt *a, const struct slot_hello *hello,
		  volatile sig_atomic_t *ending_signals)
{
	*a = (struct attempt){.grace_s = hello->grace_s,
			      .log.fd = -1,
			      .shown.due_s = INFINITY,
			      .ending_signals = ending_signals};
	pty_init(&a->pty);
	a->has_nofile = hello->nofile && getrlimit(RLIMIT_NOFILE, &a->nofile) == 0 &&
			a->nofile.rlim_cur != hello->nofile;
	a->nofile.rlim_cur = hello->nofile;
	confine_init(&a->confine, hello->scratch_root);
	a->oom_kills = read_oom_kills();
	a->oom_read_s = now_s();
}

void attempt_clear(struct attempt *a)
{
	pty_close(&a->pty);
	job_log_close(&a->log);
	slot_run_done(&a->run);
	str_clear(&a->needs);
	if (a->needs.cap > NEEDS_KEPT)
		str_done(&a->needs);
	for (size_t i = 0; i < a->n_own_strings; i++)
		free(a->own_strings[i]);
	free(a->own_strings);
	a->own_strings = NULL;
	a->n_own_strings = 0;
	job_outcome_done(&a->outcome);
	a->phase = ATTEMPT_NONE;
}

static bool on_terminal(const struct attempt *a)
{
	return a->pty.master >= 0;
}

static void keep_daemons(struct attempt *a)
{
	const struct ending *end = &a->ending;
	const struct kept_job job = {
		.globs = a->rules->job.keep,
		.leader = a->leader_is_gone ? 0 : a->leader,
		.session = on_terminal(a) ? getsid(0) : a->leader,
		.only_daemons = end->was_killed || end->is_timeout || end->flood_bytes,
	};

	kept_adopt(&a->kept, &job, &a->tree);
}

/* ---- the end ---- */

void attempt_end_unstarted(struct attempt *a, enum job_status status, enum job_reason reason,
			   struct error *err)
{
	_cleanup_(str_done) struct str text = {0};
	struct job_result *result = &a->outcome.result;

	str_add_printable(&text, err->msg, strlen(err->msg));
	result->status = status;
	result->reason = reason;
	result->exit_status = -1;
	result->message = job_outcome_text(&a->outcome, &text);
	steps_clean(&a->confine, &a->run.steps, result);
	a->phase = ATTEMPT_OVER;
	error_done(err);
}

static void decide(struct attempt *a)
{
	struct error err = {0};

	if (job_kind_judge(a->rules, &a->ending, &a->log, &a->outcome, &err) < 0)
		attempt_end_unstarted(a, JOB_FAILED, REASON_PATTERN_ERROR, &err);
}

static void measure(struct attempt *a)
{
	const struct steps_job job = {
		.rules = &a->rules->job,
		.steps = &a->run.steps,
		.log_fd = a->log.fd,
		.log_start = (off_t)a->log.header.len,
	};

	steps_measure(&job, &a->outcome);
	steps_clean(&a->confine, &a->run.steps, &a->outcome.result);
}

/* A job may write faster than we look, and end. */
static void note_flood(struct attempt *a)
{
	uint64_t most = a->rules->job.max_log_bytes;

	if (job_log_is_over(&a->log, most))
		a->ending.flood_bytes = most;
}

/* What was on the screen only is not known to have been right. */
static void note_lost_log(struct attempt *a)
{
	struct job_result *result = &a->outcome.result;
	struct error err = {0};

	if (!a->pty.log_errnum || result->status != JOB_PASSED)
		return;
	error_sys(&err, a->pty.log_errnum, "its log could not be written");
	result->status = JOB_FAILED;
	result->reason = REASON_LOG_UNREADABLE;
	result->message = arena_strdup(job_outcome_mem(&a->outcome), err.msg);
	error_done(&err);
}

/*
 * Whoever ends a batch job or a service sends TERM to all its processes: a job that dies of it may
 * do so before the scheduler has asked for it, and the slot was sent the same.
 */
static void note_supervisor(struct attempt *a)
{
	struct ending *e = &a->ending;
	int signum = e->term_signal ? e->term_signal : e->exit_status - 128;

	if (e->was_killed || e->is_timeout || e->flood_bytes || signum <= 0 || signum >= 31 ||
	    !(*a->ending_signals & 1 << signum))
		return;
	e->was_killed = true;
	e->kill_reason = REASON_USER;
}

/* Nothing is left of the job. */
static void finish(struct attempt *a)
{
	pty_drain(&a->pty, a->log.fd);
	note_flood(a);
	note_supervisor(a);
	if (a->ending.flood_bytes && ftruncate(a->log.fd, (off_t)a->ending.flood_bytes) < 0)
		a->log.size = 0; /* the disk stays fuller than it should: the verdict says why */
	a->ending.had_oom = a->ending.term_signal == SIGKILL && read_oom_kills() > a->oom_kills;
	if (!a->leader_is_gone)
		a->outcome.result.duration_s = now_s() - a->started_s;
	decide(a);
	note_lost_log(a);
	if (!a->rules->job.is_dry_run)
		measure(a);
	a->phase = ATTEMPT_OVER;
}

/* The log has the words where a shell would have put its own. */
void attempt_refuse(struct attempt *a, int exit_status, const char *why)
{
	_cleanup_(str_done) struct str line = {0};
	int fd = on_terminal(a) ? a->pty.slave : a->log.fd;

	str_printf(&line, "dvsched: %s\n", why);
	a->log.size = (off_t)a->log.header.len;
	if (fs_write_all(fd, line.s, line.len) < 0)
		errno = 0; /* a shell's own words would be lost, too; the message has them */
	str_clear(&a->refused);
	str_add(&a->refused, why);
	a->ending.refused = a->refused.s;
	a->ending.exit_status = exit_status;
	a->leader_is_gone = true;
	a->outcome.result.start_wall_s = clock_wall(clock_real());
	finish(a);
}

static void note_leader(struct attempt *a, int status)
{
	a->leader_is_gone = true;
	a->outcome.result.duration_s = now_s() - a->started_s;
	if (WIFEXITED(status)) {
		a->ending.exit_status = WEXITSTATUS(status);
	} else {
		a->ending.exit_status = -1;
		a->ending.term_signal = WTERMSIG(status);
		a->ending.has_core = WCOREDUMP(status);
	}
}

static void add_usage(struct job_usage *to, const struct rusage *u)
{
	to->user_s += (double)u->ru_utime.tv_sec + (double)u->ru_utime.tv_usec * 1e-6;
	to->system_s += (double)u->ru_stime.tv_sec + (double)u->ru_stime.tv_usec * 1e-6;
	if ((uint64_t)u->ru_maxrss > to->max_rss_kib)
		to->max_rss_kib = (uint64_t)u->ru_maxrss;
}

/* It is not known who is still there: asked again soon, as no signal will tell. */
static bool note_wait_error(struct attempt *a)
{
	if (isinf(a->reap_since_s))
		a->reap_since_s = now_s();
	a->reap_at = now_s() + reap_again_s;
	return false;
}

/* Returns true if no child is left but kept ones. */
static bool reap(struct attempt *a)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG | (on_terminal(a) ? WUNTRACED : 0), &usage)) > 0) {
		if (WIFSTOPPED(status)) {
			a->has_stopped |= pid == a->leader && !a->pause.is_on;
			continue;
		}
		if (kept_has(pid, &a->kept)) {
			kept_forget(&a->kept, pid);
			continue;
		}
		if (pid == a->leader)
			note_leader(a, status);
		add_usage(&a->outcome.result.usage, &usage);
	}
	if (pid < 0 && errno != ECHILD)
		return note_wait_error(a);
	a->reap_at = a->reap_since_s = INFINITY;
	if (pid < 0)
		return true;
	if (a->kept.n == 0)
		return false;
	proc_tree_read(&a->tree, kept_has, &a->kept);
	return a->tree.n_own == 0;
}

/* ---- the kill ladder ---- */

static void kill_round(struct attempt *a)
{
	proc_tree_read(&a->tree, kept_has, &a->kept);
	proc_tree_signal(&a->tree, SIGKILL);
	a->phase_at = now_s() + a->pause_s;
	a->pause_s = fmin(a->pause_s * 2, last_round_s);
}

static void enter_kill(struct attempt *a)
{
	if (a->phase == ATTEMPT_KILL)
		return;
	keep_daemons(a);
	a->phase = ATTEMPT_KILL;
	a->deadline_at = a->look_at = INFINITY;
	a->give_up_at = now_s() + give_up_s;
	a->pause_s = first_round_s;
	kill_round(a);
}

/* Whoever is stopped hears TERM only when it goes on. */
static void enter_term(struct attempt *a)
{
	double grace_s = a->rules->job.grace_s < 0 ? a->grace_s : a->rules->job.grace_s;

	if (grace_s <= 0) {
		enter_kill(a);
		return;
	}
	keep_daemons(a);
	a->phase = ATTEMPT_TERM;
	a->deadline_at = INFINITY;
	a->phase_at = now_s() + grace_s;
	proc_tree_read(&a->tree, kept_has, &a->kept);
	proc_tree_signal(&a->tree, SIGTERM);
	proc_tree_signal(&a->tree, SIGCONT);
}

static void give_up(struct attempt *a)
{
	struct proc_stat st;

	proc_tree_read(&a->tree, kept_has, &a->kept);
	str_clear(&a->stuck);
	proc_tree_describe(&a->tree, &a->stuck);
	if (a->tree.n && proc_stat_read(a->tree.at[0].pid, &st))
		str_printf(&a->stuck, ", state %c", st.state);
	if (a->stuck.len == 0)
		str_add(&a->stuck, "its end cannot be waited for");
	a->ending.stuck = a->stuck.s;
	finish(a);
}

static void enter_leak(struct attempt *a)
{
	keep_daemons(a);
	if (reap(a)) {
		finish(a);
		return;
	}
	a->phase = ATTEMPT_LEAKS;
	a->deadline_at = INFINITY;
	a->phase_at = now_s() + leak_wait_s;
}

static void kill_leaked(struct attempt *a)
{
	keep_daemons(a);
	proc_tree_read(&a->tree, kept_has, &a->kept);
	str_clear(&a->leaked);
	proc_tree_describe(&a->tree, &a->leaked);
	if (a->leaked.len)
		a->ending.leaked = a->leaked.s;
	enter_kill(a);
}

void attempt_kill(struct attempt *a, bool now, enum job_reason reason)
{
	struct error err = {0};

	attempt_pause(a, false);
	if (a->phase == ATTEMPT_RETRY_LAUNCH) {
		error_plain(&err, "killed before it could be started");
		attempt_end_unstarted(a, JOB_KILLED, reason, &err);
		return;
	}
	attempt_step(a); /* what ended before us has ended by itself */
	if (a->phase == ATTEMPT_NONE || a->phase == ATTEMPT_OVER)
		return;
	if (!a->leader_is_gone && !a->ending.is_timeout && !a->ending.flood_bytes &&
	    !a->ending.was_killed) {
		a->ending.was_killed = true;
		a->ending.kill_reason = reason;
	}
	if (now)
		enter_kill(a);
	else if (a->phase == ATTEMPT_RUNS)
		enter_term(a);
}

void attempt_continue(struct attempt *a)
{
	if (a->phase == ATTEMPT_RUNS && on_terminal(a) && !a->leader_is_gone)
		kill(-a->leader, SIGCONT);
}

void attempt_began(struct attempt *a, pid_t pid, struct attempt_start_time start)
{
	const struct job_rules *job = &a->rules->job;

	a->leader = pid;
	a->leader_is_gone = false;
	a->phase = ATTEMPT_RUNS;
	a->phase_at = INFINITY;
	a->started_s = start.s;
	a->outcome.result.pid = pid;
	a->outcome.result.start_wall_s = start.wall_s;
	/* Whoever sits at the terminal decides how long it takes. */
	a->deadline_at = job->timeout_s > 0 && !job->is_interactive ? a->started_s + job->timeout_s
								    : INFINITY;
	a->pause_s = job->max_log_bytes ? look_least_s : look_most_s;
	a->look_at = a->started_s + a->pause_s;
	a->log.size = (off_t)a->log.header.len;
	attempt_show_begin(a);
	if (a->started_s >= a->oom_read_s + oom_read_again_s) {
		a->oom_kills = read_oom_kills();
		a->oom_read_s = a->started_s;
	}
}

/* ---- what is due ---- */

static void time_out(struct attempt *a)
{
	a->ending.is_timeout = true;
	a->ending.timeout_s = a->rules->job.timeout_s;
	enter_term(a);
}

/* Does anything depend on what is in the log? */
static bool wants_looks(const struct attempt *a)
{
	const struct job_rules *job = &a->rules->job;

	return job->max_log_bytes || job->pass_patterns.n || job->fail_patterns.n;
}

/* How the log grows, and whether it is over its limit. */
static void look(struct attempt *a, double now)
{
	uint64_t most = a->rules->job.max_log_bytes;
	double was = (double)a->log.size, growth, left;

	job_log_look(&a->log);
	if (job_log_is_over(&a->log, most)) {
		a->ending.flood_bytes = most;
		enter_kill(a);
		return;
	}
	growth = (double)a->log.size - was;
	left = (double)most - (double)a->log.size;
	a->pause_s = fmin(a->pause_s * 2, look_most_s);
	if (most && growth > 0)
		a->pause_s = fmin(a->pause_s, a->pause_s * left / growth / 4);
	a->pause_s = fmax(a->pause_s, look_least_s);
	a->look_at = now + a->pause_s;
}

static void do_phase(struct attempt *a)
{
	switch (a->phase) {
	case ATTEMPT_RETRY_LAUNCH:
		attempt_launch(a);
		break;
	case ATTEMPT_LEAKS:
		kill_leaked(a);
		break;
	case ATTEMPT_TERM:
		enter_kill(a);
		break;
	case ATTEMPT_KILL:
		if (now_s() >= a->give_up_at)
			give_up(a);
		else
			kill_round(a);
		break;
	case ATTEMPT_NONE:
	case ATTEMPT_RUNS:
	case ATTEMPT_OVER:
		break;
	}
}

void attempt_step(struct attempt *a)
{
	bool is_empty = a->phase != ATTEMPT_RETRY_LAUNCH && reap(a);
	double now;

	if (a->pause.is_on)
		attempt_pause_step(a);
	if (a->phase == ATTEMPT_NONE || a->phase == ATTEMPT_OVER)
		return;
	if (is_empty) {
		finish(a);
		return;
	}
	if (a->pause.is_on)
		return;
	if (a->phase == ATTEMPT_RUNS && a->leader_is_gone) {
		enter_leak(a);
		return;
	}
	now = now_s();
	attempt_show(a, now);
	if (now >= a->reap_since_s + give_up_s && a->phase != ATTEMPT_KILL)
		enter_kill(a);
	else if (now >= a->deadline_at && a->phase == ATTEMPT_RUNS)
		time_out(a);
	else if (now >= a->phase_at)
		do_phase(a);
	else if (now >= a->look_at && a->phase == ATTEMPT_RUNS)
		look(a, now);
}

double attempt_wake_at(const struct attempt *a)
{
	bool looks = a->phase == ATTEMPT_RUNS && wants_looks(a);

	if (a->pause.is_on)
		return a->pause.next_round_s;
	if (a->phase == ATTEMPT_OVER)
		return a->shown.is_blocked ? INFINITY : a->shown.due_s;
	if (a->phase == ATTEMPT_NONE)
		return INFINITY;
	return fmin(fmin(fmin(a->deadline_at, a->phase_at), a->shown.due_s),
		    fmin(a->reap_at, looks ? a->look_at : INFINITY));
}

void attempt_kill_all(struct attempt *a)
{
	double until = now_s() + give_up_s;
	double pause_s = first_round_s;

	a->kept.n = 0;
	while (now_s() < until) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		proc_tree_read(&a->tree, NULL, NULL);
		if (a->tree.n == 0)
			return;
		proc_tree_signal(&a->tree, SIGKILL);
		poll(NULL, 0, (int)(pause_s * 1000));
		pause_s = fmin(pause_s * 2, last_round_s);
	}
}
