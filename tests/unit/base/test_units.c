/* SPDX-License-Identifier: Apache-2.0 */
#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/attr.h"

static void sizes_count_in_1024_unless_they_end_in_plain_b(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"512", 512},	    {"512B", 512},	  {"1K", 1024},
		{"1KiB", 1024},	    {"1kB", 1000},	  {"64M", 64ull << 20},
		{"64MB", 64000000}, {"1.5G", 3ull << 29}, {"2 TiB", 2ull << 40},
		{"0", 0},	    {"1GiB", 1ull << 30}, {"10MB", 10000000},
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
		cmocka_unit_test(sizes_count_in_1024_unless_they_end_in_plain_b),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
