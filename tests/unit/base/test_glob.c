/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <locale.h>

#include "unit.h"

static const struct {
	const char *pattern, *text;
	bool matches;
} cases[] = {
	{"", "", true},
	{"", "a", false},
	{"*", "", true},
	{"*", "anything/at.all", true},
	{"?", "", false},
	{"?", "a", true},
	{"?", "ab", false},
	{"test.*", "test.fast.1", true},
	{"test.*", "test", false},
	{"*.log", ".log", true},
	{"*.log", "a.b.log", true},
	{"*.log", "a.logs", false},
	{"a*b*c", "abc", true},
	{"a*b*c", "aXbYbZc", true},
	{"a*b*c", "acb", false},
	{"**", "x", true},
	{"*?", "", false},
	{"*?", "xyz", true},
	{"a*", "A", false},
	{"[abc]", "b", true},
	{"[abc]", "d", false},
	{"[a-c]x", "bx", true},
	{"[a-c]x", "dx", false},
	{"[!a-c]", "d", true},
	{"[!a-c]", "b", false},
	{"[!a]", "", false},
	{"[^a]", "^", true}, /* only ! negates */
	{"[^a]", "b", false},
	{"[]]", "]", true},
	{"[!]]", "]", false},
	{"[!]]", "a", true},
	{"[]-a]", "^", true}, /* from ] to a */
	{"[a-]", "-", true},
	{"[-a]", "-", true},
	{"[c-a]", "b", false},
	{"[abc", "[abc", true}, /* not closed: plain text */
	{"[abc", "a", false},
	{"[", "[", true},
	{"[!", "[!", true},
	{"a[", "a[", true},
	{"\\*", "\\x", true}, /* no escapes */
	{"\\*", "*", false},
	{"[*]", "*", true},
	{"[*]", "x", false},
	{"[?]x*", "?xyz", true},
	{"?", "\xc3\xa9", true}, /* a code point, not a byte */
	{"??", "\xc3\xa9", false},
	{"[\xc3\xa9]", "\xc3\xa9", true},
	{"[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true},
	{"[a-z]", "\xc3\xa9", false},
	{"?", "\xff", true}, /* what is not UTF-8 counts by bytes */
	{"*\xff", "a\xff", true},
	{"[!a]*", "\xff\xfe", true},
	{"*a*", "bbbab", true},
	{"*[0-9]", "seed.9", true},
	{"*[0-9]", "seed.x", false},
	{"[[:alpha:]]", "[]", true}, /* a set of [ : a l p h, then ] */
	{"[[:alpha:]]", "a]", true},
	{"[[:alpha:]]", "b", false},
	{".*", ".hidden", true},
	{"*", ".hidden", true},
};

static void patterns_match_as_documented(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (str_glob(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("'%s' on '%s' should%s match", cases[i].pattern, cases[i].text,
				 cases[i].matches ? "" : " not");
}

static void the_locale_changes_nothing(void **state)
{
	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	patterns_match_as_documented(state);
	setlocale(LC_ALL, "C");
}

/* 40 stars against 60,000 bytes that fail at the very end: exponential code would never return. */
static void many_stars_end_in_time(void **state)
{
	char pattern[100] = "", *text = malloc(60001);

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		strcat(pattern, "*a");
	strcat(pattern, "*b");
	memset(text, 'a', 60000);
	text[60000] = '\0';
	assert_false(str_glob(pattern, text));
	text[59999] = 'b';
	assert_true(str_glob(pattern, text));
	free(text);
}

static void globs_are_distinguished_from_names(void **state)
{
	(void)state;
	assert_true(str_is_glob("a*"));
	assert_true(str_is_glob("?"));
	assert_true(str_is_glob("[a]"));
	assert_false(str_is_glob("test.fast.1"));
	assert_false(str_is_glob("a]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_documented),
		cmocka_unit_test(the_locale_changes_nothing),
		cmocka_unit_test(many_stars_end_in_time),
		cmocka_unit_test(globs_are_distinguished_from_names),
	};

	return RUN(tests);
}
