/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph of a plan: checks it (unique ids, existing dependencies, no cycle), collects the
 * dependents of each job (all lists in one array), and marks the jobs that may start after
 * STOP_LAUNCHING (the epilogue).
 */
#include "scheduler/graph.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

/* ---- ids ---- */

static void graph_report_duplicate(const struct job_spec *spec, const struct job_spec *first,
				   struct diags *diags)
{
	struct diag *e = diag_error(diags, spec->pos, "job '%s' is defined more than once",
				    spec->id);

	diag_note(e, first->pos, "the first is here");
}

static void check_ids(const struct sched *s, struct diags *diags)
{
	struct map by_id = {0};

	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct job_spec *spec = s->jobs[i].spec,
				      *first = map_set(&by_id, spec->id, (void *)(uintptr_t)spec);

		if (first)
			graph_report_duplicate(spec, first, diags);
	}
	map_done(&by_id);
}

/* ---- edges ---- */

static bool check_edges(const struct sched *s, struct diags *diags)
{
	bool ok = true;
	uint64_t n_edges = 0;

	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct job_spec *spec = s->jobs[i].spec;

		n_edges += job_n_deps(spec);
		for (uint32_t k = 0; k < job_n_deps(spec); k++) {
			if (spec->deps[k] < s->n_jobs)
				continue;
			diag_error(diags, spec->pos, "'%s' depends on job number %u of %zu",
				   spec->id, spec->deps[k], s->n_jobs);
			ok = false;
		}
	}
	if (n_edges > UINT32_MAX || s->n_jobs > EDGE_JOB) {
		diag_error(diags, (struct src_pos){0}, "too many jobs or dependencies");
		return false;
	}
	return ok;
}

static void number_dependents(struct sched *s)
{
	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct job_spec *spec = s->jobs[i].spec;

		for (uint32_t k = 0; k < job_n_deps(spec); k++)
			s->jobs[spec->deps[k]].n_dependents++;
		s->n_edges += job_n_deps(spec);
	}
	for (size_t i = 1; i < s->n_jobs; i++)
		s->jobs[i].dependents_at = s->jobs[i - 1].dependents_at +
					   s->jobs[i - 1].n_dependents;
}

static uint32_t graph_kind_of(const struct job_spec *spec, uint32_t k)
{
	if (k < spec->n_needs)
		return 0;
	return k < spec->n_needs + spec->n_any ? EDGE_ANY : EDGE_HELD;
}

/* Each list is in the order of the plan, so dependents become ready or are killed in that order. */
static void fill_dependents(struct sched *s)
{
	_cleanup_(freep) uint32_t *n_filled = xcalloc(s->n_jobs, sizeof(*n_filled));

	s->dependents = xmalloc(s->n_edges * sizeof(*s->dependents));
	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct job_spec *spec = s->jobs[i].spec;

		for (uint32_t k = 0; k < job_n_deps(spec); k++) {
			uint32_t dep = spec->deps[k];
			uint32_t at = s->jobs[dep].dependents_at + n_filled[dep]++;

			s->dependents[at] = (uint32_t)i | graph_kind_of(spec, k);
		}
	}
}

/* ---- the epilogue: jobs that may start after STOP_LAUNCHING ---- */

static void pass_on_epilogue(struct sched *s, const struct job *job)
{
	for (uint32_t k = 0; k < job->n_dependents; k++) {
		uint32_t edge = s->dependents[job->dependents_at + k];

		if (!(edge & (EDGE_ANY | EDGE_HELD)) && (job->flags & FLAG_EPILOGUE))
			job_at(s, edge & EDGE_JOB)->flags |= FLAG_EPILOGUE;
	}
}

/*
 * Kahn's algorithm: visits each job after all its dependencies, and returns the number of jobs
 * visited. If that is less than all, there is a cycle, and n_left[job] is not 0 for the rest.
 */
static size_t visit_in_order(struct sched *s, uint32_t *n_left)
{
	_cleanup_(freep) uint32_t *queue = xcalloc(s->n_jobs, sizeof(*queue));
	size_t first = 0, n = 0;

	for (size_t i = 0; i < s->n_jobs; i++) {
		struct job *job = &s->jobs[i];

		if (job->flags & (FLAG_FINALLY | FLAG_NEEDS_ANY))
			job->flags |= FLAG_EPILOGUE;
		n_left[i] = job_n_deps(job->spec);
		if (n_left[i] == 0)
			queue[n++] = (uint32_t)i;
	}
	while (first < n) {
		const struct job *job = &s->jobs[queue[first++]];

		pass_on_epilogue(s, job);
		for (uint32_t k = 0; k < job->n_dependents; k++) {
			uint32_t d = s->dependents[job->dependents_at + k] & EDGE_JOB;

			if (--n_left[d] == 0)
				queue[n++] = d;
		}
	}
	return n;
}

/* Finally jobs wait for all ordinary jobs, so an ordinary job that depends on one would wait for
 * itself. */
static void check_finally(const struct sched *s, struct diags *diags)
{
	if (s->n_finally == 0)
		return;
	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct job_spec *spec = s->jobs[i].spec;

		for (uint32_t k = 0; k < job_n_deps(spec) && !spec->rules->is_finally; k++) {
			const struct job_spec *dep = s->jobs[spec->deps[k]].spec;
			struct diag *e;

			if (!dep->rules->is_finally)
				continue;
			e = diag_error(
				diags, spec->pos,
				"'%s' depends on '%s', which runs after all jobs that are not "
				"'finally'",
				spec->id, dep->id);
			diag_note(e, dep->pos, "'%s' is here", dep->id);
			diag_hint(e, "make '%s' a finally job, too", spec->id);
		}
	}
}

/* ---- size of arguments and environment ---- */

/* The size of the environment that was measured last: jobs with different rules share one. */
struct env_size {
	const char *const *of;
	size_t n;
};

static void graph_check_text(const struct job_spec *spec, struct env_size *env, struct diags *diags)
{
	struct diag *e;

	if (spec->rules->env != env->of)
		*env = (struct env_size){spec->rules->env, job_rules_bytes(spec->rules)};
	if (job_text_bytes(spec) + env->n <= JOB_TEXT_MOST)
		return;
	e = diag_error(diags, spec->pos,
		       "'%s' has more text than a process can be given: command, arguments and "
		       "environment are over %zu MiB",
		       spec->id, JOB_TEXT_MOST >> 20);
	diag_hint(e, "write it to a file and give the job the file's name");
}

static void check_texts(const struct sched *s, struct diags *diags)
{
	struct env_size env = {0};

	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct job_spec *spec = s->jobs[i].spec;

		graph_check_text(spec, &env, diags);
		for (uint32_t k = 0; k < spec->n_fallback; k++)
			graph_check_text(&spec->fallback[k], &env, diags);
	}
}

int graph_load(struct sched *s, struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	_cleanup_(freep) uint32_t *n_left = xcalloc(s->n_jobs, sizeof(*n_left));
	size_t n_visited;

	check_ids(s, diags);
	check_texts(s, diags);
	if (!check_edges(s, diags))
		return -1;
	number_dependents(s);
	fill_dependents(s);
	check_finally(s, diags);
	n_visited = visit_in_order(s, n_left);
	if (n_visited < s->n_jobs)
		cycle_report(s, n_left, s->n_jobs - n_visited, diags);
	return diags->n_errors > n_before ? -1 : 0;
}
