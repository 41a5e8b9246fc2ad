/* SPDX-License-Identifier: Apache-2.0 */
/* One key in two files: the table of docs/reference/config-merge.md, row by row. */
#include "unit.h"

struct row {
	const char *old, *new; /* the values of k, first and second */
	const char *expected;  /* as JSON; or, if it is an error, words of the message */
};

static bool load_both(struct project *p, const struct row *r)
{
	_cleanup_(freep) char *first = xasprintf("{\n  import_cfgs: [\"second.hjson\"]\n  k: %s\n}",
						 r->old);
	_cleanup_(freep) char *second = xasprintf("{\n  k: %s\n}", r->new);

	put("second.hjson", second);
	return load(p, first) != NULL;
}

static void values_merge_by_type(void **state)
{
	static const struct row rows[] = {
		{"[1, 1]", "[1, \"b\"]", "[1, 1, 1, \"b\"]"},
		{"[]", "[]", "[]"},
		{"null", "{a: 1}", "{\"a\": 1}"},
		{"null", "[1]", "[1]"},
		{"null", "1.5", "1.5"},
		{"null", "null", "null"},
		{"\"a\"", "\"a\"", "\"a\""},
		{"\"a\"", "\"\"", "\"a\""},
		{"\"\"", "\"a\"", "\"a\""},
		{"5", "5", "5"},
		{"5", "0", "5"},
		{"5", "-1", "5"},
		{"5", "false", "5"},
		{"0", "5", "5"},
		{"-1", "5", "5"},
		{"false", "5", "5"},
		{"false", "true", "true"},
		{"true", "false", "true"},
		{"1", "true", "1"},
		{"0", "-1", "0"},
		{"1000", "1e3", "1000"},
		{"123456789012345678901234567890", "123456789012345678901234567890",
		 "123456789012345678901234567890"},
		{"0", "123456789012345678901234567890", "123456789012345678901234567890"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!load_both(*state, &rows[i]))
			fail_msg("%s + %s: %s", rows[i].old, rows[i].new, messages(*state));
		if (strcmp(member(*state, "k"), rows[i].expected) != 0)
			fail_msg("%s + %s = %s", rows[i].old, rows[i].new, member(*state, "k"));
	}
}

static void conflicts_are_errors(void **state)
{
	static const struct row rows[] = {
		{"\"a\"", "\"b\"", "'k' is set to \"b\", but it is \"a\" already"},
		{"5", "6", "'k' is set to 6, but it is 5 already"},
		{"true", "2", "'k' is set to 2, but it is true already"},
		{"9", "123456789012345678901234567890", "but it is 9 already"},
		{"123456789012345678901234567890", "123456789012345678901234567891",
		 "'k' is set to 123456789012345678901234567891"},
		{"[1]", "1", "'k' is a number here, but a list already"},
		{"[1]", "null", "'k' is null here, but a list already"},
		{"[1]", "{}", "'k' is an object here, but a list already"},
		{"\"a\"", "[1]", "'k' is a list here, but a string already"},
		{"{}", "[]", "'k' is a list here, but an object already"},
		{"\"a\"", "1", "'k' is a number here, but a string already"},
		{"1", "\"\"", "'k' is a string here, but a number already"},
		{"{}", "\"a\"", "'k' is a string here, but an object already"},
		{"1.5", "1", "'k' is a number here, but a number with a fraction already"},
		{"{a: 1}", "{b: 1}", "an object cannot be set twice"},
		{"\"\"", "{b: 1}", "an object cannot be set twice"},
		{"\"a\"", "null", "null cannot be set twice"},
		{"1.5", "1.5", "a number with a fraction cannot be set twice"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (load_both(*state, &rows[i]))
			fail_msg("%s + %s = %s", rows[i].old, rows[i].new, member(*state, "k"));
		if (!says(*state, rows[i].expected))
			fail_msg("%s + %s: %s", rows[i].old, rows[i].new, messages(*state));
		assert_true(says(*state, "main.hjson:3:6: note: first set here"));
		assert_int_equal(((struct project *)*state)->diags.n_errors, 1);
	}
}

static void a_conflict_names_both_places_and_the_way_out(void **state)
{
	struct project *p = *state;

	put("b.hjson", "{\n  dut: \"spi\"\n}");
	assert_null(load(p, "{\n  import_cfgs: [\"b.hjson\"]\n  dut: uart\n}"));
	assert_string_equal(
		messages(p),
		"b.hjson:2:8: error: 'dut' is set to \"spi\", but it is \"uart\" already\n"
		"     2 |   dut: \"spi\"\n"
		"       |        ^~~~~\n"
		"  hint: to replace it on purpose: overrides: [{ name: \"dut\", value: … }]\n"
		"main.hjson:3:8: note: first set here\n");
}

static void all_conflicts_of_a_load_are_reported(void **state)
{
	struct project *p = *state;

	put("b.hjson", "{ x: 2, y: {a: 1}, z: \"ok\" }");
	put("c.hjson", "{ x: 3, z: \"no\" }");
	assert_null(load(p, "import_cfgs: [\"c.hjson\", \"b.hjson\"]\n x: 1\n y: {}"));
	assert_int_equal(p->diags.n_errors, 4);
}

static void a_replaced_default_takes_the_new_place(void **state)
{
	struct project *p = *state;
	struct hjson_node *k;

	put("b.hjson", "{\n  other: 1\n  k: full\n}");
	assert_non_null(load(p, "import_cfgs: [\"b.hjson\"]\n k: \"\"\n last: 1"));
	k = hjson_get(cfg_root(p->cfg), "k");
	assert_string_equal(cfg_pos(p->cfg, k->pos).file, "b.hjson");
	assert_int_equal(cfg_pos(p->cfg, k->pos).line, 3);
	assert_int_equal(cfg_pos(p->cfg, hjson_key_pos(cfg_doc(p->cfg), k)).line, 3);
	assert_true(hjson_key_is(k->next, "last")); /* and keeps its place in the order */
}

static void values_from_outside_conflict_too(void **state)
{
	struct cfg_options options = {.proj_root = "/elsewhere"};
	struct project *p = *state;

	assert_null(load_with(p, "proj_root: /here", &options));
	assert_true(says(p, "'proj_root' is set to \"/here\", but it is \"/elsewhere\" already"));
	assert_true(says(p, "note: first set here: from outside the files"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(values_merge_by_type),
		PROJECT_TEST(conflicts_are_errors),
		PROJECT_TEST(a_conflict_names_both_places_and_the_way_out),
		PROJECT_TEST(all_conflicts_of_a_load_are_reported),
		PROJECT_TEST(a_replaced_default_takes_the_new_place),
		PROJECT_TEST(values_from_outside_conflict_too),
	};

	return RUN_PROJECTS(tests);
}
