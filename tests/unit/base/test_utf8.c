/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdbool.h>

#include "unit.h"
#include "utf8_put.h"

/* The Unicode standard's table 3-7, by decoding: shortest form, no surrogates, at most U+10FFFF. */
static size_t model_len(const unsigned char *u, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t k = u[0] < 0x80	 ? 1
		   : u[0] < 0xc0 ? 0
		   : u[0] < 0xe0 ? 2
		   : u[0] < 0xf0 ? 3
		   : u[0] < 0xf8 ? 4
				 : 0;
	uint32_t cp = k ? u[0] & (0xffu >> (k + (k > 1))) : 0;

	if (k == 1)
		return 1;
	if (k == 0 || k > n)
		return 0;
	for (size_t i = 1; i < k; i++) {
		if (u[i] >> 6 != 2)
			return 0;
		cp = cp << 6 | (u[i] & 0x3f);
	}
	return cp >= least[k] && cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff) ? k : 0;
}

static void every_two_bytes_and_what_may_follow(void **state)
{
	static const unsigned char tails[] = {0x00, 0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
	unsigned char u[4];

	(void)state;
	for (unsigned first = 0; first < 0x10000; first++) {
		for (size_t t = 0; t < ARRAY_LEN(tails) * ARRAY_LEN(tails); t++) {
			u[0] = (unsigned char)(first >> 8);
			u[1] = (unsigned char)first;
			u[2] = tails[t / ARRAY_LEN(tails)];
			u[3] = tails[t % ARRAY_LEN(tails)];
			for (size_t n = 1; n <= 4; n++)
				assert_int_equal(utf8_valid_len((const char *)u, n),
						 model_len(u, n));
		}
	}
	assert_int_equal(utf8_valid_len("", 0), 0);
}

static void every_code_point_goes_out_and_comes_back(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		char out[4];
		size_t k = utf8_put(out, cp);
		bool is_surrogate = cp >= 0xd800 && cp <= 0xdfff;

		assert_int_equal(utf8_valid_len(out, k), is_surrogate ? 0 : k);
		assert_int_equal(k, cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4);
	}
}

/* At every offset of a text longer than a few machine words, good neighbours on both sides. */
static void the_first_bad_byte_is_found_wherever_it_is(void **state)
{
	char text[64];

	(void)state;
	for (size_t at = 0; at < 40; at++) {
		memset(text, 'a', sizeof(text));
		memcpy(text + 45, "\xe2\x9c\x93", 3);
		assert_int_equal(utf8_first_bad(text, 60), 60);
		text[at] = '\x80';
		assert_int_equal(utf8_first_bad(text, 60), at);
		assert_int_equal(utf8_first_bad(text, at), at);
	}
	assert_int_equal(utf8_first_bad("ab\xe2\x9c", 4), 2); /* cut off */
	assert_int_equal(utf8_first_bad("", 0), 0);
}

/* Direction of text: Unicode's Bidi_Control. Line ends: U+2028, U+2029. */
static bool is_mark(uint32_t cp)
{
	return cp == 0x61c || cp == 0x200e || cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

static void controls_are_c0_del_c1_and_marks_of_direction(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp < 0x12000; cp++) {
		char out[4];
		size_t k = utf8_put(out, cp);

		assert_int_equal(utf8_is_control(out, k),
				 cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || is_mark(cp));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_two_bytes_and_what_may_follow),
		cmocka_unit_test(every_code_point_goes_out_and_comes_back),
		cmocka_unit_test(the_first_bad_byte_is_found_wherever_it_is),
		cmocka_unit_test(controls_are_c0_del_c1_and_marks_of_direction),
	};

	return RUN(tests);
}
