/* SPDX-License-Identifier: Apache-2.0 */
/* -i and -x: which tests run, how often, and the builds they need. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flow/dv/sim/jobs.h"

static bool is_selected(const struct dv_cfg *s, const struct mode *test)
{
	for (size_t i = 0; i < s->sim->n_runs; i++)
		if (s->sim->runs[i].mode == test)
			return true;
	return false;
}

static void add_run(struct dv_cfg *s, struct mode *test)
{
	s->sim->runs[s->sim->n_runs++] = (struct chosen_test){
		.mode = test, .build = map_get(&s->sim->test_builds, test->name)};
}

/* The tests of a regression: all, or those of its list that exist. */
static size_t tests_of(struct dv_cfg *s, const struct mode *regr, struct mode **ret)
{
	const struct node_list *names = &regr->lists[LIST_TESTS];
	size_t n = 0;

	if (regr->is_all_tests) {
		for (; n < s->sim->tests.n; n++)
			ret[n] = s->sim->tests.at[n];
		return n;
	}
	for (uint32_t i = 0; i < names->n; i++) {
		struct mode *test = modes_find(&s->sim->tests,
					       cfg_string(s->reader.cfg, names->at[i]));
		bool is_there = !test;

		if (!test && !names->at[i]->pos)
			diag_warning(s->reader.diags, cfg_start(s->reader.cfg),
				     "the testplan has the test '%s' in stage %s, but it is not "
				     "defined",
				     cfg_string(s->reader.cfg, names->at[i]), regr->name);
		for (size_t k = 0; k < n && !is_there; k++)
			is_there = ret[k] == test;
		if (!is_there)
			ret[n++] = test;
	}
	return n;
}

static bool is_in(struct mode *const *list, size_t n, const struct mode *mode)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == mode)
			return true;
	return false;
}

/* A regression's options go to each of its tests, and once to each of their builds. */
static void take_regression(struct dv_cfg *s, struct mode *regr)
{
	struct mode **tests = arena_array(s->reader.mem, s->sim->tests.n + 1,
					  sizeof(struct mode *));
	struct mode **seen = arena_array(s->reader.mem, s->build_modes.n + 1, sizeof(*seen));
	size_t n = tests_of(s, regr, tests), n_seen = 0;

	for (size_t i = 0; i < n; i++)
		if (is_selected(s, tests[i])) {
			cfg_warning(s->reader.cfg, s->reader.diags, regr->node,
				    "regression '%s' is left out: its test '%s' is already in "
				    "another selected regression",
				    regr->name, tests[i]->name);
			return;
		}
	for (size_t i = 0; i < n; i++) {
		struct mode *build = map_get(&s->sim->test_builds, tests[i]->name);

		add_run(s, tests[i]);
		if (!is_in(seen, n_seen, build)) {
			mode_lists_extend(&s->reader, build->lists, regr->lists,
					  LIST_PRE_BUILD_CMDS, LIST_POST_BUILD_OPTS);
			seen[n_seen++] = build;
		}
		mode_lists_extend(&s->reader, tests[i]->lists, regr->lists, LIST_PRE_RUN_CMDS,
				  LIST_RUN_OPTS);
		if (regr->values[VALUE_RESEED])
			tests[i]->values[VALUE_RESEED] = regr->values[VALUE_RESEED];
	}
}

static bool take_regressions(struct dv_cfg *s, const char *item, struct map *taken)
{
	bool found = false;

	for (size_t i = 0; i < s->sim->regressions.n; i++) {
		struct mode *regr = s->sim->regressions.at[i];

		if (!str_glob(item, regr->name))
			continue;
		found = true;
		if (!map_set(taken, regr->name, regr))
			take_regression(s, regr);
	}
	return found;
}

static bool take_tests(struct dv_cfg *s, const char *item)
{
	bool found = false;

	for (size_t i = 0; i < s->sim->tests.n; i++) {
		if (!str_glob(item, s->sim->tests.at[i]->name))
			continue;
		found = true;
		if (!is_selected(s, s->sim->tests.at[i]))
			add_run(s, s->sim->tests.at[i]);
	}
	return found;
}

/* ---- -x ---- */

static bool is_test_of(const struct dv_cfg *s, const struct mode *regr, const struct mode *test)
{
	const struct node_list *names = &regr->lists[LIST_TESTS];

	for (uint32_t i = 0; i < names->n && !regr->is_all_tests; i++)
		if (str_eq(cfg_string(s->reader.cfg, names->at[i]), test->name))
			return true;
	return regr->is_all_tests;
}

/* Does word match the test, or a regression that has the test? */
static bool word_matches_test(const struct dv_cfg *s, const char *word, const struct mode *test)
{
	if (str_glob(word, test->name))
		return true;
	for (size_t i = 0; i < s->sim->regressions.n; i++)
		if (str_glob(word, s->sim->regressions.at[i]->name) &&
		    is_test_of(s, s->sim->regressions.at[i], test))
			return true;
	return false;
}

static bool is_excluded(const struct dv_cfg *s, const struct mode *test)
{
	for (const char *const *w = s->options->excluded; w && *w; w++)
		if (word_matches_test(s, *w, test))
			return true;
	return false;
}

/* A word that matches a test here is no error, whether the test is selected or not. */
static void note_excluded_words(struct dv_cfg *s)
{
	for (const char *const *w = s->options->excluded; w && *w; w++)
		for (size_t i = 0; i < s->sim->tests.n && !map_has(&s->all->excluded, *w); i++)
			if (word_matches_test(s, *w, s->sim->tests.at[i]))
				map_set(&s->all->excluded, *w, s);
}

