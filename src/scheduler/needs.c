/* SPDX-License-Identifier: Apache-2.0 */
/* The results of a job's dependencies, for the file that it gets at its start. */
#include "job/job_paths.h"
#include "scheduler/backend.h"
#include "scheduler/state.h"

static bool has_log(const struct job *job)
{
	if (!job->attempts) /* taken over from an earlier run, or it never started */
		return job_status(job) == JOB_PASSED;
	return !job->backend->caps.is_virtual;
}

/* One text behind the other in room. */
static void needs_add_paths(const struct job *needed, struct str *room, struct job_need *ret)
{
	const struct job_spec *spec = plan_spec(needed);
	bool with_log = spec->log && has_log(needed);
	size_t log_at;

	str_clear(room);
	job_add_odir(room, spec);
	str_addc(room, '\0');
	log_at = room->len;
	if (with_log)
		job_add_log_path(room, spec);
	ret->odir = room->s;
	ret->log = with_log ? room->s + log_at : NULL;
}

static void get_need(const void *ctx, uint32_t i, struct str *room, struct job_need *ret)
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
		.seed = spec->seed,
	};
	needs_add_paths(needed, room, ret);
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
