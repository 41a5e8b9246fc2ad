/* SPDX-License-Identifier: Apache-2.0 */
/* `overrides` replace existing values, and nothing else. */
#include "unit.h"

static int override(struct project *p, const char *text)
{
	assert_non_null(load(p, text));
	return cfg_override(p->cfg, &p->diags);
}

static void values_are_replaced_in_their_place(void **state)
{
	struct project *p = *state;
	struct hjson_node *a;

	put("b.hjson", "overrides: [\n  {name: \"b\", value: [3]}\n]");
	assert_int_equal(override(p, "import_cfgs: [\"b.hjson\"]\n a: x\n b: [1, 2]\n"
				     "overrides: [{name: \"a\", value: \"{b}\"}]"),
			 0);
	assert_string_equal(member(p, "a"), "\"{b}\"");
	assert_string_equal(member(p, "b"), "[3]");
	a = hjson_get(cfg_root(p->cfg), "a");
	assert_true(hjson_key_is(a->next, "b"));
	assert_string_equal(cfg_pos(p->cfg, a->next->pos).file, "b.hjson");
	assert_int_equal(cfg_expand(p->cfg, NULL, &p->diags), 0);
	assert_string_equal(member(p, "a"), "\"3\"");
}

static void no_overrides_are_fine(void **state)
{
	assert_int_equal(override(*state, "a: 1"), 0);
	assert_int_equal(override(*state, "overrides: null"), 0);
	assert_int_equal(override(*state, "overrides: []"), 0);
}

static void what_is_no_override_is_an_error(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"overrides: {}", ":1:12: error: overrides is a list, not an object"},
		{"overrides: [\"a\"]", ":1:13: error: an override is an object, not a string"},
		{"overrides: [{name: \"a\"}]", ":1:13: error: an override needs both"},
		{"overrides: [{value: 1}]", ":1:13: error: an override needs both"},
		{"overrides: [{name: 1, value: 1}]", ":1:20: error: 'name' is the key to replace"},
		{"overrides: [{name: \"a\", value: 1, x: 1}]", ":1:35: error: unknown key 'x'"},
		{"overrides: [{name: \"build_dri\", value: 1}]\n build_dir: 2",
		 ":1:20: error: there is no key 'build_dri' to override"},
		{"overrides: [{name: \"build_dri\", value: 1}]\n build_dir: 2",
		 "hint: did you mean 'build_dir'?"},
		{"a: \"text\"\noverrides: [{name: \"a\", value: 1}]",
		 ":2:32: error: 'a' is a string, but this is a number"},
		{"a: true\noverrides: [{name: \"a\", value: 1}]", "main.hjson:1:4: note: set here"},
		{"a: 1\noverrides: [{name: \"a\", value: 2}, {name: \"a\", value: 2}]",
		 ":2:43: error: 'a' is overridden twice"},
		{"a: 1\noverrides: [{name: \"a\", value: 2}, {name: \"a\", value: 2}]",
		 "main.hjson:2:20: note: first overridden here"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(override(*state, rows[i].text), -1);
		if (!says(*state, rows[i].expected))
			fail_msg("%s: %s", rows[i].text, messages(*state));
	}
}

static void all_wrong_overrides_are_reported(void **state)
{
	struct project *p = *state;

	assert_int_equal(override(p, "a: 1\n overrides: [{name: \"b\", value: 1}, "
				     "{name: \"a\", value: []}, 7]"),
			 -1);
	assert_int_equal(p->diags.n_errors, 3);
	assert_string_equal(member(p, "a"), "1");
}

/* A value from -D or {words} gets the type of the value that it replaces, if the text allows it. */
static void a_text_becomes_a_value_of_the_same_kind(void **state)
{
	static const struct {
		const char *like, *text, *expected;
		enum hjson_type type;
	} rows[] = {
		{"i", "5", "5", HJSON_INT},
		{"i", "-7", "-7", HJSON_INT},
		{"i", "1.5", "1.5", HJSON_REAL},
		{"i", "99999999999999999999", "1e+20", HJSON_REAL},
		{"i", "5x", "\"5x\"", HJSON_STRING},
		{"i", "", "\"\"", HJSON_STRING},
		{"r", "2", "2", HJSON_REAL},
		{"r", "1e999", "\"1e999\"", HJSON_STRING},
		{"r", "x", "\"x\"", HJSON_STRING},
		{"b", "true", "true", HJSON_BOOL},
		{"b", "false", "false", HJSON_BOOL},
		{"b", "1", "\"1\"", HJSON_STRING},
		{"s", "5", "\"5\"", HJSON_STRING},
		{"none", "true", "\"true\"", HJSON_STRING},
	};
	struct project *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct hjson_node *like, *n;

		assert_non_null(load(p, "i: 1\nr: 0.5\nb: false\ns: text\nout: old"));
		like = hjson_get(cfg_root(p->cfg), rows[i].like);
		n = cfg_value_like(p->cfg, like, rows[i].text, 0);
		assert_int_equal(n->type, rows[i].type);
		cfg_replace(p->cfg, hjson_get(cfg_root(p->cfg), "out"), n);
		assert_string_equal(member(p, "out"), rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(values_are_replaced_in_their_place),
		PROJECT_TEST(no_overrides_are_fine),
		PROJECT_TEST(what_is_no_override_is_an_error),
		PROJECT_TEST(all_wrong_overrides_are_reported),
		PROJECT_TEST(a_text_becomes_a_value_of_the_same_kind),
	};

	return RUN_PROJECTS(tests);
}
