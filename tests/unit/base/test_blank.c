/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blank.h"

#include <string.h>

#include "base/utf8.h"
#include "unit.h"
#include "utf8_put.h"

/* str.isspace() of Python 3 for every code point: 29 of them. */
static bool is_blank(uint32_t cp)
{
	return (cp >= 9 && cp <= 13) || (cp >= 0x1c && cp <= 0x20) || cp == 0x85 || cp == 0xa0 ||
	       cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

static void every_code_point_is_a_blank_as_python_has_it(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		char text[8];
		size_t k = utf8_put(text, cp);

		if (blank_len(text, k) != (is_blank(cp) ? k : 0))
			fail_msg("U+%04X: %zu", cp, blank_len(text, k));
	}
	assert_int_equal(blank_len("", 0), 0);
	assert_int_equal(blank_len("\xe2\x80", 2), 0);
}

static void both_ends_are_stripped_and_nothing_else(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{" ", ""},
		{"\t a  b \n", "a  b"},
		{"a", "a"},
		{"\xc2\xa0 a\xe3\x80\x80", "a"},
		{"\xe2\x80\xa8", ""},
		{"\x1c"
		 "a\x1f",
		 "a"},
		{"\xc3\x85", "\xc3\x85"}, /* its last byte is no blank by itself */
		{"\xa0", "\xa0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = strlen(cases[i][0]);
		const char *s = blank_strip(cases[i][0], &n);

		assert_int_equal(n, strlen(cases[i][1]));
		assert_memory_equal(s, cases[i][1], n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_a_blank_as_python_has_it),
		cmocka_unit_test(both_ends_are_stripped_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
