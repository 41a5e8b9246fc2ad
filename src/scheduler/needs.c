/* SPDX-License-Identifier: Apache-2.0 */
/* The results of a job's dependencies, for the file that it gets at its start. */
#include "scheduler/backend.h"
#include "scheduler/state.h"

static bool has_log(const struct job *job)
{
	if (!job->attempts) /* taken over from an earlier run, or it never started */
		return job_status(job) == JOB_PASSED;
	return !job->backend->caps.is_virtual;
}

static void get_need(const void *ctx, uint32_t i, struct job_need *ret)
{
	const struct job *job = ctx, *needed;
	const struct job_spec *spec = plan_spec(job);

	if (i >= spec->n_needs + spec->n_any) {
		*ret = spec->settled[i - spec->n_needs - spec->n_any];
		return;
	}
	needed = &job->sched->jobs[spec->deps[i]];
	spec = plan_spec(needed);
	*ret = (struct job_need){
		.id = spec->id,
		.status = job_status(needed),
		.odir = spec->odir,
		.log = has_log(needed) ? spec->log_path : NULL,
		.seed = spec->seed,
	};
}

struct job_needs sched_job_needs(const struct job *job)
{
	const struct job_spec *spec = plan_spec(job);

	return (struct job_needs){
		.n = spec->n_needs + spec->n_any + spec->n_settled,
		.may_repeat = (spec->n_needs && spec->n_any) || spec->n_settled,
		.get = get_need,
		.ctx = job,
	};
}
