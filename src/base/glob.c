/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str_glob(). fnmatch() cannot be used: it depends on the locale, has escapes and classes that
 * Python's fnmatch and the manual do not have, and may take exponential time. Here only the last
 * star is extended on a mismatch, so the work is at most length of the pattern times length of the
 * text, without recursion.
 */
#include "base/str.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* Reads one code point, or one byte that belongs to none. Such a byte becomes a value above all
 * code points. */
static size_t read_char(const char *s, uint32_t *ret)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = strnlen(s, 4), k = utf8_valid_len(s, n);

	if (k <= 1) {
		*ret = k ? u[0] : 0x110000u + u[0];
		return 1;
	}
	*ret = u[0] & (0xffu >> (k + 1));
	for (size_t i = 1; i < k; i++)
		*ret = *ret << 6 | (u[i] & 0x3f);
	return k;
}

/* The ']' of the set whose '[' is at p. NULL: there is none, and the '[' is plain text. */
static const char *set_end(const char *p)
{
	p++;
	if (*p == '!')
		p++;
	if (*p == ']')
		p++;
	return strchr(p, ']');
}

static bool is_in_set(const char *p, const char *end, uint32_t c)
{
	bool is_negated = p[1] == '!', is_in = false;

	p += is_negated ? 2 : 1;
	while (p < end) {
		uint32_t low, high;

		p += read_char(p, &low);
		high = low;
		if (*p == '-' && p + 1 < end)
			p += 1 + read_char(p + 1, &high);
		is_in = is_in || (c >= low && c <= high);
	}
	return is_in != is_negated;
}

/* If the first item of pattern p matches the character c: the rest of the pattern, else NULL. */
static const char *match_one(const char *p, uint32_t c)
{
	const char *end = *p == '[' ? set_end(p) : NULL;
	uint32_t want;

	if (*p == '\0')
		return NULL;
	if (*p == '?')
		return p + 1;
	if (end)
		return is_in_set(p, end, c) ? end + 1 : NULL;
	p += read_char(p, &want);
	return want == c ? p : NULL;
}

bool str_glob(const char *pattern, const char *s)
{
	const char *star = NULL, *from = s; /* where to retry: after the last star, and in s */

	while (*s) {
		uint32_t c;
		size_t k = read_char(s, &c);
		const char *next;

		if (*pattern == '*') {
			star = ++pattern;
			from = s;
		} else if ((next = match_one(pattern, c))) {
			pattern = next;
			s += k;
		} else if (star) {
			from += read_char(from, &c);
			s = from;
			pattern = star;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

bool str_is_glob(const char *s)
{
	return strpbrk(s, "*?[") != NULL;
}
