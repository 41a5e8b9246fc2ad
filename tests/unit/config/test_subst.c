/* SPDX-License-Identifier: Apache-2.0 */
/* Wildcards in one text. The tables are DVSim's own test cases, and more of the same kind. */
#include "unit.h"

struct row {
	const char *text, *values; /* values: members of a configuration */
	const char *expected;	   /* or, in the table of errors, what the message must hold */
	bool is_lenient;
	const char *ignored;
};

static const struct hjson_node *find_value(void *ctx, const char *name, size_t len)
{
	return hjson_get_n(cfg_root(ctx), name, len);
}

static const char *expand(struct project *p, const struct row *r, struct error *err)
{
	const char *ignored[] = {r->ignored, NULL};
	struct cfg_subst s = {.lookup = find_value};

	s.options = (struct cfg_expand_options){.is_lenient = r->is_lenient, .ignored = ignored};
	s.ctx = load(p, r->values);
	assert_non_null(s.ctx);
	return cfg_subst_text(s.ctx, &s, r->text, err);
}

static void wildcards_become_their_values(void **state)
{
	static const struct row rows[] = {
		/* DVSim: test_substitutions */
		{"foo {x} baz", "x: \"bar\"", .expected = "foo bar baz"},
		{"{a}, {b}, {c}, {d}", "a: \"a\"\n b: true\n c: 42\n d: [\"{b}\", 10]",
		 .expected = "a, 1, 42, 1 10"},
		{"{CONFIG_TEST_VARIABLE}", "", .expected = "of the environment"},
		{"{a}b}", "a: \"a {\"\n b: \"bee\"", .expected = "a bee"},
		{"{eval_cmd}echo foo {b}", "b: \"bar\"", .expected = "foo bar"},
		{"foo {eval_cmd}echo {b}", "b: \"bar\"", .expected = "foo bar"},
		{"{eval_cmd} {eval_cmd} echo echo a", "", .expected = "a"},
		{"{var}", "var: \"{{foo}_xyz_{bar}}\"\n foo: \"p\"\n bar: \"q\"\n p_xyz_q: \"baz\"",
		 .expected = "baz"},
		{"{a}", "a: \"{b}\"\n b: \"c\"", .expected = "c"},
		/* DVSim: test_substitutions_error_okay */
		{"{biggles}", "", "{biggles}", .is_lenient = true},
		{"{biggles} {b}", "b: \"bee\"", "{biggles} bee", .is_lenient = true},
		/* DVSim: test_substitutions_with_ignored_wildcards */
		{"{a} {b}", "a: \"x\"\n b: \"bee\"", "{a} bee", .ignored = "a"},
		{"{a} {b}", "b: \"bee\"", "{a} bee", .ignored = "a"},
		/* What its code does besides */
		{"", "", .expected = ""},
		{"plain", "", .expected = "plain"},
		{"{", "", .expected = "{"},
		{"{a", "a: \"x\"", .expected = "{a"},
		{"${CONFIG_TEST_VARIABLE}", "", .expected = "$of the environment"},
		{"{a-b} {a.b} { a } {} {a}", "a: 1", .expected = "{a-b} {a.b} { a } {} 1"},
		{"{x}", "x: false", .expected = "0"},
		{"{x}", "x: []", .expected = ""},
		{"{x}", "x: {a: 1, b: 2}", .expected = "a b"},
		{"{x}", "x: [[1, 2], [], \"c\"]", .expected = "1 2  c"},
		{"{x}", "x: 1e3", .expected = "1000"},
		{"{x}", "x: 123456789012345678901234567890",
		 .expected = "123456789012345678901234567890"},
		{"{eval_cmd} echo {ign}", "", "{eval_cmd} echo {ign}", .ignored = "ign"},
		{"a {b} c {d}", "b: \"{eval_cmd} echo {ign}\"\n d: \"D\"",
		 "a {eval_cmd} echo {ign} c D", .ignored = "ign"},
		{"{eval_cmd} printf \"{x%s\" \"}\"", "x: \"X\"", .expected = "X"},
		{"{x} tail", "x: \"{eval_cmd} echo hi\"", .expected = "hi tail"},
		{"{eval_cmd}{foo}", "", "{eval_cmd}{foo}", .is_lenient = true},
		{"{eval_cmd} echo err 1>&2; echo out", "", .expected = "err\nout"},
		{"{eval_cmd} printf 'a\\r\\nb\\rc\\n\\n'", "", .expected = "a\nb\nc\n"},
		{"foo {ign} bar {eval_cmd} echo a", "", "foo {ign} bar a", .ignored = "ign"},
		{"{eval_cmd} echo a", "", "{eval_cmd} echo a", .ignored = "eval_cmd"},
		{"{{ign}x}", "ignx: 1", "{{ign}x}", .ignored = "ign"},
		{"{p{a}{b}}", "a: \"1\"\n b: \"\"\n p1: \"yes\"", .expected = "yes"},
		{"{{{{a}}}}", "a: \"b\"\n b: \"c\"\n c: \"d\"\n d: \"end\"", .expected = "end"},
	};

	setenv("CONFIG_TEST_VARIABLE", "of the environment", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {0};
		const char *text = expand(*state, &rows[i], &err);

		if (!text)
			fail_msg("%s: %s", rows[i].text, err.msg);
		assert_string_equal(text, rows[i].expected);
	}
}

