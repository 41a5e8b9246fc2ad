/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/cells.h"

#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* One character to show: its bytes, or those of its replacement, and its columns (0, 1 or 2). */
struct cell {
	char bytes[5];
	unsigned columns;
};

static uint32_t cells_decode(const unsigned char *u, size_t n)
{
	static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t cp = u[0] & lead_bits[n];

	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | (u[i] & 0x3f);
	return cp;
}

static size_t cell_set(struct cell *c, const char *bytes, size_t n, unsigned columns)
{
	memcpy(c->bytes, bytes, n);
	c->bytes[n] = '\0';
	c->columns = columns;
	return n;
}

/* Reads one character of s, which has n > 0 bytes, and returns how many bytes it has there.
 * is_utf8: the terminal shows UTF-8; without it, every character but ASCII becomes '?'. */
static size_t cell_next(const char *s, size_t n, bool is_utf8, struct cell *ret)
{
	size_t len = utf8_valid_len(s, n);
	const char *instead = is_utf8 ? REPLACEMENT : "?";
	int columns;
	uint32_t cp;

	if (len == 1 && s[0] >= ' ' && s[0] != 0x7f)
		return cell_set(ret, s, 1, 1);
	if (len > 1 && is_utf8) {
		cp = cells_decode((const unsigned char *)s, len);
		columns = wcwidth((wchar_t)cp);
		if (columns < 0 && cp >= 0xa0 && MB_CUR_MAX == 1)
			columns = 1; /* a log in UTF-8, in a locale that has no widths for it */
		if (columns >= 0 && !utf8_is_control(s, len))
			return cell_set(ret, s, len, (unsigned)columns);
	}
	cell_set(ret, instead, strlen(instead), 1);
	return len ? len : 1;
}

unsigned cells_width(const char *s, bool is_utf8)
{
	size_t n = strlen(s);
	unsigned columns = 0;
	struct cell c;

	while (n) {
		size_t used = cell_next(s, n, is_utf8, &c);

		columns += c.columns;
		s += used;
		n -= used;
	}
	return columns;
}

/* Appends whole characters of s as long as they fit; returns the columns taken. */
static unsigned add_fitting(struct str *out, const char *s, unsigned columns, bool is_utf8)
{
	size_t n = strlen(s);
	unsigned taken = 0;
	struct cell c;

	while (n) {
		size_t used = cell_next(s, n, is_utf8, &c);

		if (taken + c.columns > columns)
			break;
		str_add(out, c.bytes);
		taken += c.columns;
		s += used;
		n -= used;
	}
	return taken;
}

unsigned cells_add_cut(struct str *out, const char *s, unsigned columns, bool is_utf8)
{
	const char *more = is_utf8 ? "\xe2\x80\xa6" : "...";
	unsigned more_columns = is_utf8 ? 1 : 3, taken;

	if (cells_width(s, is_utf8) <= columns)
		return add_fitting(out, s, columns, is_utf8);
	if (columns <= more_columns)
		return add_fitting(out, s, columns, is_utf8);
	taken = add_fitting(out, s, columns - more_columns, is_utf8);
	str_add(out, more);
	return taken + more_columns;
}

/* Bytes of "\033[1;33m" at the start of s, or 0. */
static size_t color_len(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 3 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (i < n && (s[i] == ';' || (s[i] >= '0' && s[i] <= '9')))
		i++;
	return i < n && s[i] == 'm' ? i + 1 : 0;
}

void cells_add_plain(struct str *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t skip = color_len(s + i, n - i);

		if (!skip)
			str_addc(out, s[i]);
		i += skip ? skip : 1;
	}
}

bool cells_locale_is_utf8(void)
{
	setlocale(LC_CTYPE, "");
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
