/* SPDX-License-Identifier: Apache-2.0 */
/* `flow: cases`: a batch of cases that are found in directories. Every key: docs/guides/cases.md.
 */
#include "flow/cases/cases.h"

#include <stdlib.h>

#include "base/fs.h"
#include "flow/native/expand.h"
#include "flow/native/words/words.h"
#include "flow/select.h"
#include "flow/types.h"

static const char *const top_keys[] = {
	"flow",		"name",	       "description", "vars",	   "defaults", "builds",
	"cases",	"runtimes",    "pins",	      "resources", "backends", "keep_runs",
	"passed_links", "import_cfgs", "overrides",   "sources",
};

static void read_cases(struct cases *b, struct hjson_node *node)
{
	struct case_places places = {0};

	if (!node) {
		diag_error(b->load->diags, cfg_start(b->load->cfg),
			   "the configuration has no 'cases'");
		return;
	}
	cases_find(b, node, &places);
	cases_read_all(b, &places);
	free(places.at);
}

static void read_top(struct cases *b)
{
	struct load *l = b->load;
	struct cfg_fields *f = cfg_fields_new(l->cfg, cfg_root(l->cfg), "configuration", l->diags);

	for (size_t i = 0; i < ARRAY_LEN(top_keys); i++)
		cfg_fields_allow(f, top_keys[i]);
	native_read_name(l, f, &b->native);
	b->scratch_path = path_join(l->mem, b->options->scratch_root, b->native.name.s);
	cfg_fields_string(f, "description", NULL);
	vars_read(l, cfg_fields_node(f, "vars"));
	native_read_backends(l, b->options);
	b->defaults = b->builds = settings_default;
	native_read_defaults(l, cfg_fields_node(f, "defaults"), "defaults", &b->defaults);
	native_read_defaults(l, cfg_fields_node(f, "builds"), "builds", &b->builds);
	cases_read_pins(b, cfg_fields_node(f, "pins"));
	cases_read_runtimes(b, cfg_fields_node(f, "runtimes"));
	read_cases(b, cfg_fields_node(f, "cases"));
	native_read_machines(l, f, &b->native);
	cfg_fields_end(f);
	vars_check_defines(l);
}

static void make_graph(struct cases *b, struct plan *plan)
{
	const struct flow_options *o = b->options;
	struct diags *diags = b->load->diags;
	unsigned n_before = diags->n_errors;
	struct map by_name = {0};

	for (size_t i = 0; i < b->entries.n; i++)
		entry_compile(b->entries.at[i].load, &b->entries.at[i]);
	if (diags->n_errors == n_before)
		expand_entries(plan, b->entries.at, b->entries.n, &by_name);
	if (diags->n_errors == n_before)
		cases_connect(b, plan);
	if (diags->n_errors == n_before)
		select_plan(plan, o, SELECT_ENDS, &by_name, diags);
	map_done(&by_name);
}

static struct plan *cases_make(const struct flow_type *type, struct cfg *c,
			       const struct flow_options *options, struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	struct plan *plan = NULL;
	struct load l;
	struct cases b = {.load = &l, .options = options};

	native_init(&l, c, options, diags);
	if (native_override(&l) == 0)
		read_top(&b);
	if (diags->n_errors == n_before) {
		plan = native_plan(&l, type->name, &b.native, options);
		make_graph(&b, plan);
	}
	if (diags->n_errors > n_before) {
		plan_free(plan);
		plan = NULL;
	}
	cases_done(&b);
	native_done(&l);
	return plan;
}

const struct flow_type flow_cases = {
	.name = "cases",
	.kind = FLOW_NATIVE,
	.replace_words = native_replace_words,
	.help = "cases that are found in directories, each compiled and run",
	.make = cases_make,
};
