/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Final states of jobs, and their consequences for dependents. Final jobs are put into a list
 * instead of being handled by recursion, because a chain of dependencies may be as long as the
 * plan.
 */
#include <assert.h>

#include "scheduler/state.h"

static bool is_root_failure(enum job_status status, enum job_reason reason)
{
	enum job_class class = job_reason_class(reason);

	return status == JOB_FAILED ||
	       (status == JOB_KILLED && (class == CLASS_JOB || class == CLASS_INFRA));
}

void settle(struct job *job, enum job_status status, enum job_reason reason, const char *message)
{
	struct sched *s = job->sched;

	ready_remove(job);
	if (is_root_failure(status, reason))
		s->n_root_failures++;
	job_set_status(job, status, reason, message);
	vec_push(&s->settled, job->n);
}

static uint32_t root_of(const struct job *job)
{
	return job->cause == CAUSE_NONE ? job->n : job->cause;
}

/* *message is made for the first dependent and used for all. */
static void kill_dependent(struct job *job, const struct job *because, const char **message)
{
	if (!*message)
		*message = arena_printf(job->sched->mem, "needs '%s', which %s", because->spec->id,
					job_status(because) == JOB_FAILED ? "failed"
									  : "was killed");
	job->cause = root_of(because);
	settle(job, JOB_KILLED, REASON_DEPENDENCY, *message);
}

static void kill_as_none_passed(struct job *job)
{
	const struct job_spec *spec = job->spec;
	struct sched *s = job->sched;
	const struct job *first = job_at(s, spec->deps[spec->n_needs]);

	job->cause = root_of(first);
	settle(job, JOB_KILLED, REASON_ALL_DEPENDENCIES,
	       spec->n_any == 1
		       ? arena_printf(s->mem, "needs '%s', which did not pass", first->spec->id)
		       : arena_printf(s->mem, "needs any of %u jobs, and none passed",
				      spec->n_any));
}

void settle_waited(struct job *job)
{
	if ((job->flags & (FLAG_NEEDS_ANY | FLAG_ANY_PASSED)) == FLAG_NEEDS_ANY) {
		kill_as_none_passed(job);
		return;
	}
	assert(stop_may_launch(job->sched, job));
	fallback_begin(job);
	job_set_status(job, JOB_QUEUED, REASON_NONE, NULL);
	ready_push(job);
}

static void update_dependents(struct sched *s, const struct job *job)
{
	bool has_passed = job_status(job) == JOB_PASSED;
	const char *message = NULL;

	for (uint32_t i = 0; i < job->n_dependents; i++) {
		uint32_t edge = s->dependents[job->dependents_at + i];
		struct job *d = job_at(s, edge & EDGE_JOB);

		if (job_is_final(d))
			continue;
		assert(job_status(d) == JOB_SCHEDULED && d->n_waiting > 0);
		d->n_waiting--;
		if (has_passed && (edge & EDGE_ANY))
			d->flags |= FLAG_ANY_PASSED;
		if (!has_passed && !(edge & (EDGE_ANY | EDGE_HELD)))
			kill_dependent(d, job, &message);
		else if (d->n_waiting == 0)
			settle_waited(d);
	}
}

/* All ordinary jobs are final: from now on finally jobs only wait for each other. */
static void open_gate(struct sched *s)
{
	s->is_gate_open = true;
	for (uint32_t i = 0; i < s->n_finally; i++) {
		struct job *job = job_at(s, s->finally[i]);

		if (!job_is_final(job) && --job->n_waiting == 0)
			settle_waited(job);
	}
}

void settle_all(struct sched *s)
{
	for (;;) {
		for (size_t i = 0; i < s->settled.n; i++)
			update_dependents(s, job_at(s, s->settled.at[i]));
		s->settled.n = 0;
		if (s->is_gate_open || s->n_ordinary > 0)
			return;
		open_gate(s);
	}
}

const struct job *sched_root_cause(const struct sched *s, const struct job *job)
{
	return job->cause == CAUSE_NONE ? NULL : &s->jobs[job->cause];
}
