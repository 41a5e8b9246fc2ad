/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier run recorded of jobs: some are taken over, others run again with continued
 * attempt numbers. */
#include <assert.h>

#include "base/mem.h"
#include "scheduler/state.h"

static void add_attempts(struct job *job, const struct sched_past *past)
{
	struct arena *mem = job->sched->mem;

	for (uint32_t i = 0; i < past->n_attempts; i++) {
		const struct sched_past_attempt *from = &past->attempts[i];
		struct job_attempt *a = job_attempt_new(mem, from->resources, from->stage);

		a->before = job->attempts;
		a->number = from->number;
		a->where = from->where;
		job_attempt_end(a, mem, &from->result);
		job->attempts = a;
		job->n_attempts = a->number;
	}
	/* Attempts of earlier runs do not count for retries. */
	job->n_own = job->n_attempts;
}

void sched_set_past(struct sched *s, size_t n, const struct sched_past *past)
{
	assert(!s->is_started && n < s->n_jobs);
	if (!s->past)
		s->past = xcalloc(s->n_jobs, sizeof(struct sched_past *));
	s->past[n] = past;
	add_attempts(job_at(s, (uint32_t)n), past);
}

void past_take_over(struct sched *s)
{
	for (size_t i = 0; s->past && i < s->n_jobs; i++)
		if (s->past[i] && s->past[i]->is_taken)
			settle(&s->jobs[i], s->past[i]->status, s->past[i]->reason,
			       s->past[i]->message);
	s->n_root_failures = 0; /* failures of that run are no reason to stop this one */
	settle_all(s);
}
