/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dependencies and fallbacks. A case is compiled after its runtime and all dependencies at HEAD are
 * built, and runs after it is compiled. The fallback does the same on the pin: the case is compiled
 * again, then run. Both are stages of the one job that has the result of the case.
 */
#include <string.h>

#include "flow/cases/cases.h"
#include "flow/native/expand.h"

struct dep_list {
	uint32_t *at;
	uint32_t n;
};

static void cases_plan_add(struct dep_list *d, const struct cases *b, size_t entry)
{
	if (entry != NO_ENTRY)
		d->at[d->n++] = (uint32_t)b->entries.at[entry].first;
}

static void add_pins(struct dep_list *d, const struct cases *b, int side)
{
	for (size_t i = 0; i < b->n_pins; i++)
		cases_plan_add(d, b, b->pins[i].builds[side]);
}

static void cases_plan_set_deps(struct cases *b, struct plan *plan, struct found_case *c,
				size_t entry, bool is_run)
{
	struct job_spec *job = &plan->jobs[b->entries.at[entry].first];
	struct dep_list d = {0};

	d.at = arena_array(plan->mem, c->n_compiles + 2 * b->n_pins + 1, sizeof(*d.at));
	if (is_run && c->n_compiles) {
		for (size_t i = 0; i < c->n_compiles; i++)
			cases_plan_add(&d, b, c->first_compile + i);
	} else {
		add_pins(&d, b, ON_HEAD);
		cases_plan_add(&d, b, c->runtime->build);
	}
	job->n_needs = d.n;
	if (cases_have_pin(b))
		add_pins(&d, b, ON_PIN);
	job->n_held = d.n - job->n_needs;
	job->deps = d.at;
}

/* Writing the file <out>/case creates the directory that a compile job writes to. The file names
 * the case that the directory belongs to. */
static const struct job_steps *steps_of(struct plan *plan, const struct found_case *c, int side)
{
	struct job_steps *steps = arena_zalloc(plan->mem, sizeof(*steps));

	steps->write_path = arena_printf(plan->mem, "%s/case", c->outs[side]);
	steps->write_text = arena_printf(plan->mem, "%s\n%s\n", c->id, c->dir);
	return steps;
}

static void add_stage(struct plan *plan, struct entry *e, struct job_spec *job, const char *name,
		      struct job_spec *ret)
{
	entry_compile(e->load, e);
	expand_stage(plan, e, job, name, ret);
	job->n_fallback++;
}

static const char *compile_stage(struct plan *plan, const struct found_case *c, size_t i)
{
	return c->n_compiles == 1 ? "pin: compile"
				  : arena_printf(plan->mem, "pin: compile-%zu", i + 1);
}

/* The fallback of a compile job is the same job on the pin. The fallback of the run is all compile
 * jobs on the pin, then the run. */
static void set_fallback(struct cases *b, struct plan *plan, struct found_case *c, size_t entry,
			 bool is_run)
{
	struct job_spec *job = &plan->jobs[b->entries.at[entry].first];
	struct job_spec *stages = arena_array(plan->mem, c->n_compiles + 1, sizeof(*stages));
	size_t first = is_run ? 0 : entry - c->first_compile;
	size_t n = is_run ? c->n_compiles : 1;

	job->fallback = stages;
	for (size_t i = 0; i < n; i++) {
		struct job_spec *stage = &stages[job->n_fallback];

		add_stage(plan, &c->pin_compiles[first + i], job,
			  is_run ? compile_stage(plan, c, i) : "pin", stage);
		stage->steps = steps_of(plan, c, ON_PIN);
	}
	if (is_run)
		add_stage(plan, c->pin_run, job, "pin", &stages[job->n_fallback]);
}

static void connect_case(struct cases *b, struct plan *plan, struct found_case *c)
{
	for (size_t i = 0; i < c->n_compiles; i++) {
		size_t entry = c->first_compile + i;

		cases_plan_set_deps(b, plan, c, entry, false);
		plan->jobs[b->entries.at[entry].first].steps = steps_of(plan, c, ON_HEAD);
		if (cases_have_pin(b))
			set_fallback(b, plan, c, entry, false);
	}
	cases_plan_set_deps(b, plan, c, c->run, true);
	if (cases_have_pin(b))
		set_fallback(b, plan, c, c->run, true);
}

void cases_connect(struct cases *b, struct plan *plan)
{
	for (size_t i = 0; i < b->n_cases; i++)
		connect_case(b, plan, &b->cases[i]);
}
