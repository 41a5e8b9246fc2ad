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

static const char *suggest_name(const struct plan *plan, const char *name, bool is_target)
{
	size_t n = 0;
	const char **names = xreallocarray(NULL, 2 * plan->n_jobs + 1, sizeof(*names)), *near;

	for (size_t i = 0; i < plan->n_jobs; i++) {
		if (!is_target)
			names[n++] = plan->jobs[i].name;
		names[n++] = plan->jobs[i].rules->target;
	}
	near = str_suggest(name, names, n);
	free(names);
	return near;
}

/* glob with its first len bytes replaced by a similar target; NULL: no target is similar. */
static const char *suggest_beginning(const struct plan *plan, const char *glob, size_t len)
{
	const char *begin = arena_strndup(plan->mem, glob, len);
	const char *near = len ? suggest_name(plan, begin, true) : NULL;

	if (!near || strcmp(near, begin) == 0)
		return NULL;
	return arena_printf(plan->mem, "%s%s", near, glob + len);
}

/* "biuld.a*" -> "build.a*": the beginning may be a misspelt target. */
static const char *suggest_glob(const struct plan *plan, const char *glob)
{
	static const char between[] = "._- ";
	size_t first = strcspn(glob, "*?[._- "), len = strcspn(glob, "*?[");
	const char *near = suggest_beginning(plan, glob, first);

	while (len && strchr(between, glob[len - 1]))
		len--;
	return near ? near : suggest_beginning(plan, glob, len);
}

const char *name_index_suggest(const struct name_index *x, const char *name)
{
	return str_is_glob(name) ? suggest_glob(x->plan, name) : suggest_name(x->plan, name, false);
}
