/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/native.h"

#include <string.h>

#include "base/fs.h"
#include "flow/generated.h"
#include "flow/names.h"
#include "flow/native/entry.h"
#include "flow/native/setting_objects.h"
#include "flow/native/words/words.h"

enum { KEEP_RUNS_MOST = 1000000 };

void native_init(struct load *l, struct cfg *c, const struct flow_options *options,
		 struct diags *diags)
{
	*l = (struct load){
		.cfg = c,
		.diags = diags,
		.mem = arena_new(),
		.job_keys = options->job_keys,
		.check_backend = options->check_backend,
	};
	vars_init(l, options->defines);
	vars_set(&l->vars, "scratch", options->scratch_root);
	vars_set(&l->vars, "cfg_dir", cfg_dir(c));
}

void native_done(struct load *l)
{
	vars_done(&l->vars);
	arena_free(l->mem);
}

int native_override(struct load *l)
{
	if (cfg_override(l->cfg, l->diags) < 0)
		return -1;
	l->backends = hjson_get(cfg_root(l->cfg), "backends");
	return 0;
}

void native_read_backends(struct load *l, const struct flow_options *options)
{
	words_in_backends(l);
	if (options->backend_types)
		l->roster = roster_read(cfg_mem(l->cfg), l->cfg, options->backend_types);
}

void native_replace_words(struct cfg *c, const struct flow_options *options, bool must_use,
			  struct diags *diags)
{
	struct load l;

	native_init(&l, c, options, diags);
	l.backends = hjson_get(cfg_root(c), "backends");
	vars_read(&l, hjson_get(cfg_root(c), "vars"));
	words_in_backends(&l);
	vars_show_defines(&l);
	if (must_use)
		vars_check_defines(&l);
	native_done(&l);
}

static const char *name_of_file(struct load *l)
{
	const char *base = path_base(cfg_path(l->cfg)), *dot = strrchr(base, '.');

	return arena_strndup(l->mem, base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

void native_read_name(struct load *l, struct cfg_fields *f, struct native_top *top)
{
	const char *fault;

	top->name = settings_text(f, "name", (struct text){name_of_file(l), cfg_root(l->cfg)});
	fault = name_cfg_fault(top->name.s);
	if (fault)
		cfg_error(l->cfg, l->diags, top->name.at, "the name '%s' %s",
			  text_printable(l->mem, top->name.s), fault);
}

void native_read_defaults(struct load *l, struct hjson_node *node, const char *what,
			  struct settings *ret)
{
	struct cfg_fields *f = cfg_fields_new(l->cfg, node, what, l->diags);
	struct hjson_node *m;

	settings_read(l, f, ret);
	for (size_t i = 0; i < n_entry_keys; i++) {
		m = cfg_fields_node(f, entry_keys[i].key);
		if (m)
			cfg_key_error(l->cfg, l->diags, m, "'%s' cannot be a default",
				      entry_keys[i].key);
	}
	cfg_fields_end(f);
}

void native_read_machines(struct load *l, struct cfg_fields *f, struct native_top *top)
{
	top->limits = settings_limits(l, f, "resources", &top->n_limits);
	if (l->roster)
		roster_check(l->roster, l->check_backend, l->diags);
	top->keep_runs = (uint32_t)cfg_fields_int(f, "keep_runs", 0, KEEP_RUNS_MOST,
						  PLAN_KEEP_RUNS);
	top->has_passed_links = cfg_fields_bool(f, "passed_links", false);
}

static const struct resource_limit *copy_limits(struct arena *mem, const struct native_top *top)
{
	struct resource_limit *list = arena_array(mem, top->n_limits, sizeof(*list));

	for (uint32_t i = 0; i < top->n_limits; i++) {
		list[i].name = arena_strdup(mem, top->limits[i].name);
		list[i].count = top->limits[i].count;
		if (top->limits[i].units)
			list[i].units = arena_memdup(mem, top->limits[i].units,
						     list[i].count * sizeof(*list[i].units));
	}
	return list;
}

struct plan *native_plan(struct load *l, const char *flow, const struct native_top *top,
			 const struct flow_options *options)
{
	struct plan *plan = plan_new();

	plan->flow = flow;
	plan->name = arena_strdup(plan->mem, top->name.s);
	plan->cfg_path = arena_strdup(plan->mem, cfg_path(l->cfg));
	plan->scratch_root = arena_strdup(plan->mem, options->scratch_root);
	plan->limits = copy_limits(plan->mem, top);
	plan->n_limits = top->n_limits;
	plan->keep_runs = top->keep_runs;
	plan->has_passed_links = top->has_passed_links;
	plan->roster = l->roster;
	generated_read(l->cfg, cfg_dir(l->cfg), plan, l->diags);
	return plan;
}
