/* SPDX-License-Identifier: Apache-2.0 */
/* Files, imports and values of the command line. */
#include <sys/stat.h>

#include "unit.h"

static void the_last_import_comes_first_and_depth_first(void **state)
{
	struct project *p = *state;

	put("a.hjson", "l: [\"a\"]\n import_cfgs: [\"a1.hjson\", \"a2.hjson\"]");
	put("a1.hjson", "l: [\"a1\"]");
	put("a2.hjson", "l: [\"a2\"]");
	put("b.hjson", "l: [\"b\"]\n import_cfgs: [\"b1.hjson\"]");
	put("b1.hjson", "l: [\"b1\"]");
	assert_non_null(load(p, "import_cfgs: [\"a.hjson\", \"b.hjson\"]\n l: [\"main\"]"));
	assert_string_equal(member(p, "l"), "[\"main\", \"b\", \"b1\", \"a\", \"a2\", \"a1\"]");
	assert_string_equal(member(p, "import_cfgs"), "absent");
}

static void import_paths_use_all_that_was_merged_so_far(void **state)
{
	struct project *p = *state;

	setenv("CONFIG_TEST_SUFFIX", ".hjson", 1);
	put("vcs.hjson", "found: true");
	put("mid.hjson", "import_cfgs: [\"{proj_root}/{name}{CONFIG_TEST_SUFFIX}\"]\n"
			 "name: \"{eval_cmd} echo {what}\"");
	assert_non_null(load(p, "import_cfgs: [\"{self_dir}/{file}\"]\n"
				"file: mid.hjson\n what: vcs"));
	assert_string_equal(member(p, "found"), "true");
}

static void an_unknown_name_in_an_import_is_an_error(void **state)
{
	struct project *p = *state;

	assert_null(load(p, "{\n  import_cfgs: [\n    \"{nope}/a.hjson\"\n  ]\n}"));
	assert_true(says(p, "main.hjson:3:6: error: unknown wildcard, '{nope}'"));
}

static void a_file_with_an_error_hides_what_it_would_have_named(void **state)
{
	struct project *p = *state;

	put("names.hjson", "what: \"vcs\n b: \"\\d\"\n");
	put("later.hjson", "import_cfgs: [\"{proj_root}/{what}.hjson\"]");
	assert_null(load(p, "import_cfgs: [\"later.hjson\", \"names.hjson\"]"));
	assert_true(says(p, "names.hjson:1:7: error: this string has no closing quote"));
	assert_true(says(p, "names.hjson:2:6: error: '\\d' is no escape"));
	assert_false(says(p, "unknown wildcard"));
}

static void a_failed_command_in_an_import_tells_its_status(void **state)
{
	int status = 0;
	struct project *p = *state;
	struct cfg_options options = {.ret_eval_status = &status};

	assert_null(load_with(p, "import_cfgs: [\"{eval_cmd} exit 9\"]", &options));
	assert_int_equal(status, 9);
	assert_non_null(load_with(p, "a: 1", &options));
	assert_int_equal(status, 0);
}

static void a_missing_import_is_reported_at_its_string(void **state)
{
	struct project *p = *state;

	assert_null(load(p, "import_cfgs: [\n  \"{proj_root}/no.hjson\"\n  \"also_no.hjson\"\n]"));
	assert_string_equal(
		messages(p),
		"main.hjson:3:3: error: the import 'also_no.hjson' cannot be read: No such file or "
		"directory\n"
		"     3 |   \"also_no.hjson\"\n"
		"       |   ^~~~~~~~~~~~~~~\n"
		"  hint: relative imports start at the current directory: write {self_dir}/… or "
		"{proj_root}/…\n"
		"main.hjson:2:3: error: the import 'no.hjson' cannot be read: No such file or "
		"directory\n"
		"     2 |   \"{proj_root}/no.hjson\"\n"
		"       |   ^~~~~~~~~~~~~~~~~~~~~~\n");
}

static void a_file_imported_twice_is_reported_with_both_places(void **state)
{
	struct project *p = *state;

	put("a.hjson", "import_cfgs: [\"c.hjson\"]");
	put("b.hjson", "import_cfgs: [\"c.hjson\"]");
	put("c.hjson", "k: 1");
	assert_null(load(p, "import_cfgs: [\"a.hjson\", \"b.hjson\"]"));
	assert_int_equal(p->diags.n_errors, 1);
	assert_true(says(p, "a.hjson:1:15: error: 'c.hjson' is imported twice\n"));
	assert_true(says(p, "b.hjson:1:15: note: first imported here\n"));
}

