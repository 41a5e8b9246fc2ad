/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_valid_len(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;

	if (n == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	if (u[0] >= 0xc2 && u[0] <= 0xdf)
		return n >= 2 && is_tail(u[1]) ? 2 : 0;
	if ((u[0] & 0xf0) == 0xe0) {
		unsigned char low = u[0] == 0xe0 ? 0xa0 : 0x80, high = u[0] == 0xed ? 0x9f : 0xbf;

		return n >= 3 && u[1] >= low && u[1] <= high && is_tail(u[2]) ? 3 : 0;
	}
	if (u[0] >= 0xf0 && u[0] <= 0xf4) {
		unsigned char low = u[0] == 0xf0 ? 0x90 : 0x80, high = u[0] == 0xf4 ? 0x8f : 0xbf;

		return n >= 4 && u[1] >= low && u[1] <= high && is_tail(u[2]) && is_tail(u[3]) ? 4
											       : 0;
	}
	return 0;
}

size_t utf8_first_bad(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint64_t word;
		size_t k;

		while (n - i >= sizeof(word)) {
			memcpy(&word, s + i, sizeof(word));
			if (word & UINT64_C(0x8080808080808080))
				break;
			i += sizeof(word);
		}
		if (i == n)
			break;
		k = utf8_valid_len(s + i, n - i);
		if (k == 0)
			return i;
		i += k;
	}
	return n;
}

/* U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069: all begin with E2. */
static bool is_wide_control(const unsigned char *u)
{
	if (u[1] == 0x80)
		return u[2] == 0x8e || u[2] == 0x8f || (u[2] >= 0xa8 && u[2] <= 0xae);
	return u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9;
}

bool utf8_is_control(const char *s, size_t k)
{
	const unsigned char *u = (const unsigned char *)s;

	switch (k) {
	case 1:
		return u[0] < 0x20 || u[0] == 0x7f;
	case 2: /* C1, U+061C */
		return (u[0] == 0xc2 && u[1] < 0xa0) || (u[0] == 0xd8 && u[1] == 0x9c);
	case 3:
		return u[0] == 0xe2 && is_wide_control(u);
	default:
		return false;
	}
}
