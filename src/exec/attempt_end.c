/* SPDX-License-Identifier: Apache-2.0 */
/* How an attempt ends: facts about its end, the verdict, the measures. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "exec/attempt_parts.h"
#include "exec/steps.h"

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
	steps_clean(&a->host->confine, &a->ask.run.steps, result);
	a->news.is_short = false; /* it never was started: no FRAME_LAUNCHED */
	a->phase = ATTEMPT_OVER;
	error_done(err);
}

static void attempt_decide(struct attempt *a)
{
	struct error err = {0};

	if (shared_rules_judge(a->ask.rules, &a->end.ending, &a->log, &a->outcome, &err) < 0)
		attempt_end_unstarted(a, JOB_FAILED, REASON_PATTERN_ERROR, &err);
}

static void attempt_measure(struct attempt *a)
{
	const struct steps_job job = {
		.rules = &a->ask.rules->job,
		.steps = &a->ask.run.steps,
		.find_reader = a->host->find_reader,
		.log_fd = a->log.fd,
		.log_start = (off_t)a->log.header.len,
	};

	steps_measure(&job, &a->outcome);
	steps_clean(&a->host->confine, &a->ask.run.steps, &a->outcome.result);
}

/* A later run compares the stamp to find out whether the log was written to since. */
static void attempt_stamp(struct attempt *a)
{
	struct stat st;

	if (fstat(a->log.fd, &st) == 0)
		a->outcome.result.log_stamp = job_log_stamp(&st);
}

/* A job may exceed the limit and end between two looks at its log. */
static void attempt_note_flood(struct attempt *a)
{
	uint64_t most = a->ask.rules->job.max_log_bytes;

	if (job_log_is_over(&a->log, most))
		a->end.ending.flood_bytes = most;
}

/* Without a complete log it is not known that the job passed. */
static void attempt_note_lost_log(struct attempt *a)
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
 * Batch systems and service managers send TERM to all processes of a run. A job may die of it
 * before the scheduler asks for its end. It was ended by the user if its slot got the same signal.
 */
static void attempt_note_supervisor(struct attempt *a)
{
	struct ending *e = &a->end.ending;
	int signum = e->term_signal ? e->term_signal : e->exit_status - 128;

	if (ending_is_decided(e) || signum <= 0 || signum >= 31 ||
	    !(*a->host->ending_signals & 1 << signum))
		return;
	e->was_killed = true;
	e->kill_reason = REASON_USER;
}

/* A shell that ends with the status of a killed child, as the last one of `sh -c`, counts as well.
 */
static bool attempt_ended_by_kill(const struct ending *e)
{
	return e->term_signal == SIGKILL || (e->exit_status == 128 + SIGKILL && !e->refused);
}

void attempt_finish(struct attempt *a)
{
	pty_drain(&a->pty, a->log.fd);
	attempt_note_flood(a);
	attempt_note_supervisor(a);
	attempt_cgroup_read(a);
	attempt_watch_end(a);
	if (a->end.ending.flood_bytes) /* else the log stays too long; the verdict says so */
		(void)!ftruncate(a->log.fd, (off_t)a->end.ending.flood_bytes);
	a->end.ending.had_oom = attempt_ended_by_kill(&a->end.ending) && attempt_cgroup_had_oom(a);
	if (!a->procs.leader_is_gone)
		a->outcome.result.duration_s = clock_now(clock_real()) - a->procs.started_s;
	attempt_decide(a);
	attempt_note_lost_log(a);
	if (!a->ask.rules->job.is_dry_run)
		attempt_measure(a);
	attempt_stamp(a);
	a->phase = ATTEMPT_OVER;
}

/* The message is written to the log, as a shell would do. */
void attempt_refuse(struct attempt *a, int exit_status, const char *why)
{
	_cleanup_(str_done) struct str line = {0};
	int fd = attempt_on_terminal(a) ? a->pty.slave : a->log.fd;

	str_printf(&line, "dvsched: %s\n", why);
	if (fs_write_all(fd, line.s, line.len) < 0)
		errno = 0; /* a shell's message would be lost, too; the result has it */
	str_clear(&a->end.refused);
	str_add(&a->end.refused, why);
	a->end.ending.refused = a->end.refused.s;
	a->end.ending.exit_status = exit_status;
	a->procs.leader_is_gone = true;
	a->outcome.result.start_wall_s = clock_wall(clock_real());
	attempt_finish(a);
}
