/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/again.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "flow/select.h"

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
		select_keep(plan, is_in);
	else
		plan->n_jobs = 0;
	free(is_in);
}
