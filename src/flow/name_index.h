/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a plan's jobs, sorted: a glob is compared only with names that begin as it does. */
#ifndef FLOW_NAME_INDEX_H
#define FLOW_NAME_INDEX_H

#include "job/job_spec.h"

struct name_index {
	const struct plan *plan;
	uint32_t *sorted; /* indices of jobs, by name; made at the first glob */
	uint32_t *found;
	size_t n_found;
};

void name_index_init(struct name_index *x, const struct plan *plan);
void name_index_done(struct name_index *x);
/* Jobs whose whole name matches, in the order of the plan: x->found[0 … n_found). */
void name_index_glob(struct name_index *x, const char *glob);
/* Orders indices of jobs, for qsort() and bsearch(). */
int name_index_compare(const void *a, const void *b);
/* For "did you mean": a job's name or target that is similar to name; for a glob, a similar glob.
 * NULL: none. */
const char *name_index_suggest(const struct name_index *x, const char *name);

#endif
