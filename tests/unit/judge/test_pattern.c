/* SPDX-License-Identifier: Apache-2.0 */
/* Python's regular expressions: translation and matches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "judge/pattern_code.h"
#include "judge/python_regex.h"

static void constructs_that_differ_are_translated(void **state)
{
	static const struct {
		const char *python, *pcre2;
	} cases[] = {
		{"abc", "abc"},
		{"a\\Z", "a\\z"},
		{"a{,3}b", "a{0,3}b"},
		{"a{,}b", "a{0,}b"},
		{"a{2,3}", "a{2,3}"},
		{"a{x", "a{x"},
		{"\\u00e4\\U0001F600", "\\x{00e4}\\x{0001F600}"},
		{"\\x41", "\\x{41}"},
		{"\\v[\\v]", "\\x0b[\\x0b]"},
		{"[[:alpha:]]", "[\\[:alpha:]]"},
		{"[]a]", "[]a]"},
		{"[^]a]", "[^]a]"},
		{"[\\]\\[]", "[\\]\\[]"},
		{"(?P<n>a)(?P=n)", "(?P<n>a)(?P=n)"},
		{"(?i)abc", "(?i)abc"},
		{"(?iu)abc", "(?i)abc"},
		{"(?:a|b)(?=c)(?!d)(?<=e)(?<!f)", "(?:a|b)(?=c)(?!d)(?<=e)(?<!f)"},
		{"a(?# a [ comment)b", "ab"},
		{"(?a)\\s\\w", "(?)\\s\\w"},
		{"\\(\\*", "\\(\\*"},
		{"(?x)a # [\nb", "(?x)a \nb"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct python_regex re = {0};

		assert_int_equal(python_regex_translate(cases[i].python, &re), 0);
		assert_string_equal(re.text.s, cases[i].pcre2);
		python_regex_done(&re);
	}
}

static void what_could_change_a_verdict_is_refused(void **state)
{
	static const struct {
		const char *python, *why;
		size_t at;
	} cases[] = {
		{"a\\Kb", "\\K is not", 1},    {"(*ACCEPT)a", "(*...)", 0},
		{"x\\N{DASH}", "\\N{...}", 1}, {"\\u12", "incomplete", 0},
		{"\\x4", "incomplete", 0},     {"(?L)a", "the flag L", 2},
		{"a\\", "backslash", 1},       {"a[bc", "never closed", 4},
		{"a\xff", "UTF-8", 1},	       {"\\Qa.b\\E", "\\Q", 0},
		{"a(?#b", "has no ')'", 1},    {"(?#", "has no ')'", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct python_regex re = {0};

		assert_int_equal(python_regex_translate(cases[i].python, &re), -1);
		if (!strstr(re.error.s, cases[i].why))
			print_error("%s: %s\n", cases[i].python, re.error.s);
		assert_non_null(strstr(re.error.s, cases[i].why));
		assert_int_equal(re.error_at, cases[i].at);
		python_regex_done(&re);
	}
}

static void what_python_has_not_is_noted(void **state)
{
	static const struct {
		const char *python;
		bool is_noted;
	} cases[] = {
		{"\\h", true},	   {"\\R", true},     {"\\p{L}", true},	   {"a(?i)b", true},
		{"(?|a|b)", true}, {"(?R)", true},    {"(?<n>a)", true},   {"(?i)b", false},
		{"\\d\\w", false}, {"(?<=a)", false}, {"(?P<n>a)", false}, {"(?-i:a)", false},
		{"a(?#)b", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct python_regex re = {0};

		assert_int_equal(python_regex_translate(cases[i].python, &re), 0);
		if ((re.warning.len > 0) != cases[i].is_noted)
			print_error("%s\n", cases[i].python);
		assert_int_equal(re.warning.len > 0, cases[i].is_noted);
		python_regex_done(&re);
	}
}

static void what_goes_on_behind_a_line_is_noted(void **state)
{
	static const struct {
		const char *python;
		bool is_noted;
	} cases[] = {
		{"a\nb", true},	     {"a\\nb", true},	 {"^\\n\\n", true},  {"\\n.", true},
		{"a\\n$", false},    {"a\\n", false},	 {"a\\n?b", false},  {"a\\n*b", false},
		{"a\\n\\Z", false},  {"a\\nb?", false},	 {"a\\nb|c", false}, {"a[\\n]b", false},
		{"a(\\nb)?", false}, {"[^\\n]b", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct python_regex re = {0};

		assert_int_equal(python_regex_translate(cases[i].python, &re), 0);
		if ((re.warning.len > 0) != cases[i].is_noted)
			print_error("%s\n", cases[i].python);
		assert_int_equal(re.warning.len > 0, cases[i].is_noted);
		python_regex_done(&re);
	}
}

static struct pattern_code *compile(const char *text)
{
	struct pattern p = {.text = text};
	struct error err = {0};
	struct pattern_code *c = pattern_compile(&p, NULL, &err);

	if (!c)
		print_error("%s\n", err.msg);
	assert_non_null(c);
	return c;
}

static enum pattern_match match(const char *pattern, const char *line)
{
	struct pattern_code *c = compile(pattern);
	enum pattern_match m = pattern_match_line(c, line, strlen(line));

	pattern_free(c);
	return m;
}

/* Each answer is Python 3.11's: bool(re.search(pattern, line)). */
static void lines_match_as_in_python(void **state)
{
	static const struct {
		const char *pattern, *line;
		bool matches;
	} cases[] = {
		{"^a$", "a\n", true},
		{"^a$", "a", true},
		{"^a$", "ab\n", false},
		{"^a\\Z", "a\n", false},
		{"^a\\Z", "a", true},
		{"a\\n", "a\n", true},
		{"a.", "a\n", false},
		{"(?s)a.", "a\n", true},
		{"^$", "\n", true},
		{"(?m)^$", "a\n", true},
		{"\\s", "\x1c", true},
		{"[\\s]", "\x1f", true},
		{"[^\\s]", "\x1f", false},
		{"\\S", "\x1c", false},
		{"[\\S]", "\x1c", false},
		{"\\s", "\xe1\xa0\x8e", false}, /* U+180E */
		{"\\s", "\xe2\x80\x83", true},	/* U+2003 */
		{"(?a)\\s", "\xe2\x80\x83", false},
		{"\\w", "\xc3\xa4", true},
		{"(?a)\\w", "\xc3\xa4", false},
		{"\\d", "\xd9\xa3", true}, /* an Arabic three */
		{"^.$", "\xc3\xa4\n", true},
		{"(?i)\xc3\x84", "\xc3\xa4", true},
		{"a{,2}b", "aab", true},
		{"^a{,2}b", "aaab", false},
		{"[[:alpha:]]", ":]", true},
		{"[[:alpha:]]", "b]", false},
		{"\\v", "\x0b", true},
		{"\\v", "\f", false},
		{"^UVM_ERROR\\s[^:].*$", "UVM_ERROR x\n", true},
		{"^UVM_ERROR\\s[^:].*$", "UVM_ERROR : 0\n", false},
		{"^TEST PASSED (UVM_)?CHECKS$", "TEST PASSED CHECKS\n", true},
		{"^TEST PASSED (UVM_)?CHECKS$", "TEST PASSED UVM_CHECKS\n", true},
		{"\\*E.*$", "xmsim: *E,ASRTST\n", true},
		{"^\\s*Offending '.*'", "   Offending 'a'\n", true},
		{"^\\[[0-9]+\\] %Error.*?: ", "[12] %Error-X: y\n", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum pattern_match m = match(cases[i].pattern, cases[i].line);

		if ((m == PATTERN_YES) != cases[i].matches)
			print_error("'%s' on '%s'\n", cases[i].pattern, cases[i].line);
		assert_int_equal(m, cases[i].matches ? PATTERN_YES : PATTERN_NO);
	}
}

static void a_known_beginning_never_hides_a_match(void **state)
{
	static const struct {
		const char *pattern, *prefix;
	} cases[] = {
		{"^abc", "abc"},     {"^ab*c", "a"},
		{"^ab?", "a"},	     {"^ab{0}", "a"},
		{"^a\\.b", "a.b"},   {"^a|b", NULL},
		{"(^a|b)", NULL},    {"(?i)^a", NULL},
		{"^(?i)a", NULL},    {"^(a)", NULL},
		{"abc", NULL},	     {"^a(b|c)", "a"},
		{"^a.b", "a"},	     {"^\\*\\*E", "**E"},
		{"^*a", NULL},	     {"^Error-.*$", "Error-"},
		{"^\xc3\xa4", NULL}, {"^a+b", NULL},
		{"^\\s*a", NULL},    {"^a\\b", "a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct python_regex re = {0};

		assert_int_equal(python_regex_translate(cases[i].pattern, &re), 0);
		assert_int_equal(re.has_prefix, cases[i].prefix != NULL);
		if (cases[i].prefix)
			assert_string_equal(re.prefix.s, cases[i].prefix);
		python_regex_done(&re);
	}
}

static char *repeat(const char *s, size_t n)
{
	struct str text = {0};

	for (size_t i = 0; i < n; i++)
		str_add(&text, s);
	return str_take(&text);
}

static void too_much_backtracking_is_undecided(void **state)
{
	char *line = repeat("a", 100000);

	(void)state;
	line[99999] = '!';
	assert_int_equal(match("^(a+)+$", line), PATTERN_UNDECIDED);
	free(line);
}

static void a_deep_pattern_gets_a_larger_stack(void **state)
{
	char *line = repeat("ab", 2000);
	struct pattern_code *c = compile("^(?:a|b)*c");

	(void)state;
	assert_int_equal(pattern_match_line(c, line, strlen(line)), PATTERN_NO);
	assert_int_equal(pattern_match_line(c, "abc", 3), PATTERN_YES);
	pattern_free(c);
	free(line);
	line = repeat("a", 1 << 20);
	assert_int_not_equal(match("^(?:a|b)*c", line), PATTERN_YES);
	free(line);
}

static void an_error_says_where(void **state)
{
	static const struct {
		const char *pattern, *at;
	} cases[] = {
		{"a(b", "at character 4"},
		{"\\u00e4)", "at character 7"},
		{"\xc3\xa4\\K", "at character 2"},
		{"a{1,70000}", "at character"},
	};
	struct src_pos pos = {"cfg.hjson", 3, 4};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pattern p = {.text = cases[i].pattern, .pos = pos};
		struct error err = {0};

		assert_null(pattern_compile(&p, NULL, &err));
		if (!strstr(err.msg, cases[i].at))
			print_error("%s\n", err.msg);
		assert_non_null(strstr(err.msg, cases[i].at));
		assert_int_equal(err.pos.line, 3);
		error_done(&err);
	}
}

static void each_text_is_checked_once(void **state)
{
	struct pattern bad[] = {{.text = "a("}, {.text = "b"}, {.text = "a("}};
	struct job_rules rules[2] = {{.fail_patterns = {bad, 3}}, {.pass_patterns = {bad, 3}}};
	struct job_spec specs[] = {
		{.rules = &rules[0]}, {.rules = &rules[1]}, {.rules = &rules[0]}};
	struct plan plan = {.jobs = specs, .n_jobs = 3};
	struct diags diags;

	(void)state;
	diags_init(&diags);
	pattern_check_plan(&plan, &diags);
	assert_int_equal(diags.n_errors, 1);
	diags_done(&diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constructs_that_differ_are_translated),
		cmocka_unit_test(what_could_change_a_verdict_is_refused),
		cmocka_unit_test(what_python_has_not_is_noted),
		cmocka_unit_test(what_goes_on_behind_a_line_is_noted),
		cmocka_unit_test(lines_match_as_in_python),
		cmocka_unit_test(a_known_beginning_never_hides_a_match),
		cmocka_unit_test(too_much_backtracking_is_undecided),
		cmocka_unit_test(a_deep_pattern_gets_a_larger_stack),
		cmocka_unit_test(an_error_says_where),
		cmocka_unit_test(each_text_is_checked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
