/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include "unit.h"

struct number_case {
	const char *text, *number; /* NULL: Python raises ValueError */
};

static void assert_numbers(const char *(*read)(struct arena *mem, const char *text),
			   const struct number_case *cases, size_t n)
{
	struct arena *mem = arena_new();

	for (size_t i = 0; i < n; i++) {
		const char *number = read(mem, cases[i].text);

		if (!cases[i].number && number)
			fail_msg("'%s' is no number, not %s", cases[i].text, number);
		if (cases[i].number && !number)
			fail_msg("'%s' is a number", cases[i].text);
		if (number)
			assert_string_equal(number, cases[i].number);
	}
	arena_free(mem);
}

static void whole_numbers_are_those_of_int(void **state)
{
	static const struct number_case cases[] = {
		{"0", "0"},
		{"7", "7"},
		{"1_000", "1000"},
		{" 12\n", "12"},
		{"+5", "5"},
		{"-12", "-12"},
		{"-0_07", "-7"},
		{"-00", "0"},
		{"0_0", "0"},
		{"\xc2\xa0"
		 "3",
		 "3"},
		{"115792089237316195423570985008687907853269984665640564039457584007913129639936",
		 "115792089237316195423570985008687907853269984665640564039457584007913129639936"},
		{"", NULL},
		{" ", NULL},
		{"+", NULL},
		{"- 1", NULL},
		{"1 2", NULL},
		{"1.0", NULL},
		{"1e3", NULL},
		{"0x1", NULL},
		{"_1", NULL},
		{"1_", NULL},
		{"1__0", NULL},
		{"-_1", NULL},
	};

	(void)state;
	assert_numbers(number_int, cases, ARRAY_LEN(cases));
}

static void real_numbers_are_those_of_float(void **state)
{
	static const struct number_case cases[] = {
		{"1", "1"},	{" 1_0.2_5 ", "10.25"}, {"1e1_0", "1e10"}, {".5", ".5"},
		{"5.", "5."},	{"inf", "inf"},		{"", NULL},	   {"1_.5", NULL},
		{"1._5", NULL}, {"1_e5", NULL},		{"0x10", NULL},	   {"nan(1)", NULL},
		{"1 2", NULL},	{"1.5s", NULL},
	};

	(void)state;
	assert_numbers(number_real, cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_are_those_of_int),
		cmocka_unit_test(real_numbers_are_those_of_float),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
