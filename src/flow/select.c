/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "flow/again.h"
#include "flow/name_index.h"

static const struct src_pos nowhere;

static const uint32_t NOBODY = UINT32_MAX;

struct selection {
	struct plan *plan;
	const struct map *by_name;
	bool *is_in;
	bool *is_out;	   /* excluded by name */
	uint32_t *because; /* the job that needs it; NOBODY: it is selected itself */
	uint32_t *queue;   /* jobs whose needs are still to be added */
	size_t n_queued, n_left_out;
};

static void selection_init(struct selection *s, struct plan *plan, const struct map *by_name)
{
	*s = (struct selection){.plan = plan, .by_name = by_name};
	s->is_in = xcalloc(plan->n_jobs + 1, sizeof(*s->is_in));
	s->is_out = xcalloc(plan->n_jobs + 1, sizeof(*s->is_out));
	s->because = xreallocarray(NULL, plan->n_jobs + 1, sizeof(*s->because));
	s->queue = xreallocarray(NULL, plan->n_jobs + 1, sizeof(*s->queue));
}

static void selection_done(struct selection *s)
{
	free(s->is_in);
	free(s->is_out);
	free(s->because);
	free(s->queue);
}

static void take_because(struct selection *s, size_t job, uint32_t who)
{
	if (s->is_in[job])
		return;
	s->is_in[job] = true;
	s->because[job] = who;
	s->queue[s->n_queued++] = (uint32_t)job;
}

/* Selects the job unless it is excluded. */
static void flow_select_take_job(struct selection *s, size_t job)
{
	if (s->is_out[job])
		s->n_left_out++;
	else
		take_because(s, job, NOBODY);
}

static void exclude_job(struct selection *s, size_t job)
{
	s->is_out[job] = true;
}

static bool flow_select_has_tag(const struct job_spec *job, const char *glob)
{
	for (size_t i = 0; job->rules->tags[i]; i++)
		if (str_glob(glob, job->rules->tags[i]))
			return true;
	return false;
}

static bool item_matches(const struct job_spec *job, const char *item)
{
	if (*item == '@')
		return flow_select_has_tag(job, item + 1);
	return strcmp(job->rules->target, item) == 0 ||
	       (str_is_glob(item) && str_glob(item, job->name));
}

