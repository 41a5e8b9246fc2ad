/* SPDX-License-Identifier: Apache-2.0 */
/* A whole tree, with itself as the table of values. */
#include "unit.h"

static int expand(struct project *p, const char *text)
{
	assert_non_null(load(p, text));
	return cfg_expand(p->cfg, NULL, &p->diags);
}

struct row {
	const char *text, *key, *expected;
};

static void trees_expand_by_themselves(void **state)
{
	static const struct row rows[] = {
		/* DVSim: find_and_substitute_wildcards on objects */
		{"o: []", "o", "[]"},
		{"o: [[], []]", "o", "[[], []]"},
		{"o: {a: []}", "o", "{\"a\": []}"},
		{"o: {a: {}}", "o", "{\"a\": {}}"},
		{"o: 1", "o", "1"},
		{"o: null", "o", "null"},
		{"o: \"{x}\"\n x: y", "o", "\"y\""},
		{"o: [\"{x}\", [\"{x}\", {k: \"{x}\"}]]\n x: y", "o",
		 "[\"y\", [\"y\", {\"k\": \"y\"}]]"},
		{"o: {\"{x}\": \"{x}\"}\n x: y", "o", "{\"{x}\": \"y\"}"},
		/* DVSim: test_self_substitution */
		{"a: \"foo {x} baz\"\n x: bar", "a", "\"foo bar baz\""},
		{"a: \"foo {x} baz\"\n x: \"{eval_cmd} echo bar\"", "a", "\"foo bar baz\""},
		{"a: \"foo {x} baz\"\n x: \"{eval_cmd} echo bar\"", "x", "\"bar\""},
		{"a: \"foo {x} baz {y}\"\n x: bar\n y: 1", "a", "\"foo bar baz 1\""},
		{"a: \"foo {x} baz {y}\"\n x: bar\n y: 1", "y", "1"},
		{"a: \"foo {x} baz {y}\"\n x: \"bar {y}\"\n y: 1", "a", "\"foo bar 1 baz 1\""},
		{"a: \"foo {x} baz {y}\"\n x: \"bar {y}\"\n y: 1", "x", "\"bar 1\""},
		{"a: [\"foo {x}\", \"baz {y}\"]\n x: \"bar {y}\"\n y: 1", "a",
		 "[\"foo bar 1\", \"baz 1\"]"},
		/* A list that refers to itself through keys of its objects is seen as written. */
		{"a: [\"{eval_cmd} echo \", {a_b: \"{a}\"}]", "a", "[\"\", {\"a_b\": \"a_b\"}]"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (expand(*state, rows[i].text) < 0)
			fail_msg("%s: %s", rows[i].text, messages(*state));
		assert_string_equal(member(*state, rows[i].key), rows[i].expected);
	}
}

/*
 * The result is that of one string after the other: a later key is seen as written, so its command
 * takes the rest of this text; an earlier key is seen expanded.
 */
static void commands_side_by_side_change_nothing(void **state)
{
	struct project *p = *state;

	assert_int_equal(expand(p, "w: \"{eval_cmd} echo {x}\"\n"
				   "before: \"{list} more\"\n"
				   "list: [\"{eval_cmd} echo 1\", \"two\"]\n"
				   "after: \"{list} more\"\n"
				   "x: \"{eval_cmd} echo late\"\n"
				   "chain: \"{eval_cmd} echo {after} {eval_cmd} echo {x}\""),
			 0);
	assert_string_equal(member(p, "w"), "\"late\"");
	assert_string_equal(member(p, "before"), "\"1 two more\"");
	assert_string_equal(member(p, "list"), "[\"1\", \"two\"]");
	assert_string_equal(member(p, "after"), "\"1 two more\"");
	assert_string_equal(member(p, "chain"), "\"1 two more late\"");
}

static void a_command_runs_once_per_load(void **state)
{
	struct project *p = *state;

	assert_int_equal(expand(p, "a: \"{eval_cmd} echo x >>ran; echo done\"\n"
				   "b: [\"{a}\", \"{eval_cmd} echo x >>ran; echo done\"]"),
			 0);
	assert_string_equal(member(p, "b"), "[\"done\", \"done\"]");
	str_clear(&p->text);
	assert_int_equal(fs_read_file("ran", 100, &p->text, &(struct error){0}), 0);
	assert_string_equal(p->text.s, "x\n");
}

/* Each command waits for output of the other one: one after the other they would never end. */
static void independent_commands_run_side_by_side(void **state)
{
	struct project *p = *state;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return; /* one at a time: see test_shell.c for two */
	assert_int_equal(system("mkfifo ab ba"), 0);
	assert_int_equal(expand(p, "a: \"{eval_cmd} echo from a >ab; cat ba\"\n"
				   "b: \"{eval_cmd} x=$(cat ab); echo from b >ba; echo $x\""),
			 0);
	assert_string_equal(member(p, "a"), "\"from b\"");
	assert_string_equal(member(p, "b"), "\"from a\"");
}

static void names_of_later_stages_stay(void **state)
{
	static const char *const ignored[] = {"seed", NULL};
	const struct cfg_expand_options later = {.ignored = ignored};
	const struct cfg_expand_options lenient = {.is_lenient = true};
	struct project *p = *state;

	assert_non_null(load(p, "a: \"{seed} {b}\"\n b: 1"));
	assert_int_equal(cfg_expand(p->cfg, &later, &p->diags), 0);
	assert_string_equal(member(p, "a"), "\"{seed} 1\"");
	assert_non_null(load(p, "a: \"{nobody} {b}\"\n b: 1"));
	assert_int_equal(cfg_expand(p->cfg, &lenient, &p->diags), 0);
	assert_string_equal(member(p, "a"), "\"{nobody} 1\"");
}

static void errors_stand_under_the_wildcard(void **state)
{
	struct project *p = *state;

	assert_int_equal(expand(p, "{\n  build_dir: \"out\"\n  a: [\"one {build_dri}\"]\n}"), -1);
	assert_string_equal(messages(p), "main.hjson:3:12: error: unknown wildcard, '{build_dri}'\n"
					 "     3 |   a: [\"one {build_dri}\"]\n"
					 "       |            ^~~~~~~~~~~\n"
					 "  hint: did you mean '{build_dir}'?\n");
}

static void errors_in_long_strings_are_found_too(void **state)
{
	struct project *p = *state;

	assert_int_equal(expand(p, "{\n  a: '''\n     one\n     two {nope}\n     '''\n}"), -1);
	assert_true(says(p, "main.hjson:4:10: error: unknown wildcard, '{nope}'\n"));
	assert_int_equal(expand(p, "{ a: \"\\t{nope}\" }"), -1);
	assert_true(says(p, "main.hjson:1:9: error: unknown wildcard, '{nope}'\n"));
	assert_int_equal(expand(p, "a: quoteless {nope}"), -1);
	assert_true(says(p, "main.hjson:1:14: error: unknown wildcard, '{nope}'\n"));
}

static void one_fault_is_reported_once_where_it_is_written(void **state)
{
	struct project *p = *state;

	assert_int_equal(expand(p, "a: \"1 {c}\"\nb: \"2 {c}\"\nc: \"{nope}\"\nd: \"3 {c}\""), -1);
	assert_string_equal(messages(p),
			    "main.hjson:3:5: error: unknown wildcard, '{nope}'\n"
			    "     3 | c: \"{nope}\"\n"
			    "       |     ^~~~~~\n"
			    "  hint: no key and no environment variable has this name\n"
			    "main.hjson:1:4: note: expanded for this\n");
}

static void all_faults_are_reported(void **state)
{
	struct project *p = *state;

	assert_int_equal(expand(p, "a: \"{nope1}\"\nb: \"{nope2}\"\nc: \"{d}\"\nd: \"{c}\""), -1);
	assert_int_equal(p->diags.n_errors, 3); /* not d, which waits for c in vain */
	assert_true(says(p, "unknown wildcard, '{nope1}'"));
	assert_true(says(p, "unknown wildcard, '{nope2}'"));
	assert_true(says(p, "circular expansion of wildcard '{d}': d -> c -> d"));
}

static void thousands_of_faults_end_early(void **state)
{
	_cleanup_(str_done) struct str text = {0};
	struct project *p = *state;

	for (int i = 0; i < 5000; i++)
		str_printf(&text, "k%d: \"{nope}\"\n", i);
	assert_int_equal(expand(p, text.s), -1);
	assert_int_equal(p->diags.n_errors, 1000);
}

static void a_failed_command_tells_its_output_and_status(void **state)
{
	struct project *p = *state;

	assert_int_equal(expand(p, "a: \"{eval_cmd} seq 30; exit 3\"\nb: \"{a}\""), -1);
	assert_string_equal(
		messages(p),
		"main.hjson:1:5: error: {eval_cmd} exited with status 3:  seq 30; exit "
		"3\n"
		"     1 | a: \"{eval_cmd} seq 30; exit 3\"\n"
		"       |     ^~~~~~~~~~\n"
		"  hint: the last lines of its output:\n"
		"    11\n    12\n    13\n    14\n    15\n    16\n    17\n    18\n    19\n"
		"    20\n    21\n    22\n    23\n    24\n    25\n    26\n    27\n    28\n"
		"    29\n    30\n");
	assert_int_equal(cfg_eval_status(p->cfg), 3);
}

static void shadowed_members_are_not_expanded(void **state)
{
	struct project *p = *state;

	assert_int_equal(expand(p, "o: { k: \"{nope}\", k: \"x\" }\n k: \"{nope}\"\n k: \"y\""), 0);
	assert_string_equal(member(p, "o"), "{\"k\": \"x\"}");
}

static void positions_survive_expansion(void **state)
{
	struct project *p = *state;
	struct src_pos at;

	assert_int_equal(expand(p, "b: 1\nlist: [\n  \"{b}\"\n]"), 0);
	at = cfg_pos(p->cfg, hjson_get(cfg_root(p->cfg), "list")->child->pos);
	assert_string_equal(at.file, "main.hjson");
	assert_int_equal(at.line, 3);
	assert_int_equal(at.col, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(trees_expand_by_themselves),
		PROJECT_TEST(commands_side_by_side_change_nothing),
		PROJECT_TEST(a_command_runs_once_per_load),
		PROJECT_TEST(independent_commands_run_side_by_side),
		PROJECT_TEST(names_of_later_stages_stay),
		PROJECT_TEST(errors_stand_under_the_wildcard),
		PROJECT_TEST(errors_in_long_strings_are_found_too),
		PROJECT_TEST(one_fault_is_reported_once_where_it_is_written),
		PROJECT_TEST(all_faults_are_reported),
		PROJECT_TEST(thousands_of_faults_end_early),
		PROJECT_TEST(a_failed_command_tells_its_output_and_status),
		PROJECT_TEST(shadowed_members_are_not_expanded),
		PROJECT_TEST(positions_survive_expansion),
	};

	return RUN_PROJECTS(tests);
}
