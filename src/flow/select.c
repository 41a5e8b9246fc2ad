/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "flow/name_index.h"

static const struct src_pos nowhere;

struct selection {
	struct plan *plan;
	const struct map *by_name;
	bool *is_in;
	uint32_t *queue; /* jobs whose needs must be looked at */
	size_t n_queued;
};

static void take(struct selection *s, size_t job)
{
	if (s->is_in[job])
		return;
	s->is_in[job] = true;
	s->queue[s->n_queued++] = (uint32_t)job;
}

static bool has_tag(const struct job_spec *job, const char *glob)
{
	for (size_t i = 0; job->rules->tags[i]; i++)
		if (str_glob(glob, job->rules->tags[i]))
			return true;
	return false;
}

static bool is_meant(const struct job_spec *job, const char *item)
{
	if (*item == '@')
		return has_tag(job, item + 1);
	return strcmp(job->rules->target, item) == 0 ||
	       (str_is_glob(item) && str_glob(item, job->name));
}

static bool take_item(struct selection *s, const char *item)
{
	uintptr_t number = (uintptr_t)map_get(s->by_name, item);
	bool found = number > 0;

	if (found) { /* the very name goes before a target of that name */
		take(s, number - 1);
		return true;
	}
	for (size_t i = 0; i < s->plan->n_jobs; i++) {
		if (is_meant(&s->plan->jobs[i], item)) {
			take(s, i);
			found = true;
		}
	}
	return found;
}

static const char *suggest_tag(const struct plan *p, const char *tag)
{
	const char *near = NULL;

	for (size_t i = 0; i < p->n_jobs && !near; i++) {
		const char *const *tags = p->jobs[i].rules->tags;
		size_t n = 0;

		while (tags[n])
			n++;
		near = str_suggest(tag, tags, n);
	}
	return near;
}

static void refuse_item(const struct selection *s, const char *item, struct diags *diags)
{
	struct name_index index;
	const char *near;
	struct diag *e;

	if (*item == '@') {
		e = diag_error(diags, nowhere, "-i %s: no job has such a tag", item);
		near = suggest_tag(s->plan, item + 1);
		if (near)
			diag_hint(e, "did you mean '@%s'?", near);
		return;
	}
	e = diag_error(diags, nowhere, "-i %s: no job or target matches", item);
	name_index_init(&index, s->plan);
	near = name_index_suggest(&index, item);
	name_index_done(&index);
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
}

static void take_needs(struct selection *s)
{
	while (s->n_queued) {
		const struct job_spec *job = &s->plan->jobs[s->queue[--s->n_queued]];

		for (uint32_t i = 0; i < job->n_needs; i++)
			take(s, job->deps[i]);
		for (uint32_t i = 0; i < job->n_held; i++)
			take(s, job->deps[job->n_needs + job->n_any + i]);
	}
}

/* Arrays of dependencies are shared: the last one that was renumbered, and what became of it. */
struct renumbered {
	const uint32_t *from, *to;
	uint32_t from_needs, from_any, from_held, n_any;
};

static void renumber(struct plan *p, const bool *is_in, const uint32_t *numbers,
		     struct job_spec *job, struct renumbered *last)
{
	uint32_t *deps, n = job->n_needs;

	if (last->from == job->deps && last->from_needs == job->n_needs &&
	    last->from_any == job->n_any && last->from_held == job->n_held) {
		job->deps = last->to;
		job->n_any = last->n_any;
		return;
	}
	*last = (struct renumbered){.from = job->deps,
				    .from_needs = job->n_needs,
				    .from_any = job->n_any,
				    .from_held = job->n_held};
	deps = arena_array(p->mem, job_n_deps(job), sizeof(*deps));
	for (uint32_t i = 0; i < n; i++)
		deps[i] = numbers[job->deps[i]];
	for (uint32_t i = 0; i < job->n_any; i++)
		if (is_in[job->deps[job->n_needs + i]])
			deps[n++] = numbers[job->deps[job->n_needs + i]];
	for (uint32_t i = 0; i < job->n_held; i++)
		deps[n + i] = numbers[job->deps[job->n_needs + job->n_any + i]];
	job->deps = deps;
	job->n_any = n - job->n_needs;
	last->to = deps;
	last->n_any = job->n_any;
}

static void keep_selected(struct selection *s)
{
	struct plan *p = s->plan;
	uint32_t *numbers = xreallocarray(NULL, p->n_jobs + 1, sizeof(*numbers));
	struct renumbered last = {0};
	size_t n = 0;

	for (size_t i = 0; i < p->n_jobs; i++)
		if (s->is_in[i])
			numbers[i] = (uint32_t)n++;
	for (size_t i = 0; i < p->n_jobs; i++) {
		if (!s->is_in[i])
			continue;
		if (p->jobs[i].deps)
			renumber(p, s->is_in, numbers, &p->jobs[i], &last);
		p->jobs[numbers[i]] = p->jobs[i];
	}
	p->n_jobs = n;
	free(numbers);
}

void select_jobs(struct plan *plan, const char *const *items, const struct map *by_name,
		 struct diags *diags)
{
	struct selection s = {.plan = plan, .by_name = by_name};

	s.is_in = xcalloc(plan->n_jobs + 1, sizeof(*s.is_in));
	s.queue = xreallocarray(NULL, plan->n_jobs + 1, sizeof(*s.queue));
	for (size_t i = 0; items[i]; i++)
		if (!take_item(&s, items[i]))
			refuse_item(&s, items[i], diags);
	for (size_t i = 0; i < plan->n_jobs; i++)
		if (plan->jobs[i].rules->is_finally)
			take(&s, i);
	take_needs(&s);
	keep_selected(&s);
	free(s.is_in);
	free(s.queue);
}

/* ---- interactive ---- */

static const struct job_rules *interactive_rules(struct plan *p, const struct job_rules *like)
{
	struct job_rules *r = arena_zalloc(p->mem, sizeof(*r));

	*r = *like;
	r->is_interactive = true;
	r->timeout_s = 0;
	r->retry.max = 0;
	return r;
}

static void refuse_many(const struct selection *s, bool has_items, struct diags *diags)
{
	const struct job_spec *jobs = s->plan->jobs;
	struct diag *e = diag_error(diags, nowhere,
				    "--interactive is for one job, but %s '%s', '%s'%s",
				    has_items ? "-i selects" : "there are", jobs[s->queue[0]].name,
				    jobs[s->queue[1]].name, s->n_queued > 2 ? ", …" : "");

	diag_hint(e, "name one: -i '%s'; what it needs runs before it, in the ordinary way",
		  jobs[s->queue[s->n_queued - 1]].name);
}

void select_interactive(struct plan *plan, const char *const *items, const struct map *by_name,
			struct diags *diags)
{
	struct selection s = {.plan = plan, .by_name = by_name};
	bool has_items = items && items[0];

	s.is_in = xcalloc(plan->n_jobs + 1, sizeof(*s.is_in));
	s.queue = xreallocarray(NULL, plan->n_jobs + 1, sizeof(*s.queue));
	for (size_t i = 0; has_items && items[i]; i++)
		take_item(&s, items[i]);
	for (size_t i = 0; !has_items && i < plan->n_jobs; i++)
		if (!plan->jobs[i].rules->is_finally)
			take(&s, i);
	if (s.n_queued > 1) {
		refuse_many(&s, has_items, diags);
	} else if (s.n_queued == 1) {
		struct job_spec *job = &plan->jobs[s.queue[0]];

		job->rules = interactive_rules(plan, job->rules);
		job->n_fallback = 0;
	}
	free(s.is_in);
	free(s.queue);
}
