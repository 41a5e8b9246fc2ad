/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rows.h"

#include <stdlib.h>

#include "base/mem.h"

/* Oldest first; the scheduler chains them newest first. */
static uint32_t fill_attempts(struct rows *rows, const struct job *job)
{
	uint32_t n = 0, i;

	for (const struct job_attempt *a = job->attempts; a; a = a->before)
		n++;
	if (n > rows->cap) {
		rows->cap = n;
		rows->attempts = xreallocarray(rows->attempts, n, sizeof(*rows->attempts));
	}
	i = n;
	for (const struct job_attempt *a = job->attempts; a; a = a->before)
		rows->attempts[--i] = (struct attempt_row){a->number, a->where, a->result};
	return n;
}

void rows_next(void *ctx, size_t n, struct result_row *ret)
{
	struct rows *rows = ctx;
	const struct job *job = sched_job(rows->sched, n);
	const struct job *cause = sched_root_cause(rows->sched, job);

	*ret = (struct result_row){
		.spec = job->spec,
		.status = job_status(job),
		.reason = (enum job_reason)job->reason,
		.marks = job->marks,
		.message = job->message,
		.backend = job->backend->ops->name,
		.cause = cause && cause != job ? cause->spec->id : NULL,
		.n_attempts = fill_attempts(rows, job),
	};
	ret->attempts = rows->attempts;
}

void rows_done(struct rows *rows)
{
	free(rows->attempts);
	rows->attempts = NULL;
	rows->cap = 0;
}
