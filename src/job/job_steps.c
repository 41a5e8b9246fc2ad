/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_steps.h"

struct job_measures *job_measures_copy(const struct job_measures *m, struct arena *mem)
{
	struct job_measures *ret = arena_zalloc(mem, sizeof(*ret));
	struct job_coverage *list = arena_array(mem, m->n_coverage + 1, sizeof(*list));

	*ret = *m;
	for (uint32_t i = 0; i < m->n_coverage; i++)
		list[i] = (struct job_coverage){
			arena_strdup(mem, m->coverage[i].name),
			arena_strdup(mem, m->coverage[i].value),
		};
	ret->coverage = list;
	return ret;
}