/* Calls mark for each job that matches the item; false: none does. */
static bool mark_item(struct selection *s, const char *item,
		      void (*mark)(struct selection *s, size_t job))
{
	uintptr_t number = (uintptr_t)map_get(s->by_name, item);
	bool found = number > 0;

	if (found) { /* a job of this name goes before a target of this name */
		mark(s, number - 1);
		return true;
	}
	for (size_t i = 0; i < s->plan->n_jobs; i++) {
		if (item_matches(&s->plan->jobs[i], item)) {
			mark(s, i);
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

/* what: "-i ", or "cannot leave out ", since `-i '!ITEM'` excludes as -x does. */
static void refuse_item(const struct selection *s, const char *what, const char *item,
			struct diags *diags)
{
	struct name_index index;
	const char *near;
	struct diag *e;

	if (*item == '@') {
		e = diag_error(diags, nowhere, "%s%s: no job has such a tag", what, item);
		near = suggest_tag(s->plan, item + 1);
		if (near)
			diag_hint(e, "did you mean '@%s'?", near);
		return;
	}
	e = diag_error(diags, nowhere, "%s%s: no job or target matches", what, item);
	name_index_init(&index, s->plan);
	near = name_index_suggest(&index, item);
	name_index_done(&index);
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
}

static void mark_items(struct selection *s, const char *what, const char *const *items,
		       void (*mark)(struct selection *s, size_t job), struct diags *diags)
{
	for (size_t i = 0; items && items[i]; i++)
		if (!mark_item(s, items[i], mark) && diags)
			refuse_item(s, what, items[i], diags);
}

/* Per job: does another job depend on it, in any way? The caller frees the array. */
static bool *find_needed(const struct plan *p)
{
	bool *ret = xcalloc(p->n_jobs + 1, sizeof(*ret));

	for (size_t i = 0; i < p->n_jobs; i++)
		for (uint32_t k = 0; k < job_n_deps(&p->jobs[i]); k++)
			ret[p->jobs[i].deps[k]] = true;
	return ret;
}

/* Selects by -i and -x. diags NULL: items that match nothing are not reported. */
static void select_by_options(struct selection *s, const struct flow_options *options,
			      enum select_all all, struct diags *diags)
{
	bool with_aids = all == SELECT_EACH || !options->excluded, *is_needed;

	mark_items(s, "cannot leave out ", options->excluded, exclude_job, diags);
	if (options->items && options->items[0]) {
		mark_items(s, "-i ", options->items, flow_select_take_job, diags);
		return;
	}
	is_needed = with_aids ? NULL : find_needed(s->plan);
	for (size_t i = 0; i < s->plan->n_jobs; i++)
		if (!s->plan->jobs[i].rules->is_finally && !(is_needed && is_needed[i]))
			flow_select_take_job(s, i);
	free(is_needed);
}

static void flow_select_take_needs(struct selection *s)
{
	while (s->n_queued) {
		uint32_t who = s->queue[--s->n_queued];
		const struct job_spec *job = &s->plan->jobs[who];

		for (uint32_t i = 0; i < job->n_needs; i++)
			take_because(s, job->deps[i], who);
		for (uint32_t i = 0; i < job->n_held; i++)
			take_because(s, job->deps[job->n_needs + job->n_any + i], who);
	}
}

/* Reports excluded jobs that run because others need them. */
static void warn_of_needed(const struct selection *s, struct diags *diags)
{
	const struct job_spec *jobs = s->plan->jobs;
	size_t n = 0, first = 0;
	_cleanup_(str_done) struct str others = {0};

	for (size_t i = s->plan->n_jobs; i-- > 0;)
		if (s->is_in[i] && s->is_out[i]) {
			first = i;
			n++;
		}
	if (n > 1)
		str_printf(&others, "; so do %zu other%s", n - 1, n > 2 ? "s" : "");
	if (n)
		diag_warning(diags, nowhere,
			     "'%s' is excluded, but '%s' needs it: it runs all the same%s",
			     jobs[first].name, jobs[s->because[first]].name,
			     others.s ? others.s : "");
}

/* Jobs share arrays of dependencies. This is the array that was renumbered last, and the result. */
struct renumbered {
	const uint32_t *from, *to;
	uint32_t from_needs, from_any, from_held, n_any;
};

static void job_renumber(struct plan *p, const bool *is_in, const uint32_t *numbers,
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
			job_renumber(p, s->is_in, numbers, &p->jobs[i], &last);
		p->jobs[numbers[i]] = p->jobs[i];
	}
	p->n_jobs = n;
	free(numbers);
}

static void select_jobs(struct plan *plan, const struct flow_options *options, enum select_all all,
			const struct map *by_name, struct diags *diags)
{
	struct selection s;

	selection_init(&s, plan, by_name);
	select_by_options(&s, options, all, diags);
	if (s.n_queued == 0 && s.n_left_out)
		diag_error(diags, nowhere,
			   "no job is left to run: all that were selected are excluded");
	for (size_t i = 0; i < plan->n_jobs; i++)
		if (plan->jobs[i].rules->is_finally && !s.is_out[i])
			take_because(&s, i, NOBODY);
	flow_select_take_needs(&s);
	warn_of_needed(&s, diags);
	keep_selected(&s);
	selection_done(&s);
}

void select_keep(struct plan *plan, const bool *is_in)
{
	struct selection s;

	selection_init(&s, plan, NULL);
	for (size_t i = 0; i < plan->n_jobs; i++)
		if (is_in[i] || plan->jobs[i].rules->is_finally)
			take_because(&s, i, NOBODY);
	flow_select_take_needs(&s);
	keep_selected(&s);
	selection_done(&s);
}

/* ---- interactive ---- */

static const struct job_rules *interactive_rules(struct plan *p, const struct job_rules *like,
						 const char *const *terminal_env)
{
	struct job_rules *r = arena_zalloc(p->mem, sizeof(*r));

	*r = *like;
	r->is_interactive = true;
	r->terminal_env = terminal_env;
	r->timeout_s = 0;
	r->retry.max = 0;
	return r;
}

static const char *who_selects(const struct flow_options *options)
{
	if (options->items && options->items[0])
		return options->again ? "-i and --failed select" : "-i selects";
	return options->again ? "--failed selects" : "there are";
}

static void refuse_many(const struct selection *s, const struct flow_options *options,
			struct diags *diags)
{
	const struct job_spec *jobs = s->plan->jobs;
	struct diag *e = diag_error(diags, nowhere,
				    "--interactive is for one job, but %s '%s', '%s'%s",
				    who_selects(options), jobs[s->queue[0]].name,
				    jobs[s->queue[1]].name, s->n_queued > 2 ? ", …" : "");

	diag_hint(e, "select one: -i '%s'; the jobs that it needs run before it as usual",
		  jobs[s->queue[s->n_queued - 1]].name);
}

/* Removes the jobs from s->queue that do not run again. */
static void keep_failed(struct selection *s, const struct flow_again *again)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_queued; i++)
		if (again_find(again, s->plan->jobs[s->queue[i]].id))
			s->queue[n++] = s->queue[i];
	s->n_queued = n;
}

static void select_interactive(struct plan *plan, const struct flow_options *options,
			       const struct map *by_name, struct diags *diags)
{
	struct selection s;

	selection_init(&s, plan, by_name);
	select_by_options(&s, options, SELECT_EACH,
			  NULL); /* select_jobs() reports items that match nothing */
	if (options->again)
		keep_failed(&s, options->again);
	if (s.n_queued > 1) {
		refuse_many(&s, options, diags);
	} else if (s.n_queued == 1) {
		struct job_spec *job = &plan->jobs[s.queue[0]];

		job->rules = interactive_rules(plan, job->rules, options->terminal_env);
		job->n_fallback = 0;
	}
	selection_done(&s);
}

void select_plan(struct plan *plan, const struct flow_options *options, enum select_all all,
		 const struct map *by_name, struct diags *diags)
{
	unsigned n_before = diags->n_errors;

	if (options->again)
		again_mark(options->again, plan);
	if (options->is_interactive)
		select_interactive(plan, options, by_name, diags);
	if (diags->n_errors > n_before)
		return;
	if ((options->items && options->items[0]) || (options->excluded && options->excluded[0]))
		select_jobs(plan, options, all, by_name, diags);
	if (diags->n_errors == n_before && options->again)
		again_select(options->again, plan);
}