static void circular_imports_are_reported_as_a_chain(void **state)
{
	struct project *p = *state;
	_cleanup_(freep) char *circle = xasprintf("import_cfgs: [\"%s/main.hjson\"]", p->dir);

	put("a.hjson", "import_cfgs: [\"b.hjson\"]");
	put("b.hjson", "import_cfgs: [\"a.hjson\"]");
	assert_null(load(p, "import_cfgs: [\"a.hjson\"]"));
	assert_true(
		says(p, "b.hjson:1:15: error: circular import: a.hjson -> b.hjson -> a.hjson\n"));
	assert_true(says(p, "main.hjson:1:15: note: first imported here\n"));
	put("b.hjson", circle);
	assert_null(load(p, NULL));
	assert_true(says(p, "circular import: main.hjson -> a.hjson -> b.hjson -> main.hjson\n"));
}

static void a_path_twice_in_one_list_loads_twice_with_a_warning(void **state)
{
	struct project *p = *state;

	put("a.hjson", "l: [1]");
	assert_non_null(load(p, "import_cfgs: [\"a.hjson\", \"a.hjson\"]"));
	assert_string_equal(member(p, "l"), "[1, 1]");
	assert_int_equal(p->diags.n_warnings, 1);
	assert_true(says(p, "warning: 'a.hjson' is listed twice in import_cfgs"));
}

static void the_tool_of_the_command_line_beats_every_file(void **state)
{
	struct cfg_options options = {.tool = "vcs"};
	struct project *p = *state;

	put("a.hjson", "tool: xcelium");
	assert_non_null(
		load_with(p, "import_cfgs: [\"a.hjson\"]\n tool: {what: \"ever\"}", &options));
	assert_string_equal(member(p, "tool"), "\"vcs\"");
	assert_null(load(p, "import_cfgs: [\"a.hjson\"]\n tool: verilator"));
}

static void use_cfgs_stands_in_the_first_file_only(void **state)
{
	struct project *p = *state;

	assert_non_null(load(p, "use_cfgs: [\"a\", {name: \"b\"}]"));
	assert_string_equal(member(p, "use_cfgs"), "[\"a\", {\"name\": \"b\"}]");
	assert_null(load(p, "use_cfgs: \"a\""));
	assert_true(says(p, "main.hjson:1:11: error: use_cfgs is a list of configurations"));
	put("a.hjson", "use_cfgs: []");
	assert_null(load(p, "import_cfgs: [\"a.hjson\"]"));
	assert_true(says(
		p, "a.hjson:1:1: error: use_cfgs may be only in the file on the command line"));
	assert_true(says(p, "main.hjson:1:15: note: this file is imported here"));
}

static void initial_values_are_there_for_the_files(void **state)
{
	static const char *const more[] = {"flow", "sim", "scratch_root", "not this", NULL};
	struct cfg_options options = {.proj_root = "/p", .scratch_root = "/s", .branch = "b"};
	struct project *p = *state;

	options.initial = more;
	assert_non_null(load_with(p, "a: 1", &options));
	assert_string_equal(member(p, "proj_root"), "\"/p\"");
	assert_string_equal(member(p, "scratch_root"), "\"/s\"");
	assert_string_equal(member(p, "branch"), "\"b\"");
	assert_string_equal(member(p, "flow"), "\"sim\"");
	assert_string_equal(member(p, "tool"), "absent");
	assert_string_equal(cfg_dir(p->cfg), p->dir);
	assert_string_equal(hjson_cstr(cfg_doc(p->cfg), hjson_get(cfg_root(p->cfg), "self_dir")),
			    p->dir);
}

static void self_dir_is_that_of_the_first_file(void **state)
{
	struct cfg_options options = {.proj_root = "/p"};
	struct project *p = *state;

	assert_int_equal(mkdir("sub", 0777), 0);
	put("sub/a.hjson", "import_cfgs: [\"{self_dir}/b.hjson\"]");
	put("sub/b.hjson", "here: \"{self_dir}\"");
	put("b.hjson", "main: true");
	assert_non_null(load_with(p, "import_cfgs: [\"sub/a.hjson\"]", &options));
	assert_string_equal(member(p, "main"), "true");
	p->cfg = (cfg_free(p->cfg), cfg_load("./sub/../sub/a.hjson", &options, &p->diags));
	assert_non_null(p->cfg);
	assert_string_equal(cfg_dir(p->cfg) + strlen(p->dir), "/sub");
}

/* From the first file alone: its imports are not loaded yet. */
static int set_project_by_flow(void *ctx, const struct cfg *c, struct hjson_node *root,
			       struct cfg_options *options, struct diags *diags)
{
	struct hjson_node *flow = hjson_get(root, "flow");

	++*(unsigned *)ctx;
	if (!flow)
		return cfg_error(c, diags, root, "no flow") ? -1 : 0;
	options->proj_root = hjson_cstr(cfg_doc(c), flow);
	return 0;
}

