/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of a fallback, which run after a failure of class CLASS_JOB. Their attempts are
 * attempts of the same job, so it has one final result. If the fallback fails, too, the final
 * result is that of the job's own failure.
 */
#include "scheduler/state.h"

static bool has_passed(const struct sched *s, uint32_t n)
{
	return job_status(&s->jobs[n]) == JOB_PASSED;
}

/* The job has a fallback, and its additional dependencies have passed. */
static bool may_fall_back(const struct job *job)
{
	const struct job_spec *spec = plan_spec(job);
	uint32_t first = spec->n_needs + spec->n_any;

	for (uint32_t i = 0; i < spec->n_held; i++)
		if (!has_passed(job->sched, spec->deps[first + i]))
			return false;
	return spec->n_fallback > 0;
}

static void fallback_enter(struct job *job, uint16_t stage)
{
	job->n_own = job->n_attempts - job->n_uncounted;
	job->stage = stage;
	ready_enter_stage(job, &plan_spec(job)->fallback[stage - 1]);
}

void fallback_begin(struct job *job)
{
	const struct job_spec *spec = plan_spec(job);

	if (!spec->n_fallback)
		return;
	for (uint32_t i = 0; i < spec->n_needs; i++)
		if ((job->sched->jobs[spec->deps[i]].marks & MARK_FALLBACK) && may_fall_back(job)) {
			fallback_enter(job, 1);
			return;
		}
}

static bool fallback_is_due(const struct job *job, const struct job_result *result)
{
	if (job->sched->stop_level >= 0 || job->stage == plan_spec(job)->n_fallback)
		return false;
	if (job->stage)
		return result->status == JOB_PASSED;
	return result->status != JOB_PASSED && job_reason_class(result->reason) == CLASS_JOB &&
	       may_fall_back(job);
}

static const char *fallback_text_of(const struct job_result *result)
{
	return result->message ? result->message : job_reason_name(result->reason);
}

bool fallback_go_on(struct job *job, const struct job_result *result, const char **ret_message)
{
	const char *before = job->spec->stage;
	struct arena *mem = job->sched->mem;

	if (!fallback_is_due(job, result))
		return false;
	fallback_enter(job, (uint16_t)(job->stage + 1));
	*ret_message = before ? arena_printf(mem, "'%s' passed; going on with '%s'", before,
					     job->spec->stage)
			      : arena_printf(mem, "attempt %u ended (%s); going on with '%s'",
					     job->n_attempts, fallback_text_of(result),
					     job->spec->stage);
	return true;
}

/* The last attempt of the job itself; NULL: the job began with its fallback. */
static const struct job_attempt *own_failure(const struct job *job)
{
	const struct job_attempt *a = job->attempts;

	while (a && job_attempt_stage(a))
		a = a->before;
	return a;
}

void fallback_settle(struct job *job, const struct job_result *result)
{
	const struct job_attempt *own = job->stage ? own_failure(job) : NULL;
	struct job_result first;
	const char *text;

	if (job->stage && job->stage < plan_spec(job)->n_fallback && result->status == JOB_PASSED) {
		stop_settle(job); /* a pass of a stage before the last one is no pass of the job */
		return;
	}
	if (!own || result->status == JOB_PASSED ||
	    job_reason_class(result->reason) == CLASS_USER) {
		settle(job, result->status, result->reason, result->message);
		return;
	}
	first = job_attempt_result(own);
	text = arena_printf(job->sched->mem, "%s; on '%s': %s", fallback_text_of(&first),
			    job->spec->stage, fallback_text_of(result));
	settle(job, first.status, first.reason, text);
}