static void what_cannot_be_expanded_is_an_error(void **state)
{
	static const struct row rows[] = {
		/* DVSim: test_with_errors_raise */
		{"{biggles} {b}", "b: \"bee\"", .expected = "unknown wildcard, '{biggles}'"},
		{"{a}", "a: 1.5", .expected = "not of a supported type"},
		{"{a}", "a: \"{b}\"\n b: \"{a}\"",
		 .expected = "circular expansion of wildcard '{a}': a -> b -> a"},
		{"{a}", "a: \"{b}\"\n b: \"{a}\"", "circular expansion of wildcard '{a}'",
		 .is_lenient = true},
		/* and more */
		{"{a}", "a: \"{a}\"", .expected = "circular expansion of wildcard '{a}': a -> a"},
		{"{x}", "x: null", .expected = "unknown wildcard, '{x}'"},
		{"{x}", "x: [null]", .expected = "not of a supported type"},
		{"{{{a}}}", "a: \"b\"\n b: \"q\"", .expected = "unknown wildcard, '{q}'"},
		{"{eval_cmd} exit 7", "", .expected = "exited with status 7:  exit 7"},
		{"{eval_cmd} echo some words; false", "", .expected = "some words"},
		{"{eval_cmd} kill -9 $$", "", .expected = "was ended by signal 9"},
		{"{eval_cmd} printf 'a\\000b'", "", .expected = "printed a NUL byte"},
		{"{eval_cmd} printf '\\377'", "", .expected = "not UTF-8"},
		{"{eval_cmd} echo {x%s", "x: 1", .expected = NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {0};
		const char *text = expand(*state, &rows[i], &err);

		if (!rows[i].expected) {
			assert_non_null(text);
			continue;
		}
		if (text)
			fail_msg("%s became %s", rows[i].text, text);
		if (!strstr(err.msg, rows[i].expected))
			fail_msg("%s: %s", rows[i].text, err.msg);
		error_done(&err);
	}
}

static void a_command_with_names_left_is_not_run(void **state)
{
	const struct row r = {"{eval_cmd} {eval_cmd} echo {ign}", "", "", .ignored = "eval_cmd"};
	const struct row bad = {"{eval_cmd} touch ran; echo {a}b{c}", "a: \"{\"\n c: \"}\"",
				.expected = ""};
	struct error err = {0};

	assert_null(expand(*state, &r, &err)); /* ign is not defined */
	error_done(&err);
	assert_null(expand(*state, &bad, &err));
	assert_non_null(strstr(err.msg, "unknown wildcard, '{b}'"));
	error_done(&err);
	assert_false(fs_exists("ran"));
}

/* Texts that double and commands that print themselves end with an error, before memory is used up.
 */
static void endless_expansions_end(void **state)
{
	struct project *p = *state;
	_cleanup_(str_done) struct str doubling = {0}, empty = {0}, deep = {0};
	struct error err = {0};
	struct row rows[] = {
		{"{a0}", NULL, .expected = "expands to more than 16 MiB"},
		{"{a0}", NULL, .expected = "does not come to an end"},
		{"{a0}", NULL, .expected = "more than 200 deep"},
		{"{x}", "x: \"{eval_cmd} printf '{x%s' '}'\"", .expected = "circular"},
		{"{q}", "q: \"{eval_cmd} printf '{eval''_cmd} echo {%s' 'q}'\"",
		 .expected = "circular"},
	};

	for (int i = 0; i < 40; i++)
		str_printf(&empty, "a%d: \"{a%d}{a%d}\"\n", i, i + 1, i + 1);
	str_add(&empty, "a40: \"\"\n");
	str_add(&doubling, "a0: \"{a1}{a1}{a1}\"\n a1: \"{a2}{a2}{a2}{a2}\"\n a2: \"");
	for (int i = 0; i < 200000; i++)
		str_add(&doubling, "some text ");
	str_add(&doubling, "\"\n");
	for (int i = 0; i < 300; i++)
		str_printf(&deep, "a%d: \"{a%d}\"\n", i, i + 1);
	str_add(&deep, "a300: end\n");
	rows[0].values = doubling.s;
	rows[1].values = empty.s;
	rows[2].values = deep.s;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(expand(p, &rows[i], &err));
		if (!strstr(err.msg, rows[i].expected))
			fail_msg("row %zu: %s", i, err.msg);
		error_done(&err);
	}
}