static void the_first_file_may_say_where_the_project_is(void **state)
{
	unsigned n = 0;
	struct cfg_options options = {.begin = set_project_by_flow, .begin_ctx = &n};
	struct project *p = *state;

	assert_int_equal(mkdir("ours", 0777), 0);
	put("ours/a.hjson", "here: \"{proj_root}\"");
	assert_non_null(
		load_with(p, "flow: \"ours\", import_cfgs: [\"{proj_root}/a.hjson\"]", &options));
	assert_string_equal(member(p, "proj_root"), "\"ours\"");
	assert_int_equal(n, 1);
	assert_null(load_with(p, "import_cfgs: [\"ours/a.hjson\"]", &options));
	assert_true(says(p, "error: no flow"));
	assert_int_equal(n, 2);
	assert_null(load_with(p, "[1]", &options)); /* it has no keys to check */
	assert_int_equal(n, 2);
}

static void what_cannot_be_a_configuration_is_refused(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"[1]",
		 "main.hjson:1:1: error: a configuration is an object with keys, but this is "
		 "a list"},
		{"\"text\"", "main.hjson:1:1: error: a configuration is an object with keys"},
		{"import_cfgs: \"a\"",
		 "main.hjson:1:14: error: import_cfgs is a list of paths, not a "
		 "string"},
		{"import_cfgs: [1]", "main.hjson:1:15: error: an import is a path, not a number"},
		{"{ a: \"x\n", "main.hjson:1:"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(load(*state, rows[i].text));
		if (!says(*state, rows[i].expected))
			fail_msg("%s: %s", rows[i].text, messages(*state));
	}
}

static void a_fifo_or_directory_is_refused_at_once(void **state)
{
	struct project *p = *state;

	assert_int_equal(mkfifo("main.hjson", 0666), 0);
	assert_null(load(p, NULL));
	assert_string_equal(messages(p),
			    "main.hjson: error: cannot be read: it is a FIFO, not a file\n");
	assert_int_equal(unlink("main.hjson"), 0);
	assert_null(load(p, "import_cfgs: [\"/\"]"));
	assert_true(says(p, "the import '/' cannot be read: it is a directory, not a file"));
}

static void warnings_of_a_file_are_passed_on(void **state)
{
	struct project *p = *state;

	assert_non_null(load(p, "k: 1\nk: 2\n"));
	assert_int_equal(p->diags.n_warnings, 1);
	assert_true(says(p, "main.hjson:2:1: warning: "));
	assert_true(says(p, "main.hjson:1:1: note: "));
	assert_string_equal(member(p, "k"), "2");
}

static void errors_of_all_files_are_reported_at_once(void **state)
{
	struct project *p = *state;

	put("a.hjson", "{ a: \"x");
	put("b.hjson", "{ b: \"y");
	assert_null(load(p, "import_cfgs: [\"a.hjson\", \"b.hjson\", \"c.hjson\"]"));
	assert_int_equal(p->diags.n_errors, 3);
}

/* Every file has another name, but they are all the same: each imports the next. */
static void imports_without_end_end(void **state)
{
	struct project *p = *state;
	int i;

	for (i = 0; i <= 4096; i++) {
		_cleanup_(freep) char *name = xasprintf("f%d", i);
		_cleanup_(freep) char *text = xasprintf("import_cfgs: [\"f%d\"]", i + 1);

		put(name, text);
	}
	put("f4097", "");
	assert_null(load(p, "import_cfgs: [\"f0\"]"));
	assert_true(says(p, "error: more than 4096 files are imported"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(the_last_import_comes_first_and_depth_first),
		PROJECT_TEST(import_paths_use_all_that_was_merged_so_far),
		PROJECT_TEST(an_unknown_name_in_an_import_is_an_error),
		PROJECT_TEST(a_file_with_an_error_hides_what_it_would_have_named),
		PROJECT_TEST(a_failed_command_in_an_import_tells_its_status),
		PROJECT_TEST(a_missing_import_is_reported_at_its_string),
		PROJECT_TEST(a_file_imported_twice_is_reported_with_both_places),
		PROJECT_TEST(circular_imports_are_reported_as_a_chain),
		PROJECT_TEST(a_path_twice_in_one_list_loads_twice_with_a_warning),
		PROJECT_TEST(the_tool_of_the_command_line_beats_every_file),
		PROJECT_TEST(use_cfgs_stands_in_the_first_file_only),
		PROJECT_TEST(initial_values_are_there_for_the_files),
		PROJECT_TEST(self_dir_is_that_of_the_first_file),
		PROJECT_TEST(the_first_file_may_say_where_the_project_is),
		PROJECT_TEST(what_cannot_be_a_configuration_is_refused),
		PROJECT_TEST(a_fifo_or_directory_is_refused_at_once),
		PROJECT_TEST(warnings_of_a_file_are_passed_on),
		PROJECT_TEST(errors_of_all_files_are_reported_at_once),
		PROJECT_TEST(imports_without_end_end),
	};

	return RUN_PROJECTS(tests);
}
