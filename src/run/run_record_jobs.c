/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of a run's record: those without a final record, and rows of results. */
#include "run/run_record.h"

#include "run/job_record.h"

static const char *text_for(enum job_reason reason, bool has_started)
{
	if (reason == REASON_RUN_DEADLINE)
		return has_started ? "Job killed at the run deadline."
				   : "Job not started before the run deadline.";
	if (reason == REASON_USER)
		return has_started ? "Job killed because the run was ended."
				   : "Job not started before the run was ended.";
	return has_started ? "Job lost: the scheduler ended while it ran."
			   : "Job not started: the scheduler ended before.";
}

static void close_attempt(struct attempt_row *a, enum job_reason reason, double now_s)
{
	double start_s = a->result.start_wall_s;

	if (a->result.status != JOB_RUNNING)
		return;
	a->result = (struct job_result){
		.status = JOB_KILLED,
		.reason = reason,
		.message = text_for(reason, true),
		.exit_status = -1,
		.start_wall_s = start_s,
		.duration_s = now_s > start_s ? now_s - start_s : 0,
	};
}

static void close_job(struct recorded_job *j, enum job_reason reason, double now_s)
{
	if (job_status_is_final(j->status))
		return;
	for (uint32_t i = 0; i < j->attempts.n; i++)
		close_attempt(&j->attempts.at[i], reason, now_s);
	j->message = text_for(reason, j->status == JOB_RUNNING);
	j->status = JOB_KILLED;
	j->reason = reason;
	j->cause = JOB_RECORD_NO_CAUSE;
}

void run_record_close(struct run_record *r, enum job_reason reason, double end_wall_s)
{
	for (size_t i = 0; i < r->plan->n_jobs; i++)
		close_job(&r->jobs[i], reason, end_wall_s);
}

void run_record_row(void *ctx, size_t n, struct result_row *row)
{
	const struct run_record *r = ctx;
	const struct recorded_job *j = &r->jobs[n];

	*row = (struct result_row){
		.spec = &r->plan->jobs[n],
		.status = j->status,
		.reason = j->reason,
		.marks = j->marks,
		.message = j->message,
		.backend = j->backend,
		.from = j->from,
		.cause = j->cause < r->plan->n_jobs ? r->plan->jobs[j->cause].id : NULL,
		.attempts = j->attempts.at,
		.n_attempts = (uint32_t)j->attempts.n,
	};
}
