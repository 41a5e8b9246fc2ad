/* SPDX-License-Identifier: Apache-2.0 */
#include "observers/rows.h"

#include <stdlib.h>

#include "base/mem.h"

void rows_done(struct rows *r)
{
	vec_done(&r->attempts);
	*r = (struct rows){0};
}

/* A job has its newest attempt first; the row has the oldest one first. */
static void take_attempts(struct rows *r, const struct job *job)
{
	size_t i;

	r->attempts.n = 0;
	for (const struct job_attempt *a = job->attempts; a; a = a->before)
		vec_add(&r->attempts);
	i = r->attempts.n;
	for (const struct job_attempt *a = job->attempts; a; a = a->before)
		r->attempts.at[--i] = (struct attempt_row){
			a->number, a->where, job_attempt_result(a), job_attempt_stage(a),
			job_attempt_resources(a)};
}

void rows_next(void *ctx, size_t n, struct result_row *row)
{
	struct rows *r = ctx;
	const struct job *job = sched_job(r->sched, n), *cause = sched_root_cause(r->sched, job);
	const struct sched_past *past = sched_past_of(job);

	take_attempts(r, job);
	*row = (struct result_row){
		.spec = job->spec,
		.status = job_status(job),
		.reason = (enum job_reason)job->reason,
		.marks = job->marks,
		.message = job->message,
		.backend = job->backend ? job->backend->ops->name : NULL,
		.cause = cause ? cause->spec->id : NULL,
		.attempts = r->attempts.at,
		.n_attempts = (uint32_t)r->attempts.n,
		.from = past && past->is_taken ? past->run : NULL,
	};
}
