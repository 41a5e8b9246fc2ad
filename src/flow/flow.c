/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow.h"

#include <string.h>

#include "flow/job_limits.h"
#include "flow/types.h"

const struct flow_type *const flow_types[] = {
#define FLOW(name) &flow_##name,
#include "flow/list.h"
#undef FLOW
	NULL,
};

static const char *flow_name_suggest(const char *name)
{
	const char *names[ARRAY_LEN(flow_types)];
	size_t n = 0;

	for (; flow_types[n]; n++)
		names[n] = flow_types[n]->name;
	return str_suggest(name, names, n);
}

static const struct flow_type *flow_type_find(const char *name)
{
	for (size_t i = 0; flow_types[i]; i++)
		if (strcmp(flow_types[i]->name, name) == 0)
			return flow_types[i];
	return NULL;
}

/* NULL: there is no such flow, or root names none. */
static const struct flow_type *type_named(const struct cfg *c, struct hjson_node *root)
{
	struct hjson_node *flow = hjson_get(root, "flow");

	return flow && flow->type == HJSON_STRING ? flow_type_find(hjson_cstr(cfg_doc(c), flow))
						  : NULL;
}

bool flow_is_native(const struct cfg *c, struct hjson_node *root)
{
	const struct flow_type *type = type_named(c, root);

	return type && type->kind == FLOW_NATIVE;
}

static void hint_at_all(struct diag *e)
{
	_cleanup_(str_done) struct str all = {0};

	for (size_t i = 0; flow_types[i]; i++)
		str_printf(&all, "%s%s", i ? ", " : "", flow_types[i]->name);
	diag_hint(e, "this version has: %s", all.s);
}

static const struct flow_type *type_of(struct cfg *c, struct diags *diags)
{
	struct hjson_node *node = hjson_get(cfg_root(c), "flow");
	const struct flow_type *type;
	const char *name, *near;
	struct diag *e;

	if (!node) {
		e = diag_error(diags, cfg_start(c), "the configuration has no 'flow'");
		diag_hint(e, "for a graph of jobs write 'flow: jobs'");
		return NULL;
	}
	if (node->type != HJSON_STRING) {
		cfg_error(c, diags, node, "'flow' must be a string");
		return NULL;
	}
	name = hjson_cstr(cfg_doc(c), node);
	type = flow_type_find(name);
	if (type)
		return type;
	e = cfg_error(c, diags, node, "there is no flow '%s'", name);
	near = flow_name_suggest(name);
	if (strchr(name, ','))
		diag_hint(e, "a text without quotes goes on to the end of its line");
	else if (near)
		diag_hint(e, "did you mean '%s'?", near);
	else
		hint_at_all(e);
	return NULL;
}

struct plan *flow_plan(struct cfg *c, const struct flow_options *options, struct diags *diags)
{
	const struct flow_type *type = type_of(c, diags);
	struct plan *plan = type ? type->make(type, c, options, diags) : NULL;

	if (!plan)
		return NULL;
	if (!plan->report)
		plan->report = type->report;
	job_limits_set(plan, type, options);
	return plan;
}

const struct job_reader *flow_reader(const char *name)
{
	for (size_t i = 0; flow_types[i]; i++)
		for (const struct job_reader *r = flow_types[i]->readers; r && r->name; r++)
			if (strcmp(r->name, name) == 0)
				return r;
	return NULL;
}

void flow_replace_words(struct cfg *c, const struct flow_options *options, bool must_use,
			struct diags *diags)
{
	const struct flow_type *type = type_named(c, cfg_root(c));

	/* An unknown flow is handled as DVSim's, where words are keys of the configuration. */
	if (!type)
		type = hjson_get(cfg_root(c), "flow") ? &flow_sim : &flow_jobs;
	type->replace_words(c, options, must_use, diags);
}

int flow_resolve(struct cfg *c, const struct flow_options *options, struct diags *diags)
{
	const struct cfg_expand_options lenient = {.is_lenient = true};

	flow_replace_words(c, options, false, diags);
	return flow_is_native(c, cfg_root(c)) ? 0 : cfg_expand(c, &lenient, diags);
}

void flow_warn(struct cfg *c, const struct flow_options *options, struct diags *diags)
{
	struct diags of_plan;

	if (!flow_is_native(c, cfg_root(c)))
		return;
	diags_init(&of_plan);
	plan_free(flow_plan(c, options, &of_plan));
	if (!of_plan.n_errors)
		diags_move(diags, &of_plan);
	diags_done(&of_plan);
}
