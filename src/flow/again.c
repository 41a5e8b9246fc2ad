/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/again.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "flow/select.h"
#include "job/job_paths.h"

struct flow_again_job *again_find(const struct flow_again *again, const char *id)
{
	uintptr_t number = (uintptr_t)map_get(&again->by_id, id);

	return number ? &again->jobs[number - 1] : NULL;
}

void again_mark(struct flow_again *again, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_jobs; i++) {
		struct flow_again_job *job = again_find(again, plan->jobs[i].id);

		if (job)
			job->is_there = true;
	}
}

void again_leave_out(struct flow_again *again, const char *id)
{
	struct flow_again_job *job = again_find(again, id);

	if (job)
		job->is_there = job->is_left_out = true;
}

/* Of n dependencies, those that passed in the earlier run. */
static struct job_need *settled_of(const struct flow_again *again, const struct plan *plan,
				   const uint32_t *deps, uint32_t n, uint32_t *ret_n)
{
	struct job_need *list = arena_array(plan->mem, n, sizeof(*list));
	_cleanup_(str_done) struct str room = {0};

	*ret_n = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct job_spec *dep = &plan->jobs[deps[i]];
		const char *seed = map_get(&again->passed, dep->id);

		if (seed)
			list[(*ret_n)++] = (struct job_need){
				.id = dep->id,
				.status = JOB_PASSED,
				.odir = arena_strdup_or_null(plan->mem, job_odir(dep, &room)),
				.log = arena_strdup_or_null(plan->mem, job_log_path(dep, &room)),
				.seed = *seed ? arena_strdup(plan->mem, seed) : NULL,
			};
	}
	return list;
}

/*
 * Passed jobs of a `needs_any` do not run again, but the job still gets their results. A passed job
 * that stays in the plan is in both lists; the job gets it once. Jobs of a kind share their list.
 */
static void settle_passed(const struct flow_again *again, struct plan *plan)
{
	const struct job_spec *last = NULL;

	for (size_t i = 0; i < plan->n_jobs; i++) {
		struct job_spec *job = &plan->jobs[i];

		if (job->n_any == 0)
			continue;
		if (last && last->deps == job->deps && last->n_needs == job->n_needs) {
			job->settled = last->settled;
			job->n_settled = last->n_settled;
		} else {
			job->settled = settled_of(again, plan, job->deps + job->n_needs, job->n_any,
						  &job->n_settled);
		}
		last = job;
	}
}

void again_select(const struct flow_again *again, struct plan *plan)
{
	bool *is_in = xcalloc(plan->n_jobs + 1, sizeof(*is_in));
	size_t n = 0;

	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct flow_again_job *job = again_find(again, plan->jobs[i].id);

		is_in[i] = job && !job->is_left_out;
		n += is_in[i];
	}
	if (n)
		settle_passed(again, plan);
	if (n)
		select_keep(plan, is_in);
	else
		plan->n_jobs = 0;
	free(is_in);
}
