/* SPDX-License-Identifier: Apache-2.0 */
/* Reports cycles as paths, one short cycle of each group of jobs that depend on each other. */
#include "scheduler/graph.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

enum { SHOWN_MOST = 20, CYCLES_MOST = 20 };

/* Finds a job on a cycle. Each remaining job has a remaining dependency, so following them leads to
 * a job that was seen before. */
static uint32_t cycle_find_one(const struct sched *s, const uint32_t *n_left)
{
	_cleanup_(freep) bool *is_seen = xcalloc(s->n_jobs, sizeof(*is_seen));
	uint32_t at = 0;

	while (n_left[at] == 0)
		at++;
	while (!is_seen[at]) {
		const struct job_spec *spec = s->jobs[at].spec;
		uint32_t k = 0;

		is_seen[at] = true;
		while (n_left[spec->deps[k]] == 0)
			k++;
		at = spec->deps[k];
	}
	return at;
}

/*
 * Breadth-first search for the shortest path from start along dependencies back to start.
 * came_from[x] is the job before x on the path. Returns the last job of the path.
 */
static uint32_t cycle_search(const struct sched *s, const uint32_t *n_left, uint32_t start,
			     uint32_t *came_from)
{
	_cleanup_(freep) uint32_t *queue = xcalloc(s->n_jobs, sizeof(*queue));
	size_t first = 0, n = 0;

	for (size_t i = 0; i < s->n_jobs; i++)
		came_from[i] = UINT32_MAX;
	queue[n++] = start;
	while (first < n) {
		uint32_t at = queue[first++];
		const struct job_spec *spec = s->jobs[at].spec;

		for (uint32_t k = 0; k < job_n_deps(spec); k++) {
			uint32_t dep = spec->deps[k];

			if (dep == start)
				return at;
			if (n_left[dep] == 0 || came_from[dep] != UINT32_MAX)
				continue;
			came_from[dep] = at;
			queue[n++] = dep;
		}
	}
	assert(!"start is on a cycle");
	return start;
}

/* Sets path[]: each job depends on the next one, the last one on the first. The first one is the
 * first in the plan. Returns the length. */
static size_t cycle_shortest(const struct sched *s, const uint32_t *n_left, uint32_t *path)
{
	_cleanup_(freep) uint32_t *came_from = xcalloc(s->n_jobs, sizeof(*came_from));
	uint32_t start = cycle_find_one(s, n_left), at = cycle_search(s, n_left, start, came_from);
	_cleanup_(freep) uint32_t *back = xcalloc(s->n_jobs, sizeof(*back));
	size_t n = 0, least = 0;

	for (; at != start; at = came_from[at])
		back[n++] = at;
	back[n++] = start;
	for (size_t i = 0; i < n; i++)
		if (back[n - 1 - i] < back[n - 1 - least])
			least = i;
	for (size_t i = 0; i < n; i++)
		path[i] = back[n - 1 - (i + least) % n];
	return n;
}

static void cycle_show(const struct sched *s, const uint32_t *path, size_t n, struct diags *diags)
{
	_cleanup_(str_done) struct str text = {0};
	struct diag *e;

	for (size_t i = 0; i < n && i < SHOWN_MOST; i++)
		str_printf(&text, "%s -> ", s->jobs[path[i]].spec->id);
	if (n > SHOWN_MOST)
		str_printf(&text, "… %zu more … -> ", n - SHOWN_MOST);
	str_add(&text, s->jobs[path[0]].spec->id);
	e = diag_error(diags, s->jobs[path[0]].spec->pos,
		       "jobs depend on each other in a cycle: %s", text.s);
	for (size_t i = 0; i < n && i < SHOWN_MOST; i++) {
		const struct job_spec *a = s->jobs[path[i]].spec,
				      *b = s->jobs[path[(i + 1) % n]].spec;

		diag_note(e, a->pos, "'%s' needs '%s'", a->id, b->id);
	}
}

/* Removes the jobs of the path from n_left, and all jobs that then have no remaining dependency.
 * Returns how many. */
static size_t cycle_leave_out(const struct sched *s, const uint32_t *path, size_t n_path,
			      uint32_t *n_left)
{
	_cleanup_(freep) uint32_t *queue = xcalloc(s->n_jobs, sizeof(*queue));
	size_t first = 0, n = 0;

	for (; n < n_path; n++) {
		queue[n] = path[n];
		n_left[path[n]] = 0;
	}
	while (first < n) {
		const struct job *job = &s->jobs[queue[first++]];

		for (uint32_t k = 0; k < job->n_dependents; k++) {
			uint32_t d = s->dependents[job->dependents_at + k] & EDGE_JOB;

			if (n_left[d] > 0 && --n_left[d] == 0)
				queue[n++] = d;
		}
	}
	return n;
}

void cycle_report(const struct sched *s, uint32_t *n_left, size_t n_jobs, struct diags *diags)
{
	_cleanup_(freep) uint32_t *path = xcalloc(s->n_jobs, sizeof(*path));

	for (unsigned i = 0; i < CYCLES_MOST && n_jobs > 0; i++) {
		size_t n = cycle_shortest(s, n_left, path);

		cycle_show(s, path, n, diags);
		n_jobs -= cycle_leave_out(s, path, n, n_left);
	}
}
