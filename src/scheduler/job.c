/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a job, and the counters that depend on it. The only file that writes job->status. */
#include <assert.h>

#include "base/mem.h"
#include "base/vec.h"
#include "scheduler/state.h"

static const unsigned may_go[JOB_STATUS_COUNT] = {
	/* PASSED, FAILED: taken over from an earlier run */
	[JOB_SCHEDULED] = BIT(JOB_QUEUED) | BIT(JOB_PASSED) | BIT(JOB_FAILED) | BIT(JOB_KILLED),
	/* FAILED: the job itself failed before, and its fallback could not be started */
	[JOB_QUEUED] = BIT(JOB_RUNNING) | BIT(JOB_FAILED) | BIT(JOB_KILLED),
	[JOB_RUNNING] = BIT(JOB_QUEUED) | BIT(JOB_PASSED) | BIT(JOB_FAILED) | BIT(JOB_KILLED),
	/* PASSED, FAILED and KILLED are final: no moves. */
};

bool job_may_go(enum job_status was, enum job_status next)
{
	return may_go[was] & BIT(next);
}

const struct sched_past *sched_past_of(const struct job *job)
{
	return job->sched->past ? job->sched->past[job->n] : NULL;
}

/* A job that was taken over keeps the marks of the earlier run. Attempts that do not count say
 * nothing about the job. */
static void mark_pass(struct job *job)
{
	const struct sched_past *past = sched_past_of(job);
	uint32_t n_unmarked = job->n_uncounted + (past ? past->n_unmarked : 0);

	if (past && past->is_taken)
		job->marks = (uint8_t)past->marks;
	else if (job->stage)
		job->marks |= MARK_FALLBACK;
	else if (job->n_attempts > 1 + n_unmarked)
		job->marks |= MARK_FLAKY;
	job->sched->n_flaky += (job->marks & MARK_FLAKY) != 0;
}

void job_set_status(struct job *job, enum job_status next, enum job_reason reason,
		    const char *message)
{
	enum job_status was = job_status(job);
	struct sched *s = job->sched;
	struct sched_target *t = &s->targets.at[job->target];

	assert(job_may_go(was, next));
	job->status = (uint8_t)next;
	job->reason = (uint8_t)reason;
	job->message = message;
	s->tally[was]--;
	s->tally[next]++;
	t->n[was]--;
	t->n[next]++;
	if (job_status_is_final(next) && !(job->flags & FLAG_FINALLY))
		s->n_ordinary--;
	if (next == JOB_PASSED)
		mark_pass(job);
	emit_job_changed(s, job, was);
}

struct job_attempt *job_add_attempt(struct job *job, const char *where)
{
	struct job_attempt *a = job_attempt_new(job->sched->mem, units_json(job), job->spec->stage);

	a->before = job->attempts;
	a->number = ++job->n_attempts;
	a->where = where;
	job->attempts = a;
	return a;
}

/* Returns the row of name in the table of targets; adds a row for a new name. */
static uint32_t job_find_target(struct sched *s, struct map *rows, const char *name)
{
	uintptr_t row = (uintptr_t)map_get(rows, name);

	if (row)
		return (uint32_t)row - 1;
	vec_push(&s->targets, (struct sched_target){.name = name});
	map_set(rows, name, (void *)(uintptr_t)s->targets.n);
	return (uint32_t)s->targets.n - 1;
}

void job_init_all(struct sched *s)
{
	const struct job_rules *rules = NULL;
	struct map rows = {0};
	uint32_t target = 0;

	s->n_jobs = s->plan->n_jobs;
	s->jobs = xcalloc(s->n_jobs, sizeof(*s->jobs));
	for (size_t i = 0; i < s->n_jobs; i++) {
		struct job *job = &s->jobs[i];

		job->spec = &s->plan->jobs[i];
		job->sched = s;
		job->n = (uint32_t)i;
		job->cause = CAUSE_NONE;
		job->n_waiting = job_n_deps(job->spec);
		heap_node_init(&job->ready);
		if (job->spec->rules != rules) {
			rules = job->spec->rules;
			target = job_find_target(s, &rows, rules->target);
		}
		job->target = target;
		s->targets.at[target].n[JOB_SCHEDULED]++;
		s->targets.at[target].total++;
		if (job->spec->n_any)
			job->flags |= FLAG_NEEDS_ANY;
		if (rules->is_finally)
			job->flags |= FLAG_FINALLY;
		s->n_finally += rules->is_finally;
	}
	s->tally[JOB_SCHEDULED] = (uint32_t)s->n_jobs;
	s->n_ordinary = (uint32_t)s->n_jobs - s->n_finally;
	map_done(&rows);
}
