/* SPDX-License-Identifier: Apache-2.0 */
/* Modes, tests and regressions of a simulation, merged as docs/guides/dvsim.md says. */
#include <string.h>
#include <strings.h>

#include "flow/dv/sim/sim.h"

static struct hjson_doc *doc_of(const struct dv_cfg *s)
{
	return cfg_doc(s->reader.cfg);
}

/* Reads a list of names at the top level of the configuration. */
static void read_names(struct dv_cfg *s, const char *key, struct node_list *ret)
{
	struct hjson_node *list = dv_cfg_value(s, key), *e;

	if (!list || list->type != HJSON_ARRAY)
		return;
	hjson_for_each (e, list)
		if (e->type == HJSON_STRING)
			node_list_add(&s->reader, ret, e);
}

static void report_unknown(struct dv_cfg *s, const struct modes *all, struct hjson_node *name,
			   const char *kind)
{
	const char *text = cfg_string(s->reader.cfg, name);
	static const char told[] = "the %s '%s' is enabled, but not defined";
	/* A name without a position is enabled by an option, or by default. */
	struct diag *e = name->pos
				 ? cfg_error(s->reader.cfg, s->reader.diags, name, told, kind, text)
				 : diag_error(s->reader.diags, cfg_start(s->reader.cfg), told, kind,
					      text);

	if (!modes_hint(&s->reader, all, text, e) && !name->pos &&
	    (strcmp(text, "waves_off") == 0 || strcmp(text, "xprop") == 0))
		diag_hint(e, "every configuration needs the modes 'waves_off' and 'xprop'; "
			     "--xprop-off does without the latter");
}

static struct mode *find_mode(struct dv_cfg *s, const struct modes *all, struct hjson_node *name,
			      const char *kind)
{
	struct mode *mode = modes_find(all, cfg_string(s->reader.cfg, name));

	if (!mode)
		report_unknown(s, all, name, kind);
	return mode;
}

/* ---- what all tests and builds get ---- */

static void read_globals(struct dv_cfg *s)
{
	for (int i = 0; i < N_GLOBAL_LISTS; i++)
		read_names(s, mode_list_key((enum mode_list)i), &s->sim->globals[i]);
	for (uint32_t i = 0; i < s->sim->en_build_modes.n; i++) {
		struct mode *m = find_mode(s, &s->build_modes, s->sim->en_build_modes.at[i],
					   "build mode");

		if (m)
			mode_lists_extend(&s->reader, s->sim->globals, m->lists,
					  LIST_PRE_BUILD_CMDS, LIST_SW_BUILD_OPTS);
	}
	for (uint32_t i = 0; i < s->sim->en_run_modes.n; i++) {
		struct mode *m = find_mode(s, &s->sim->run_modes, s->sim->en_run_modes.at[i],
					   "run mode");

		if (m)
			mode_lists_extend(&s->reader, s->sim->globals, m->lists, LIST_PRE_RUN_CMDS,
					  LIST_SW_BUILD_OPTS);
	}
}

/* ---- tests ---- */

static bool is_empty(const struct hjson_node *n)
{
	return !n || (n->type == HJSON_STRING && n->n == 0);
}

/* Is the value "" if nothing sets it? */
static bool is_text_value(enum mode_value v)
{
	return v == VALUE_UVM_TEST || v == VALUE_UVM_TEST_SEQ || v == VALUE_SW_BUILD_DEVICE;
}

static const enum mode_value inherited[] = {
	VALUE_RESEED,	       VALUE_UVM_TEST,	  VALUE_UVM_TEST_SEQ,
	VALUE_BUILD_MODE,      VALUE_RUN_TIMEOUT, VALUE_RUN_TIMEOUT_MULTIPLIER,
	VALUE_SW_BUILD_DEVICE,
};

/* What the configuration as a whole says of them. */
struct inherited_values {
	struct hjson_node *at[ARRAY_LEN(inherited)]; /* NULL: nothing */
};

static struct inherited_values find_inherited(const struct dv_cfg *s)
{
	struct inherited_values ret;

	for (size_t i = 0; i < ARRAY_LEN(inherited); i++)
		ret.at[i] = dv_cfg_value(s, mode_value_key(inherited[i]));
	return ret;
}

