/* SPDX-License-Identifier: Apache-2.0 */
/* The tree as lines, each with the position of its value. */
#include "unit.h"

static void each_leaf_has_its_path_value_and_place(void **state)
{
	struct cfg_options options = {.proj_root = "/p", .branch = "b", .tool = "vcs"};
	struct project *p = *state;
	_cleanup_(str_done) struct str out = {0};
	_cleanup_(freep) char *expected = NULL;

	put("b.hjson", "list: [\n  {\n    \"a key\": [1.50, [2]]\n  }\n]\n");
	assert_non_null(load_with(p,
				  "{\n"
				  "  import_cfgs: [\"b.hjson\"]\n"
				  "  list: [\"x\\ty\"]\n"
				  "  none: null, \"\": true, e: [], o: {}\n"
				  "  twice: { k: 1, k: 2 }\n"
				  "}\n",
				  &options));
	expected = xasprintf("proj_root = \"/p\"   # given from outside the files\n"
			     "self_dir = \"%s\"   # given from outside the files\n"
			     "tool = \"vcs\"   # given from outside the files\n"
			     "branch = \"b\"   # given from outside the files\n"
			     "list[0] = \"x\\ty\"   # main.hjson:3:10\n"
			     "list[1].\"a key\"[0] = 1.50   # b.hjson:3:15\n"
			     "list[1].\"a key\"[1][0] = 2   # b.hjson:3:22\n"
			     "none = null   # main.hjson:4:9\n"
			     "\"\" = true   # main.hjson:4:19\n"
			     "e = []   # main.hjson:4:28\n"
			     "o = {}   # main.hjson:4:35\n"
			     "twice.k = 2   # main.hjson:5:21\n",
			     p->dir);
	cfg_show(p->cfg, &out);
	assert_string_equal(out.s, expected);
}

static void what_a_terminal_obeys_is_escaped(void **state)
{
	struct project *p = *state;
	_cleanup_(str_done) struct str out = {0};

	assert_non_null(load(p, "\"k\\u202e\": \"a\\u2067b\\u009b\\u00e9\\u0007\""));
	cfg_show(p->cfg, &out);
	assert_non_null(strstr(out.s, "\"k\\u202e\" = \"a\\u2067b\\u009b\xc3\xa9\\u0007\"   # "));
}

static void files_outside_of_the_current_directory_have_whole_paths(void **state)
{
	struct cfg_options options = {0};
	struct project *p = *state;
	_cleanup_(freep) char *path = xasprintf("%s/main.hjson", p->dir);
	struct hjson_node *k;

	put("main.hjson", "k: 1");
	assert_int_equal(chdir("/"), 0);
	p->cfg = cfg_load(path, &options, &p->diags);
	k = hjson_get(cfg_root(p->cfg), "k");
	assert_string_equal(cfg_pos(p->cfg, k->pos).file, path);
	assert_int_equal(chdir(p->dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(each_leaf_has_its_path_value_and_place),
		PROJECT_TEST(what_a_terminal_obeys_is_escaped),
		PROJECT_TEST(files_outside_of_the_current_directory_have_whole_paths),
	};

	return RUN_PROJECTS(tests);
}
