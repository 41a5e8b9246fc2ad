/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blank.h"

#include "base/attr.h"
#include <string.h>

/* The blanks of more than one byte, except U+2000 to U+200A. */
static const char *const wide[] = {
	"\xc2\x85",	"\xc2\xa0",	"\xe1\x9a\x80", "\xe2\x80\xa8",
	"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
};
static const char spaces[] = "\xe2\x80"; /* then 0x80 to 0x8a */

size_t blank_len(const char *s, size_t n)
{
	unsigned char c = n ? (unsigned char)*s : 'x';

	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
	for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
		size_t k = strlen(wide[i]);

		if (n >= k && memcmp(s, wide[i], k) == 0)
			return k;
	}
	if (n >= 3 && memcmp(s, spaces, 2) == 0 && (unsigned char)s[2] <= 0x8a)
		return 3;
	return 0;
}

/* Length in bytes of the blank at the end of s[0..n), or 0. */
static size_t last_blank_len(const char *s, size_t n)
{
	for (size_t k = 1; k <= 3 && k <= n; k++)
		if (blank_len(s + n - k, k) == k)
			return k;
	return 0;
}

const char *blank_strip(const char *s, size_t *n)
{
	const char *end = s + *n;
	size_t k;

	while (s < end && (k = blank_len(s, (size_t)(end - s))))
		s += k;
	while (s < end && (k = last_blank_len(s, (size_t)(end - s))))
		end -= k;
	*n = (size_t)(end - s);
	return s;
}
