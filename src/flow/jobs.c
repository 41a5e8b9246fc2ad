/* SPDX-License-Identifier: Apache-2.0 */
/* `flow: jobs`: a plain graph of jobs, and sweeps. Every key is in docs/config.md. */
#include <string.h>

#include "base/fs.h"
#include "flow/expand.h"
#include "flow/names.h"
#include "flow/needs.h"
#include "flow/select.h"
#include "flow/setting_objects.h"
#include "flow/types.h"

static const struct flow_key top_keys[] = {
	{"flow", "string", "required", "\"jobs\"", FLOW_KEY_TOP},
	{"name", "string", "the file's name without its ending",
	 "directory in the scratch root in which the jobs' directories are", FLOW_KEY_TOP},
	{"description", "string", "none", "for people who read the file", FLOW_KEY_TOP},
	{"vars", "object", "none", "names and values for {words}; -D changes them", FLOW_KEY_TOP},
	{"defaults", "object", "none", "settings for all jobs", FLOW_KEY_TOP},
	{"jobs", "list", "required", "the jobs", FLOW_KEY_TOP},
	{"resources", "object", "none", "how many there are of each resource: { VCS: 4 }",
	 FLOW_KEY_TOP},
	{"backends", "object", "none", "settings of backends: { fake: { mean: \"1s\" } }",
	 FLOW_KEY_TOP},
	{"import_cfgs", "strings", "none", "files to merge into this one", FLOW_KEY_TOP},
	{"overrides", "list", "none", "values that win over those of imported files", FLOW_KEY_TOP},
};

const struct flow_key *flow_jobs_key(size_t n)
{
	if (n < ARRAY_LEN(top_keys))
		return &top_keys[n];
	n -= ARRAY_LEN(top_keys);
	if (n < n_entry_keys)
		return &entry_keys[n];
	n -= n_entry_keys;
	return n < n_setting_keys ? &setting_keys[n].doc : NULL;
}

/* What the top level says. */
struct top {
	struct text name;
	struct settings defaults;
	struct entry *entries;
	size_t n_entries;
	const struct resource_need *limits;
	uint32_t n_limits;
};

static void read_defaults(struct load *l, struct hjson_node *node,
			  const struct flow_options *options, struct settings *ret)
{
	struct cfg_fields *f = cfg_fields_new(l->cfg, node, "defaults", l->diags);
	struct hjson_node *m;

	*ret = settings_default;
	settings_read(l, f, options, ret);
	for (size_t i = 0; i < n_entry_keys; i++) {
		m = cfg_fields_node(f, entry_keys[i].key);
		if (m)
			cfg_key_error(l->cfg, l->diags, m, "'%s' cannot be a default",
				      entry_keys[i].key);
	}
	cfg_fields_end(f);
}

/* `npu: { type: "chips", … }`: one of ours under another name. */
static bool is_named_after(struct load *l, const struct flow_options *options, struct hjson_node *m)
{
	struct hjson_node *type = m->type == HJSON_OBJECT ? hjson_get(m, "type") : NULL;

	return type && type->type == HJSON_STRING &&
	       options->is_backend(hjson_cstr(cfg_doc(l->cfg), type));
}

static void check_backends(struct load *l, struct hjson_node *node,
			   const struct flow_options *options)
{
	struct hjson_node *m;

	if (!node)
		return;
	if (node->type != HJSON_OBJECT) {
		cfg_error(l->cfg, l->diags, node, "'backends' must be an object");
		return;
	}
	hjson_for_each (m, node) {
		const char *key = hjson_key_cstr(cfg_doc(l->cfg), m);

		if (options->is_backend && !options->is_backend(key) &&
		    !is_named_after(l, options, m))
			cfg_key_error(l->cfg, l->diags, m, "there is no backend '%s'",
				      text_printable(l->mem, key));
		else if (m->type != HJSON_OBJECT)
			cfg_error(l->cfg, l->diags, m, "'backends.%s' must be an object", key);
	}
}

static void read_jobs(struct load *l, struct hjson_node *node, const struct flow_options *options,
		      struct top *top)
{
	struct hjson_node *e;

	if (!node) {
		diag_error(l->diags, cfg_start(l->cfg), "the configuration has no 'jobs'");
		return;
	}
	if (node->type != HJSON_ARRAY || node->n == 0) {
		cfg_error(l->cfg, l->diags, node,
			  node->type == HJSON_ARRAY ? "'jobs' is empty"
						    : "'jobs' must be a list of objects");
		return;
	}
	top->entries = arena_array(l->mem, node->n, sizeof(*top->entries));
	hjson_for_each (e, node)
		entry_read(l, e, options, &top->defaults, &top->entries[top->n_entries++]);
	for (size_t i = 0; i < top->n_entries; i++)
		entry_compile(l, &top->entries[i]);
}