static void drop_excluded(struct dv_cfg *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->sim->n_runs; i++)
		if (!is_excluded(s, s->sim->runs[i].mode))
			s->sim->runs[n++] = s->sim->runs[i];
	s->sim->n_runs = n;
}

/* ---- -i ---- */

static void item_suggest_names(struct dv_cfg *s, struct sim_item *item)
{
	size_t n = 0, all = s->sim->tests.n + s->sim->regressions.n;
	const char **names = arena_array(s->reader.mem, all + 1, sizeof(*names));

	for (size_t i = 0; i < s->sim->tests.n; i++)
		names[n++] = s->sim->tests.at[i]->name;
	for (size_t i = 0; i < s->sim->regressions.n; i++)
		names[n++] = s->sim->regressions.at[i]->name;
	sim_item_suggest(item, s->all->mem, names, n);
}

static void take_items(struct dv_cfg *s, struct sim_item *items)
{
	struct map taken = {0};

	for (struct sim_item *i = items; i->text; i++)
		i->is_found |= take_regressions(s, i->text, &taken);
	for (struct sim_item *i = items; i->text; i++) {
		i->is_found |= take_tests(s, i->text);
		i->is_asked = true;
		if (!i->is_found)
			item_suggest_names(s, i);
	}
	map_done(&taken);
}

/* ---- --failed: planned with the -i of the earlier run, selected by the present one ---- */

bool sim_is_asked(const struct dv_cfg *s, const struct mode *test)
{
	const char *const *items = s->options->items;

	if (is_excluded(s, test))
		return false;
	if (!items || !items[0])
		return true;
	for (; *items; items++)
		if (word_matches_test(s, *items, test))
			return true;
	return false;
}

static bool is_any(const struct dv_cfg *s, const char *item)
{
	for (size_t i = 0; i < s->sim->tests.n; i++)
		if (str_glob(item, s->sim->tests.at[i]->name))
			return true;
	for (size_t i = 0; i < s->sim->regressions.n; i++)
		if (str_glob(item, s->sim->regressions.at[i]->name))
			return true;
	return false;
}

static void take_again(struct dv_cfg *s)
{
	const char *const *now = s->options->items;

	take_items(s, sim_items_new(s->reader.mem, s->options->again->items));
	for (size_t i = 0; i < s->options->again->n; i++) {
		struct mode *test = sim_again_missing(s, i);

		if (test)
			add_run(s, test);
	}
	for (struct sim_item *i = s->all->items; now && now[0] && i->text; i++) {
		i->is_asked = true;
		i->is_found |= is_any(s, i->text);
		if (!i->is_found)
			item_suggest_names(s, i);
	}
}

static void add_globals(struct dv_cfg *s)
{
	for (size_t i = 0; i < s->sim->n_runs; i++) {
		struct mode *build = s->sim->runs[i].build;

		if (!is_in(s->sim->builds, s->sim->n_builds, build)) {
			s->sim->builds[s->sim->n_builds++] = build;
			mode_lists_extend(&s->reader, build->lists, s->sim->globals,
					  LIST_PRE_BUILD_CMDS, LIST_POST_BUILD_OPTS);
		}
		mode_lists_extend(&s->reader, s->sim->runs[i].mode->lists, s->sim->globals,
				  LIST_PRE_RUN_CMDS, LIST_SW_BUILD_OPTS);
	}
}

/* Half to even, at least 1, as Python's round(). */
static void set_reseed(struct dv_cfg *s, struct chosen_test *t)
{
	struct hjson_node *n = t->mode->values[VALUE_RESEED];
	double x;

	if (!s->dv->reseed && (!n || n->type != HJSON_INT || n->big || n->i > UINT32_MAX)) {
		cfg_error(s->reader.cfg, s->reader.diags, n ? n : t->mode->node,
			  "test '%s' needs 'reseed', a whole number: its own, its regression's or "
			  "the configuration's",
			  t->mode->name);
		return;
	}
	x = s->dv->reseed ? (double)s->dv->reseed : (double)n->i;
	if (s->dv->reseed_multiplier > 0)
		x *= s->dv->reseed_multiplier;
	x = nearbyint(x);
	t->reseed = x < 1 ? 1 : x > 1e9 ? 1000000000 : (uint32_t)x;
}

void sim_select(struct dv_cfg *s)
{
	s->sim->runs = arena_array(s->reader.mem, s->sim->tests.n + 1, sizeof(*s->sim->runs));
	s->sim->builds = arena_array(s->reader.mem, s->build_modes.n + 1, sizeof(struct mode *));
	if (s->options->again)
		take_again(s);
	else
		take_items(s, s->all->items);
	note_excluded_words(s);
	if (!s->options->again)
		drop_excluded(s);
	add_globals(s);
	for (size_t i = 0; i < s->sim->n_runs; i++)
		set_reseed(s, &s->sim->runs[i]);
	s->is_left_out = s->sim->n_runs == 0 && s->is_child && !s->options->again;
	if (s->sim->n_runs == 0 && !s->is_child && !s->options->again) {
		struct diag *e = diag_error(s->reader.diags, cfg_start(s->reader.cfg),
					    "nothing to do: no test was selected in '%s'", s->name);

		diag_hint(e, "choose with -i; `dvsched plan -i '*'` shows what there is");
	}
}
