/* SPDX-License-Identifier: Apache-2.0 */
#include "job/resource_units.h"

#include "../base/unit.h"

static void lists_of_units_are_read_and_written(void **state)
{
	static const struct {
		const char *text, *back; /* NULL: refused */
		uint32_t n;
		const char *why;
	} cases[] = {
		{"0", "0", 1, NULL},
		{"60000-60015", "60000-60015", 16, NULL},
		{"9, 3-5 ,1", "1,3-5,9", 5, NULL},
		{"4294967294", "4294967294", 1, NULL},
		{"0-65535", "0-65535", 65536, NULL},
		{"", NULL, 0, "'' is neither a number nor FIRST-LAST"},
		{"x", NULL, 0, "'x' is neither a number nor FIRST-LAST"},
		{"1-", NULL, 0, "'1-' is neither a number nor FIRST-LAST"},
		{"-1", NULL, 0, "'-1' is neither"},
		{"2-1", NULL, 0, "2-1 begins with the larger number"},
		{"1,", NULL, 0, "'' is neither"},
		{",1", NULL, 0, "'' is neither"},
		{"1,1", NULL, 0, "1 is listed twice"},
		{"1-3,2", NULL, 0, "2 is listed twice"},
		{"1 2", NULL, 0, "'1 2' is neither"},
		{"1.5", NULL, 0, "'1.5' is neither"},
		{"4294967295", NULL, 0, "'4294967295' is neither"},
		{"99999999999999999999", NULL, 0, "'99999999999999999999' is neither"},
		{"0-65536", NULL, 0, "there are more than 65536 numbers"},
		{"0-65535,70000", NULL, 0, "there are more than 65536 numbers"},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(str_done) struct str out = {0};
		const uint32_t *units;
		uint32_t n;
		const char *why = resource_units_parse(mem, cases[i].text, &units, &n);

		if (!why != (cases[i].back != NULL))
			fail_msg("\"%s\" was %s", cases[i].text, why ? "refused" : "taken");
		if (why) {
			assert_memory_equal(why, cases[i].why, strlen(cases[i].why));
			continue;
		}
		assert_int_equal(n, cases[i].n);
		resource_units_add(&out, units, n);
		assert_string_equal(out.s, cases[i].back);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_units_are_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
