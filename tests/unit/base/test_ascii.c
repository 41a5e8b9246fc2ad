/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ascii.h"

#include "unit.h"

static const char lower[] = "abcdefghijklmnopqrstuvwxyz", upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		  digits[] = "0123456789";

static bool is_one_of(int c, const char *set)
{
	return c && strchr(set, c);
}

static void each_byte_is_in_its_classes(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		bool is_letter = is_one_of(c, lower) || is_one_of(c, upper);
		bool is_digit = is_one_of(c, digits);

		assert_int_equal(ascii_is_letter((char)c), is_letter);
		assert_int_equal(ascii_is_digit((char)c), is_digit);
		assert_int_equal(ascii_is_name((char)c), is_letter || is_digit || c == '_');
	}
}

static void only_letters_change_case(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char low = is_one_of(c, upper) ? lower[strchr(upper, c) - upper] : (char)c;
		char up = is_one_of(c, lower) ? upper[strchr(lower, c) - lower] : (char)c;

		assert_int_equal(ascii_lower((char)c), low);
		assert_int_equal(ascii_upper((char)c), up);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_is_in_its_classes),
		cmocka_unit_test(only_letters_change_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
