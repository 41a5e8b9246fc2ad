/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/name_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void name_index_init(struct name_index *x, const struct plan *plan)
{
	*x = (struct name_index){.plan = plan};
}

void name_index_done(struct name_index *x)
{
	free(x->sorted);
	free(x->found);
}

static int compare_names(const void *a, const void *b, void *plan)
{
	const struct job_spec *jobs = ((const struct plan *)plan)->jobs;

	return strcmp(jobs[*(const uint32_t *)a].name, jobs[*(const uint32_t *)b].name);
}

int name_index_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void sort_names(struct name_index *x)
{
	size_t n = x->plan->n_jobs;

	x->sorted = xreallocarray(NULL, n + 1, sizeof(*x->sorted));
	x->found = xreallocarray(NULL, n + 1, sizeof(*x->found));
	for (size_t i = 0; i < n; i++)
		x->sorted[i] = (uint32_t)i;
	qsort_r(x->sorted, n, sizeof(*x->sorted), compare_names, (void *)(uintptr_t)x->plan);
}

/* The first of the sorted names that is not before prefix. */
static size_t first_with(const struct name_index *x, const char *prefix, size_t len)
{
	size_t low = 0, high = x->plan->n_jobs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strncmp(x->plan->jobs[x->sorted[mid]].name, prefix, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void name_index_glob(struct name_index *x, const char *glob)
{
	size_t len = strcspn(glob, "*?[");

	if (!x->sorted)
		sort_names(x);
	x->n_found = 0;
	for (size_t i = first_with(x, glob, len); i < x->plan->n_jobs; i++) {
		const char *name = x->plan->jobs[x->sorted[i]].name;

		if (strncmp(name, glob, len) != 0)
			break;
		if (str_glob(glob, name))
			x->found[x->n_found++] = x->sorted[i];
	}
	qsort(x->found, x->n_found, sizeof(*x->found), name_index_compare);
}

const char *name_index_suggest(const struct name_index *x, const char *name)
{
	size_t n = x->plan->n_jobs;
	const char **names = xreallocarray(NULL, n + 1, sizeof(*names)), *near;

	for (size_t i = 0; i < n; i++)
		names[i] = x->plan->jobs[i].name;
	near = str_suggest(name, names, n);
	free(names);
	return near;
}