static const char *name_of_file(struct load *l)
{
	const char *base = path_base(cfg_path(l->cfg)), *dot = strrchr(base, '.');

	return arena_strndup(l->mem, base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

static void read_name(struct load *l, struct cfg_fields *f, struct top *top)
{
	const char *fault;

	top->name = settings_text(f, "name", (struct text){name_of_file(l), cfg_root(l->cfg)});
	fault = name_cfg_fault(top->name.s);
	if (fault)
		cfg_error(l->cfg, l->diags, top->name.at, "the name '%s' %s",
			  text_printable(l->mem, top->name.s), fault);
}

static void read_top(struct load *l, const struct flow_options *options, struct top *top)
{
	struct cfg_fields *f = cfg_fields_new(l->cfg, cfg_root(l->cfg), "configuration", l->diags);

	for (size_t i = 0; i < ARRAY_LEN(top_keys); i++)
		cfg_fields_allow(f, top_keys[i].key);
	read_name(l, f, top);
	cfg_fields_string(f, "description", NULL);
	vars_read(l, cfg_fields_node(f, "vars"));
	read_defaults(l, cfg_fields_node(f, "defaults"), options, &top->defaults);
	read_jobs(l, cfg_fields_node(f, "jobs"), options, top);
	top->limits = settings_resources(f, "resources", 0, &top->n_limits);
	check_backends(l, cfg_fields_node(f, "backends"), options);
	cfg_fields_end(f);
	vars_check_defines(l);
}

static void check_size(struct load *l, const struct top *top)
{
	uint64_t n = 0;

	for (size_t i = 0; i < top->n_entries; i++) {
		n += top->entries[i].sweep.n_jobs;
		if (n > FLOW_MOST_JOBS) {
			cfg_error(l->cfg, l->diags, top->entries[i].node,
				  "with this job there are more than 10,000,000");
			return;
		}
	}
}

static const struct resource_limit *copy_limits(struct arena *mem, const struct top *top)
{
	struct resource_limit *list = arena_array(mem, top->n_limits, sizeof(*list));

	for (uint32_t i = 0; i < top->n_limits; i++) {
		list[i].name = arena_strdup(mem, top->limits[i].name);
		list[i].count = top->limits[i].count;
	}
	return list;
}

static void fill_plan(struct load *l, struct plan *plan, const struct top *top,
		      const struct flow_options *options)
{
	plan->flow = "jobs";
	plan->name = arena_strdup(plan->mem, top->name.s);
	plan->cfg_path = arena_strdup(plan->mem, cfg_path(l->cfg));
	plan->scratch_root = arena_strdup(plan->mem, options->scratch_root);
	plan->limits = copy_limits(plan->mem, top);
	plan->n_limits = top->n_limits;
}

/* From texts to a graph; each step only if those before found no fault, because one fault makes
 * others. */
static void make_graph(struct load *l, struct plan *plan, const struct top *top,
		       const struct flow_options *options)
{
	unsigned n_before = l->diags->n_errors;
	struct map by_name = {0};

	expand_entries(l, plan, top->entries, top->n_entries, &by_name);
	if (l->diags->n_errors == n_before)
		needs_resolve(l, plan, &by_name, top->entries, top->n_entries);
	if (l->diags->n_errors == n_before && options->dv && options->dv->is_interactive)
		select_interactive(plan, options->items, &by_name, l->diags);
	if (l->diags->n_errors == n_before && options->items && options->items[0])
		select_jobs(plan, options->items, &by_name, l->diags);
	map_done(&by_name);
}

static struct plan *jobs_make(struct cfg *c, const struct flow_options *options,
			      struct diags *diags)
{
	struct load l = {.cfg = c, .diags = diags, .mem = arena_new()};
	unsigned n_before = diags->n_errors;
	struct plan *plan = NULL;
	struct top top = {0};

	vars_init(&l, options->defines);
	vars_set(&l.vars, "scratch", options->scratch_root);
	vars_set(&l.vars, "cfg_dir", cfg_dir(c));
	if (cfg_override(c, diags) == 0) {
		l.backends = hjson_get(cfg_root(c), "backends");
		read_top(&l, options, &top);
	}
	check_size(&l, &top);
	if (diags->n_errors == n_before) {
		plan = plan_new();
		fill_plan(&l, plan, &top, options);
		make_graph(&l, plan, &top, options);
	}
	if (diags->n_errors > n_before) {
		plan_free(plan);
		plan = NULL;
	}
	vars_done(&l.vars);
	arena_free(l.mem);
	return plan;
}

const struct flow_type flow_jobs = {
	.name = "jobs",
	.help = "a graph of jobs, and sweeps",
	.make = jobs_make,
};