static void inherit_values(struct dv_cfg *s, const struct inherited_values *from, struct mode *test)
{
	static const enum mode_list lists[] = {LIST_SW_IMAGES, LIST_SW_BUILD_OPTS};

	for (size_t i = 0; i < ARRAY_LEN(inherited); i++) {
		struct hjson_node **value = &test->values[inherited[i]];

		if (is_empty(*value) && from->at[i])
			*value = from->at[i];
		else if (!*value && is_text_value(inherited[i]))
			*value = hjson_new_string(doc_of(s), "", 0, 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (test->lists[lists[i]].n == 0)
			node_list_extend(&s->reader, &test->lists[lists[i]],
					 &s->sim->globals[lists[i]]);
}

static void enable_run_modes(struct dv_cfg *s, struct mode *test)
{
	struct node_list names = test->lists[LIST_EN_RUN_MODES];

	for (uint32_t i = 0; i < names.n; i++) {
		struct mode *m;

		if (node_list_has(&s->reader, &s->sim->en_run_modes,
				  cfg_string(s->reader.cfg, names.at[i])))
			continue;
		m = find_mode(s, &s->sim->run_modes, names.at[i], "run mode");
		if (m)
			mode_merge(&s->reader, test, m);
	}
}

static void give_build(struct dv_cfg *s, struct mode *test)
{
	struct hjson_node *name = test->values[VALUE_BUILD_MODE];
	struct mode *build;

	if (!name || name->type != HJSON_STRING) {
		cfg_error(s->reader.cfg, s->reader.diags, name ? name : test->node,
			  "test '%s': 'build_mode' must be a string", test->name);
		return;
	}
	build = modes_find(&s->build_modes, cfg_string(s->reader.cfg, name));
	if (!build) {
		cfg_error(s->reader.cfg, s->reader.diags, name,
			  "test '%s' wants the build mode '%s', which is not defined", test->name,
			  cfg_string(s->reader.cfg, name));
		return;
	}
	map_set(&s->sim->test_builds, test->name, build);
	mode_lists_extend(&s->reader, test->lists, build->lists, LIST_PRE_RUN_CMDS,
			  LIST_SW_BUILD_OPTS);
}

/* A test without own sw_images inherits the global ones, and gets them once more when global lists
 * are appended, as in DVSim. */
static void read_tests(struct dv_cfg *s)
{
	struct inherited_values values = find_inherited(s);

	modes_read(&s->reader, MODE_TEST, dv_cfg_value(s, "tests"), &s->sim->tests);
	for (size_t i = 0; i < s->sim->tests.n; i++) {
		enable_run_modes(s, s->sim->tests.at[i]);
		inherit_values(s, &values, s->sim->tests.at[i]);
		give_build(s, s->sim->tests.at[i]);
	}
}

/* ---- regressions ---- */

enum { REGRESSIONS_DEEP = 500 };

/* The regressions that are being resolved, the innermost first. */
struct chain {
	struct mode *regr;
	const struct chain *outer;
	unsigned depth;
};

static void take_included(struct dv_cfg *s, struct mode *regr, const struct chain *outer);

static void add_chain(struct str *out, const struct chain *inner, const struct mode *until)
{
	const char *names[REGRESSIONS_DEEP + 1];
	size_t n = 0;

	for (; inner->regr != until; inner = inner->outer)
		names[n++] = inner->regr->name;
	str_printf(out, "'%s'", until->name);
	while (n)
		str_printf(out, " → '%s'", names[--n]);
	str_printf(out, " → '%s'", until->name);
}

static void report_cycle(struct dv_cfg *s, const struct chain *chain, const struct mode *other,
			 struct hjson_node *name)
{
	_cleanup_(str_done) struct str text = {0};

	add_chain(&text, chain, other);
	cfg_error(s->reader.cfg, s->reader.diags, name, "regression '%s' includes itself: %s",
		  other->name, text.s);
}

static void regression_include(struct dv_cfg *s, const struct chain *chain, struct node_list *tests,
			       struct hjson_node *name)
{
	struct mode *regr = chain->regr,
		    *other = modes_find(&s->sim->regressions, cfg_string(s->reader.cfg, name));

	if (!other) {
		cfg_error(s->reader.cfg, s->reader.diags, name,
			  "regression '%s' includes '%s', which is no regression", regr->name,
			  cfg_string(s->reader.cfg, name));
		return;
	}
	if (other->is_resolving) {
		report_cycle(s, chain, other, name);
		return;
	}
	if (chain->depth == REGRESSIONS_DEEP) {
		cfg_error(s->reader.cfg, s->reader.diags, name,
			  "regressions include one another more than %d deep", REGRESSIONS_DEEP);
		return;
	}
	take_included(s, other, chain);
	if (other->is_all_tests)
		regr->is_all_tests = true;
	for (uint32_t i = 0; i < other->lists[LIST_TESTS].n; i++) {
		struct hjson_node *test = other->lists[LIST_TESTS].at[i];

		if (!node_list_has(&s->reader, tests, cfg_string(s->reader.cfg, test)))
			node_list_add(&s->reader, tests, test);
	}
}

static void take_included(struct dv_cfg *s, struct mode *regr, const struct chain *outer)
{
	const struct chain chain = {regr, outer, outer ? outer->depth + 1 : 1};
	struct node_list names = regr->lists[LIST_REGRESSIONS], tests = {0};

	if (regr->is_resolved || names.n == 0)
		return;
	regr->is_resolving = true;
	regr->is_all_tests = false;
	node_list_extend(&s->reader, &tests, &regr->lists[LIST_TESTS]);
	for (uint32_t i = 0; i < names.n; i++)
		regression_include(s, &chain, &tests, names.at[i]);
	regr->lists[LIST_TESTS] = tests;
	regr->is_resolving = false;
	regr->is_resolved = true;
}

/* Hjson reads `True` as a text. For DVSim any text is true; here "false" is not. */
static bool is_on(const struct dv_cfg *s, struct hjson_node *n)
{
	if (n->type == HJSON_STRING)
		return strcasecmp(cfg_string(s->reader.cfg, n), "false") != 0;
	return n->i != 0;
}

static void enable_sim_modes(struct dv_cfg *s, struct mode *regr)
{
	struct node_list names = regr->lists[LIST_EN_SIM_MODES];

	for (uint32_t i = 0; i < names.n; i++) {
		struct mode *m = find_mode(s, &s->build_modes, names.at[i], "sim mode");
		struct hjson_node *is_sim = m ? m->values[VALUE_IS_SIM_MODE] : NULL;

		if (!m)
			continue;
		if (!is_sim || !is_on(s, is_sim)) {
			cfg_error(s->reader.cfg, s->reader.diags, names.at[i],
				  "regression '%s' enables '%s', which is no sim mode", regr->name,
				  m->name);
			continue;
		}
		if (!node_list_has(&s->reader, &s->sim->en_build_modes, m->name))
			mode_lists_extend(&s->reader, regr->lists, m->lists, LIST_PRE_BUILD_CMDS,
					  LIST_RUN_OPTS);
	}
	names = regr->lists[LIST_EN_RUN_MODES];
	for (uint32_t i = 0; i < names.n; i++) {
		struct mode *m = find_mode(s, &s->sim->run_modes, names.at[i], "run mode");

		if (m && !node_list_has(&s->reader, &s->sim->en_run_modes, m->name))
			mode_lists_extend(&s->reader, regr->lists, m->lists, LIST_PRE_RUN_CMDS,
					  LIST_RUN_OPTS);
	}
}

/* The stages of the testplan are regressions: { name: V1, tests: […] }. */
static void read_stages(struct dv_cfg *s)
{
	const char *path = dv_cfg_text(s, "testplan", "");
	struct hjson_doc *doc = doc_of(s);
	struct hjson_node *all = hjson_new_node(doc, HJSON_ARRAY, 0), *regr, *list;
	struct testplan_options options = {.repo_top = dv_cfg_text(s, "proj_root", "."),
					   .mem = s->all->plan->mem,
					   .keeper = s->reader.cfg,
					   .files = &s->all->testplan_files};
	bool is_missing;

	if (!*path ||
	    testplan_load(path, &options, s->reader.diags, &s->sim->testplan, &is_missing) < 0)
		return;
	for (const char *const *stage = testplan_stages; *stage; stage++) {
		const char *const *tests = testplan_stage_tests(&s->sim->testplan, *stage,
								s->reader.mem);

		if (!tests)
			continue;
		regr = hjson_new_node(doc, HJSON_OBJECT, 0);
		list = hjson_new_node(doc, HJSON_ARRAY, 0);
		for (; *tests; tests++)
			hjson_append(doc, list, hjson_new_string(doc, *tests, strlen(*tests), 0));
		hjson_set(doc, regr, "name", strlen("name"),
			  hjson_new_string(doc, *stage, strlen(*stage), 0));
		hjson_set(doc, regr, "tests", strlen("tests"), list);
		hjson_append(doc, all, regr);
	}
	modes_read(&s->reader, MODE_REGRESSION, all, &s->sim->regressions);
}

static void check_regression(struct dv_cfg *s, struct mode *regr)
{
	if (modes_find(&s->sim->tests, regr->name))
		cfg_error(s->reader.cfg, s->reader.diags, regr->node,
			  "'%s' is a test and a regression; names must differ", regr->name);
	for (uint32_t i = 0; i < regr->lists[LIST_TESTS].n; i++) {
		struct hjson_node *test = regr->lists[LIST_TESTS].at[i];

		/* no warning for tests of a testplan: often they are not written yet */
		if (test->pos && !modes_find(&s->sim->tests, cfg_string(s->reader.cfg, test)))
			cfg_warning(s->reader.cfg, s->reader.diags, test,
				    "regression '%s' has the test '%s', which is not defined",
				    regr->name, cfg_string(s->reader.cfg, test));
	}
}

void sim_read_objects(struct dv_cfg *s)
{
	modes_add(&s->reader, &s->build_modes, "default", MODE_BUILD);
	modes_read(&s->reader, MODE_BUILD, dv_cfg_value(s, "build_modes"), &s->build_modes);
	modes_resolve(&s->reader, &s->build_modes);
	modes_read(&s->reader, MODE_RUN, dv_cfg_value(s, "run_modes"), &s->sim->run_modes);
	modes_resolve(&s->reader, &s->sim->run_modes);
	read_names(s, "en_build_modes", &s->sim->en_build_modes);
	read_names(s, "en_run_modes", &s->sim->en_run_modes);
	read_globals(s);
	read_tests(s);
	modes_read(&s->reader, MODE_REGRESSION, dv_cfg_value(s, "regressions"),
		   &s->sim->regressions);
	read_stages(s);
	for (size_t i = 0; i < s->sim->regressions.n; i++)
		take_included(s, s->sim->regressions.at[i], NULL);
	for (size_t i = 0; i < s->sim->regressions.n; i++) {
		enable_sim_modes(s, s->sim->regressions.at[i]);
		check_regression(s, s->sim->regressions.at[i]);
	}
}
