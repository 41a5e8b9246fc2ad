/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdint.h>
#include <string.h>

#define CONTROL_8(at)                                                                    \
	[(at)] = TEXT_CONTROL, [(at) + 1] = TEXT_CONTROL, [(at) + 2] = TEXT_CONTROL,     \
	[(at) + 3] = TEXT_CONTROL, [(at) + 4] = TEXT_CONTROL, [(at) + 5] = TEXT_CONTROL, \
	[(at) + 6] = TEXT_CONTROL, [(at) + 7] = TEXT_CONTROL

/* clang-format off */
const unsigned char text_class[256] = {
	CONTROL_8(0x00),
	[0x08] = TEXT_CONTROL,
	['\t'] = TEXT_CONTROL | TEXT_BLANK,
	['\n'] = TEXT_CONTROL | TEXT_BLANK | TEXT_EOL,
	[0x0b] = TEXT_CONTROL,
	[0x0c] = TEXT_CONTROL,
	['\r'] = TEXT_CONTROL | TEXT_BLANK | TEXT_EOL,
	[0x0e] = TEXT_CONTROL,
	[0x0f] = TEXT_CONTROL,
	CONTROL_8(0x10),
	CONTROL_8(0x18),
	[' '] = TEXT_BLANK,
	['{'] = TEXT_PUNCT | TEXT_MARK,
	['}'] = TEXT_PUNCT | TEXT_MARK,
	['['] = TEXT_PUNCT | TEXT_MARK,
	[']'] = TEXT_PUNCT | TEXT_MARK,
	[','] = TEXT_PUNCT,
	[':'] = TEXT_PUNCT,
	['#'] = TEXT_MARK,
	['/'] = TEXT_MARK,
};
/* clang-format on */

static bool is_tail(const char *p, const char *end)
{
	return p < end && ((unsigned char)*p & 0xc0) == 0x80;
}

/* Bytes of the sequence at p, which is not ASCII; 0: it is none (overlong, surrogate, too big,
 * cut). */
static size_t sequence(const char *p, const char *end)
{
	unsigned a = (unsigned char)p[0];
	unsigned b = p + 1 < end ? (unsigned char)p[1] : 0;

	if (a < 0xc2 || a > 0xf4 || !is_tail(p + 1, end))
		return 0;
	if (a < 0xe0)
		return 2;
	if (!is_tail(p + 2, end) || (a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f))
		return 0;
	if (a < 0xf0)
		return 3;
	if (!is_tail(p + 3, end) || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f))
		return 0;
	return 4;
}

/* True if the eight bytes at p are ASCII and none of them is NUL. */
static bool eight_plain(const char *p)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return !((w | (w - UINT64_C(0x0101010101010101))) & high);
}

const char *text_bad(const char *p, const char *end)
{
	while (p < end) {
		size_t n = 1;

		if (end - p >= 8 && eight_plain(p))
			n = 8;
		else if ((unsigned char)*p >= 0x80)
			n = sequence(p, end);
		else if (*p == '\0')
			n = 0;
		if (n == 0)
			return p;
		p += n;
	}
	return end;
}

size_t text_columns(const char *from, const char *to)
{
	size_t n = 0;

	for (; from < to; from++)
		n += ((unsigned char)*from & 0xc0) != 0x80;
	return n;
}

static size_t wide_space(const unsigned char *u)
{
	switch (u[0]) {
	case 0xe1: /* U+1680 */
		return u[1] == 0x9a && u[2] == 0x80 ? 3 : 0;
	case 0xe2: /* U+2000..200A, 2028, 2029, 202F; 205F */
		if (u[1] == 0x80 && (u[2] <= 0x8a || u[2] == 0xa8 || u[2] == 0xa9 || u[2] == 0xaf))
			return 3;
		return u[1] == 0x81 && u[2] == 0x9f ? 3 : 0;
	case 0xe3: /* U+3000 */
		return u[1] == 0x80 && u[2] == 0x80 ? 3 : 0;
	default:
		return 0;
	}
}

size_t text_space(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *)p;

	if (p == end)
		return 0;
	if (u[0] < 0x80)
		return u[0] == ' ' || (u[0] >= 0x09 && u[0] <= 0x0d) ||
		       (u[0] >= 0x1c && u[0] <= 0x1f);
	if (u[0] == 0xc2 && end - p >= 2) /* U+0085, U+00A0 */
		return u[1] == 0x85 || u[1] == 0xa0 ? 2 : 0;
	return end - p >= 3 ? wide_space(u) : 0;
}

const char *text_trim_left(const char *p, const char *end)
{
	size_t n;

	while ((n = text_space(p, end)) != 0)
		p += n;
	return p;
}

const char *text_trim_right(const char *p, const char *end)
{
	while (end > p) {
		const char *last = end - 1;

		while (last > p && is_tail(last, end))
			last--;
		if (!text_space(last, end))
			break;
		end = last;
	}
	return end;
}

size_t text_encode(char *out, unsigned code)
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(lead[n] | code);
	return n;
}
