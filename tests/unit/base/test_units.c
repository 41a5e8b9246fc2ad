/* SPDX-License-Identifier: Apache-2.0 */
#include "base/units.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/attr.h"

static void durations_have_units_in_falling_order(void **state)
{
	static const struct {
		const char *text;
		double s;
	} good[] = {
		{"90s", 90},
		{"5m", 300},
		{"1.5h", 5400},
		{"1h30m", 5400},
		{"250ms", 0.25},
		{"2d", 172800},
		{"1d2h3m4s5ms", 93784.005},
		{"0s", 0},
		{"0.5m", 30},
	};
	static const char *const bad[] = {"",	  "90",	  "s",	   "5 m", "m5",	 "5parsecs",
					  "-5s",  "1m1m", "30m1h", "1.s", ".5s", "1e3s",
					  "0x1s", "inf",  "5m ",   "5M"};
	double s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(units_duration(good[i].text, &s));
		assert_true(fabs(s - good[i].s) < 1e-9);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(units_duration(bad[i], &s));
}

static void sizes_count_in_1024_unless_they_end_in_plain_b(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"512", 512},	    {"512B", 512},	  {"1K", 1024},
		{"1KiB", 1024},	    {"1kB", 1000},	  {"64M", 64ull << 20},
		{"64MB", 64000000}, {"1.5G", 3ull << 29}, {"2 TiB", 2ull << 40},
		{"0", 0},
	};
	static const char *const bad[] = {"",	 "M",	  "1Q",		 "-1",
					  "1e3", "1 M B", "9999999999T", "1MiBs"};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(units_size(good[i].text, &bytes));
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(units_size(bad[i], &bytes));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_units_in_falling_order),
		cmocka_unit_test(sizes_count_in_1024_unless_they_end_in_plain_b),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
