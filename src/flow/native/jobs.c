/* SPDX-License-Identifier: Apache-2.0 */
/* `flow: jobs`: a plain graph of jobs, and sweeps. Every key is in docs/reference/config.md. */
#include <string.h>

#include "flow/native/expand.h"
#include "flow/native/native.h"
#include "flow/native/needs.h"
#include "flow/native/words/words.h"
#include "flow/select.h"
#include "flow/types.h"

static const struct flow_key top_keys[] = {
	{"flow", "string", "required", "\"jobs\"", FLOW_KEY_TOP},
	{"name", "string", "the file's name without its ending",
	 "directory in the scratch root in which the jobs' directories are", FLOW_KEY_TOP},
	{"description", "string", "none", "for people who read the file", FLOW_KEY_TOP},
	{"vars", "object", "none", "names and values for {words}; -D changes them", FLOW_KEY_TOP},
	{"defaults", "object", "none", "settings for all jobs", FLOW_KEY_TOP},
	{"jobs", "list", "required", "the jobs", FLOW_KEY_TOP},
	{"resources", "object", "none",
	 "number of units of each resource, or their numbers: { VCS: 4, PORT: \"60000-60015\" }",
	 FLOW_KEY_TOP},
	{"backends", "object", "none",
	 "settings of backends: { fake: { duration: \"1s\" } }; {words} of vars", FLOW_KEY_TOP},
	{"keep_runs", "whole number", "20", "records of runs to keep; 0: all", FLOW_KEY_TOP},
	{"passed_links", "boolean", "false", "passed/ has a link for each job that passed",
	 FLOW_KEY_TOP},
	{"sources", "object", "none",
	 "{ generated: globs of files that jobs write into the sources }, for resume",
	 FLOW_KEY_TOP},
	{"import_cfgs", "strings", "none", "files to merge into this one", FLOW_KEY_TOP},
	{"overrides", "list", "none", "values that override those of imported files", FLOW_KEY_TOP},
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

/* The top level of the configuration. */
struct top {
	struct native_top native;
	struct settings defaults;
	struct entry *entries;
	size_t n_entries;
};

static void read_jobs(struct load *l, struct hjson_node *node, struct top *top)
{
	struct hjson_node *e;

	l->has_unknown_jobs |= !node || node->type != HJSON_ARRAY || node->n == 0;
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
		entry_read(l, e, &top->defaults, &top->entries[top->n_entries++]);
	for (size_t i = 0; i < top->n_entries; i++)
		entry_compile(l, &top->entries[i]);
}

static void read_top(struct load *l, const struct flow_options *options, struct top *top)
{
	struct cfg_fields *f = cfg_fields_new(l->cfg, cfg_root(l->cfg), "configuration", l->diags);
	unsigned n_before;

	for (size_t i = 0; i < ARRAY_LEN(top_keys); i++)
		cfg_fields_allow(f, top_keys[i].key);
	native_read_name(l, f, &top->native);
	cfg_fields_string(f, "description", NULL);
	n_before = l->diags->n_errors;
	vars_read(l, cfg_fields_node(f, "vars"));
	native_read_backends(l, options);
	l->has_unknown_jobs |= l->diags->n_errors > n_before;
	top->defaults = settings_default;
	native_read_defaults(l, cfg_fields_node(f, "defaults"), "defaults", &top->defaults);
	read_jobs(l, cfg_fields_node(f, "jobs"), top);
	native_read_machines(l, f, &top->native);
	cfg_fields_end(f);
	n_before = l->diags->n_errors;
	vars_check_defines(l);
	l->has_unknown_jobs |= l->diags->n_errors > n_before;
}

static void check_size(struct load *l, const struct top *top)
{
	uint64_t n = 0;

	for (size_t i = 0; i < top->n_entries; i++) {
		n += top->entries[i].sweep.n_jobs;
		if (n > FLOW_MOST_JOBS) {
			cfg_error(l->cfg, l->diags, top->entries[i].node,
				  "more than 10,000,000 jobs, counted up to this one");
			l->has_unknown_jobs = true;
			return;
		}
	}
}

/* Jobs, dependencies, selection. A step is left out if an earlier error would cause others in it.
 */
static void make_graph(struct load *l, struct plan *plan, const struct top *top,
		       const struct flow_options *options, unsigned n_before)
{
	struct map by_name = {0};
	struct expand_faults faults = expand_entries(plan, top->entries, top->n_entries, &by_name);
	unsigned n_expanded = l->diags->n_errors;

	if (!faults.is_cut)
		needs_resolve(l, plan, &by_name, top->entries, top->n_entries);
	if (!faults.is_cut && l->diags->n_errors == n_expanded)
		select_plan(plan, options, SELECT_EACH, &by_name, l->diags);
	if (!faults.is_cut && !faults.has_twins && l->diags->n_errors > n_before &&
	    options->check_refused)
		options->check_refused(options->check_ctx, plan, l->diags);
	map_done(&by_name);
}

static struct plan *jobs_make(const struct flow_type *type, struct cfg *c,
			      const struct flow_options *options, struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	struct plan *plan = NULL;
	struct top top = {0};
	struct load l;

	native_init(&l, c, options, diags);
	if (native_override(&l) == 0) {
		read_top(&l, options, &top);
		check_size(&l, &top);
		if (!l.has_unknown_jobs) {
			plan = native_plan(&l, type->name, &top.native, options);
			make_graph(&l, plan, &top, options, n_before);
		}
	}
	if (diags->n_errors > n_before) {
		plan_free(plan);
		plan = NULL;
	}
	native_done(&l);
	return plan;
}

const struct flow_type flow_jobs = {
	.name = "jobs",
	.kind = FLOW_NATIVE,
	.replace_words = native_replace_words,
	.help = "a graph of jobs, and sweeps",
	.make = jobs_make,
};
