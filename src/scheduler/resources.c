/* SPDX-License-Identifier: Apache-2.0 */
/* Resources of which there is a limited number, such as licences or boards. A job holds them from
 * submit() to the end of an attempt. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "scheduler/state.h"

struct resource *resource_get(struct sched *s, const char *name)
{
	struct resource *r = map_get(&s->resources, name);

	if (r)
		return r;
	r = xcalloc(1, sizeof(*r));
	r->name = arena_strdup(s->mem, name);
	r->limit = RESOURCE_UNLIMITED;
	list_init(&r->rivals.link);
	map_set(&s->resources, r->name, r);
	return r;
}

void resources_init(struct sched *s)
{
	for (uint32_t i = 0; i < s->options.n_limits; i++) {
		struct resource *r = resource_get(s, s->options.limits[i].name);

		r->limit = s->options.limits[i].count;
		r->has_limit = r->is_of_option = true;
		if (s->options.limits[i].units)
			units_set(r,
				  arena_memdup(s->mem, s->options.limits[i].units,
					       r->limit * sizeof(*r->units)),
				  r->limit);
	}
	s->options.limits = NULL; /* the caller owns that array */
	s->options.n_limits = 0;
}

void resources_take_plan(struct sched *s)
{
	for (uint32_t i = 0; i < s->plan->n_limits; i++) {
		struct resource *r = resource_get(s, s->plan->limits[i].name);

		r->is_asked = true;
		if (s->plan->limits[i].units && !r->units)
			units_set(r, s->plan->limits[i].units, s->plan->limits[i].count);
		if (r->has_limit)
			continue; /* the limit from the command line overrides it */
		r->limit = s->plan->limits[i].count;
		r->has_limit = true;
	}
}

void resources_done(struct sched *s)
{
	const struct map_entry *e;

	for (size_t at = 0; (e = map_next(&s->resources, &at)) != NULL;) {
		struct resource *r = e->value;

		vec_done(&r->rivals);
		free(r->taken);
		free(r);
	}
	map_done(&s->resources);
	map_done(&s->held);
}

/* How much of a resource a job needs, the sum of all its entries for it. */
static uint64_t total_of(const struct job_rules *rules, const char *name)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < rules->n_resources; i++)
		if (str_eq(rules->resources[i].name, name))
			total += rules->resources[i].count;
	return total;
}

static void check_need(struct sched *s, const struct job_spec *spec,
		       const struct resource_need *need, struct diags *diags)
{
	struct resource *r = resource_get(s, need->name);
	uint64_t total = total_of(spec->rules, need->name);
	struct diag *e;

	r->is_asked = true;
	if (!r->has_limit || r->limit == RESOURCE_UNLIMITED || total <= r->limit)
		return;
	if (need->count == RESOURCE_UNLIMITED)
		e = diag_error(diags, need->pos,
			       "job '%s' asks for %s without limit, of which %s %u", spec->id,
			       need->name, "this run has", r->limit);
	else
		e = diag_error(diags, need->pos, "job '%s' asks for %llu of %s, of which %s %u",
			       spec->id, (unsigned long long)total, need->name, "this run has",
			       r->limit);
	diag_hint(e, "give it more with -R %s=%llu, or lower what the job asks for", need->name,
		  (unsigned long long)total);
}

/* Reports only the first job that needs a resource without a limit. */
static void check_missing(struct sched *s, struct map *seen, const struct resource_need *need,
			  struct diags *diags)
{
	struct resource *r = resource_get(s, need->name);

	if (r->has_limit || map_has(seen, r->name))
		return;
	map_set(seen, r->name, (void *)need);
	if (s->options.on_missing == MISSING_WARN)
		diag_warning(diags, need->pos,
			     "the resource %s has no limit, so any number of units may be used",
			     need->name);
	else if (s->options.on_missing == MISSING_ERROR)
		diag_hint(
			diag_complaint(
				diags, need->pos,
				"the resource %s has no limit, so any number of units may be used",
				need->name),
			"set one with -R %s=N", need->name);
}

