/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real configurations, where $DVSCHED_OPENTITAN has some; skipped elsewhere. That their merged and
 * expanded trees are those of DVSim's own code is shown by tests/conformance/compare_load.py.
 */
#include <fts.h>

#include "unit.h"

struct visit {
	const char *root;
	unsigned n_loaded;
	struct diags diags;
};

static const char *opentitan(void)
{
	return getenv("DVSCHED_OPENTITAN");
}

static struct cfg *load_at(const char *root, const char *path, struct diags *diags)
{
	struct cfg_options options = {.proj_root = root, .tool = "vcs", .branch = "b"};

	return cfg_load(path, &options, diags);
}

/* The files that the elements of a list come from, in its order. */
static const char *files_of(struct project *p, const char *key)
{
	struct hjson_node *list = hjson_get(cfg_root(p->cfg), key), *e;
	const char *last = "", *now;

	assert_non_null(list);
	str_clear(&p->text);
	hjson_for_each (e, list) {
		now = cfg_pos(p->cfg, e->pos).file;
		if (strcmp(now, last) != 0)
			str_printf(&p->text, "%s ", path_base(now));
		last = now;
	}
	return p->text.s;
}

static void lists_of_uart_are_in_the_order_of_its_imports(void **state)
{
	struct project *p = *state;
	const char *root = opentitan();
	struct arena *a = arena_new();

	p->cfg = load_at(root, path_join(a, root, "hw/ip/uart/dv/uart_sim_cfg.hjson"), &p->diags);
	if (!p->cfg)
		fail_msg("%s", messages(p));
	assert_string_equal(files_of(p, "tests"),
			    "uart_sim_cfg.hjson stress_tests.hjson stress_all_test.hjson "
			    "sec_cm_tests.hjson tl_access_tests.hjson intr_test.hjson "
			    "alert_test.hjson csr_tests.hjson ");
	assert_string_equal(files_of(p, "run_modes"), "csr_tests.hjson common_modes.hjson ");
	assert_string_equal(files_of(p, "build_modes"),
			    "tl_access_tests.hjson intr_test.hjson alert_test.hjson "
			    "csr_tests.hjson vcs.hjson common_modes.hjson ");
	assert_string_equal(files_of(p, "exports"),
			    "common_sim_cfg.hjson vcs.hjson common_project_cfg.hjson ");
	arena_free(a);
}

static void load_cfg(struct visit *v, const char *path)
{
	struct cfg *c = load_at(v->root, path, &v->diags);

	if (!c)
		return;
	v->n_loaded++;
	cfg_free(c);
}

static bool is_sim_cfg(const FTSENT *e)
{
	return e->fts_info == FTS_F && str_ends(e->fts_name, "_sim_cfg.hjson");
}

static void all_sim_cfgs_load(void **state)
{
	struct project *p = *state;
	struct visit v = {.root = opentitan()};
	char *roots[] = {(char *)v.root, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	diags_init(&v.diags);
	while ((e = fts_read(fts)))
		if (is_sim_cfg(e))
			load_cfg(&v, e->fts_path);
	fts_close(fts);
	diags_done(&p->diags);
	p->diags = v.diags;
	if (v.diags.n_errors)
		fail_msg("%s", messages(p));
	assert_true(v.n_loaded >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(lists_of_uart_are_in_the_order_of_its_imports),
		PROJECT_TEST(all_sim_cfgs_load),
	};

	/* cmocka says "not ok # SKIP", which meson counts as a failure. */
	if (!getenv("DVSCHED_OPENTITAN")) {
		puts("1..0 # SKIP DVSCHED_OPENTITAN names no OpenTitan tree");
		return 0;
	}
	return RUN_PROJECTS(tests);
}
