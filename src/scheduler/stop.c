/* SPDX-License-Identifier: Apache-2.0 */
/* Stops a run early: which jobs may still start, which are killed, and how. */
#include "scheduler/state.h"

void sched_stop(struct sched *s, enum sched_stop how, enum job_reason reason, int signum)
{
	if ((int)how <= s->stop_level || s->stops[how].is_asked)
		return;
	s->stops[how] = (struct stop_request){.is_asked = true, .reason = reason, .signum = signum};
	s->host->wake(s->host);
}

bool stop_may_launch(const struct sched *s, const struct job *job)
{
	switch (s->stop_level) {
	case STOP_LAUNCHING:
	case STOP_DEADLINE:
		return job->flags & FLAG_EPILOGUE;
	case STOP_TERM:
		return job->flags & FLAG_FINALLY;
	case STOP_KILL:
		return false;
	default:
		return true;
	}
}

static const char *stop_text_of(const struct job *job, enum job_reason reason)
{
	bool has_run = job->n_attempts > 0;

	switch (reason) {
	case REASON_MAX_FAILURES:
		return has_run ? "not tried again: the limit of failures was reached"
			       : "not started: the limit of failures was reached";
	case REASON_RUN_DEADLINE:
		return has_run ? "not tried again: the run's deadline has passed"
			       : "not started: the run's deadline has passed";
	default:
		return has_run ? "not tried again: the run was stopped"
			       : "not started: the run was stopped";
	}
}

void stop_settle(struct job *job)
{
	struct sched *s = job->sched;
	enum job_reason reason = s->stops[s->stop_level].reason;

	settle(job, JOB_KILLED, reason, stop_text_of(job, reason));
}

/* The backend reports the end of the job later. */
static void kill_job(struct job *job, enum kill_level level, enum job_reason reason)
{
	bool was_asked = job->flags & FLAG_KILL_SENT;

	job->flags |= FLAG_KILL_SENT;
	if (level == KILL_NOW || !was_asked)
		job->backend->ops->kill(job->backend, job, level, reason);
}

static void stop_job(struct job *job, enum sched_stop how, enum job_reason reason)
{
	if (job->flags & FLAG_SUBMITTED) {
		if (how >= STOP_DEADLINE && !(job->flags & FLAG_ENDED))
			kill_job(job, how == STOP_KILL ? KILL_NOW : KILL_TERM, reason);
	} else if (!stop_may_launch(job->sched, job)) {
		settle(job, JOB_KILLED, reason, stop_text_of(job, reason));
	}
}

/* All jobs are settled before dependents are updated, so that their reason is the stop and not a
 * killed dependency. */
static void apply_one(struct sched *s, enum sched_stop how, const struct stop_request *request)
{
	s->stop_level = (int)how;
	if (request->signum || how == STOP_DEADLINE)
		emit_kill_signal(s, request->signum);
	for (size_t i = 0; i < s->n_jobs; i++)
		if (!job_is_final(&s->jobs[i]))
			stop_job(&s->jobs[i], how, request->reason);
	settle_all(s);
}

void stop_at_max_failures(struct sched *s)
{
	uint32_t most = s->options.max_failures;

	if (most && s->n_root_failures >= most)
		sched_stop(s, STOP_LAUNCHING, REASON_MAX_FAILURES, 0);
}

bool stop_apply(struct sched *s)
{
	bool has_changed = false;

	for (int how = STOP_LAUNCHING; how <= STOP_KILL; how++) {
		struct stop_request request = s->stops[how];

		if (!request.is_asked)
			continue;
		s->stops[how].is_asked = false;
		if (how > s->stop_level)
			apply_one(s, (enum sched_stop)how, &request);
		has_changed = true;
	}
	return has_changed;
}