static void deep_but_finite_chains_expand(void **state)
{
	_cleanup_(str_done) struct str values = {0};
	struct row r = {"{a0}", NULL, .expected = "end"};
	struct error err = {0};

	for (int i = 0; i < 150; i++)
		str_printf(&values, "a%d: \"{a%d}\"\n", i, i + 1);
	str_add(&values, "a150: end\n");
	r.values = values.s;
	assert_string_equal(expand(*state, &r, &err), "end");
}

static void environment_and_commands_can_be_left_out(void **state)
{
	struct cfg_subst s = {.lookup = find_value, .no_env = true, .no_eval = true};
	struct error err = {0};

	setenv("CONFIG_TEST_VARIABLE", "of the environment", 1);
	s.ctx = load(*state, "eval_cmd: \"only a name\"");
	assert_string_equal(cfg_subst_text(s.ctx, &s, "{eval_cmd} false", &err),
			    "only a name false");
	assert_null(cfg_subst_text(s.ctx, &s, "{CONFIG_TEST_VARIABLE}", &err));
	assert_string_equal(err.msg, "unknown wildcard, '{CONFIG_TEST_VARIABLE}'");
	error_done(&err);
}

static void long_texts_with_many_wildcards_expand(void **state)
{
	_cleanup_(str_done) struct str text = {0}, expected = {0};
	struct row r = {.values = "a: \"{b}\"\n b: \"a longer value\"\n c: \"{ign}\"",
			.ignored = "ign"};
	struct error err = {0};

	for (int i = 0; i < 20000; i++) {
		str_printf(&text, "{%d {a}{c}", i);
		str_printf(&expected, "{%d a longer value{ign}", i);
	}
	r.text = text.s;
	assert_string_equal(expand(*state, &r, &err), expected.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(wildcards_become_their_values),
		PROJECT_TEST(what_cannot_be_expanded_is_an_error),
		PROJECT_TEST(a_command_with_names_left_is_not_run),
		PROJECT_TEST(endless_expansions_end),
		PROJECT_TEST(deep_but_finite_chains_expand),
		PROJECT_TEST(environment_and_commands_can_be_left_out),
		PROJECT_TEST(long_texts_with_many_wildcards_expand),
	};

	return RUN_PROJECTS(tests);
}