static void complain_of_all(const struct map *missing, struct diags *diags)
{
	const struct map_entry *e;
	struct str names = {0};
	struct diag *error;

	for (size_t at = 0; (e = map_next(missing, &at)) != NULL;)
		str_printf(&names, "%s%s", names.len ? ", " : "", e->key);
	error = diag_error(diags, (struct src_pos){0}, "resources without a limit: %s", names.s);
	for (size_t at = 0; (e = map_next(missing, &at)) != NULL;)
		if (((const struct resource_need *)e->value)->pos.line)
			diag_note(error, ((const struct resource_need *)e->value)->pos,
				  "%s is asked for here", e->key);
	diag_hint(error, "set one with -R NAME=N");
	str_done(&names);
}

static void check_needs(struct sched *s, const struct job_spec *spec, struct map *missing,
			struct diags *diags)
{
	const struct job_rules *rules = spec->rules;

	for (uint32_t k = 0; k < rules->n_resources; k++) {
		check_need(s, spec, &rules->resources[k], diags);
		check_missing(s, missing, &rules->resources[k], diags);
	}
}

static void warn_of_unasked(const struct sched *s, const struct resource *r, struct diags *diags)
{
	_cleanup_(str_done) struct str all = {0};
	const char **names = arena_array(s->mem, s->resources.n_live, sizeof(*names)), *near;
	const struct map_entry *e;
	struct diag *w;
	size_t n = 0;

	for (size_t at = 0; (e = map_next(&s->resources, &at)) != NULL;) {
		const struct resource *other = e->value;

		if (!other->is_asked)
			continue;
		str_printf(&all, "%s%s", n ? ", " : "", other->name);
		names[n++] = other->name;
	}
	w = diag_warning(diags, (struct src_pos){0}, "-R %s: no job of this run asks for it",
			 r->name);
	near = str_suggest(r->name, names, n);
	if (near)
		diag_hint(w, "did you mean '%s'?", near);
	else if (n)
		diag_hint(w, "jobs ask for: %s", all.s);
}

/* A limit above the number of numbered units would need units without a number. */
static void check_units(struct resource *r, struct diags *diags)
{
	if (!r->units || r->limit <= r->n_units)
		return;
	if (r->limit != RESOURCE_UNLIMITED)
		diag_hint(diag_error(diags, (struct src_pos){0},
				     "-R %s=%u: only %u of them have a number", r->name, r->limit,
				     r->n_units),
			  "-R %s=FIRST-LAST gives it others", r->name);
	r->limit = r->n_units;
}

static void check_unasked(const struct sched *s, struct diags *diags)
{
	const struct map_entry *e;

	for (size_t at = 0; (e = map_next(&s->resources, &at)) != NULL;) {
		const struct resource *r = e->value;

		if (r->is_of_option && !r->is_asked)
			warn_of_unasked(s, r, diags);
	}
}

void resources_check(struct sched *s, struct diags *diags)
{
	const struct job_rules *rules = NULL;
	const struct map_entry *e;
	struct map missing = {0};

	for (size_t at = 0; (e = map_next(&s->resources, &at)) != NULL;)
		check_units(e->value, diags);

	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct job_spec *spec = s->jobs[i].spec;

		if (spec->rules != rules)
			check_needs(s, spec, &missing, diags);
		rules = spec->rules;
		for (uint32_t k = 0; k < spec->n_fallback; k++)
			if (spec->fallback[k].rules->resources != rules->resources)
				check_needs(s, &spec->fallback[k], &missing, diags);
	}
	if (missing.n_live && s->options.on_missing == MISSING_FATAL)
		complain_of_all(&missing, diags);
	map_done(&missing);
	check_unasked(s, diags);
}

void sched_set_resource(struct sched *s, const char *name, uint32_t count)
{
	struct resource *r = resource_get(s, name);

	r->limit = r->units && count > r->n_units ? r->n_units : count;
	r->has_limit = true;
	rivals_changed(s, r);
	s->host->wake(s->host);
}
