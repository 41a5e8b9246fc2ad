/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/blank.h"

/* A copy without blanks at both ends and without '_' between digits; NULL: a '_' is elsewhere. */
static char *copy_plain(struct arena *mem, const char *text)
{
	size_t n = strlen(text), len = 0;
	char *copy;

	text = blank_strip(text, &n);
	copy = arena_alloc(mem, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '_')
			copy[len++] = text[i];
		else if (i == 0 || i + 1 == n || !ascii_is_digit(text[i - 1]) ||
			 !ascii_is_digit(text[i + 1]))
			return NULL;
	}
	copy[len] = '\0';
	return copy;
}

/* Digits that are JSON already, as most seeds are. */
static bool is_plain_int(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n && !text[n] && (*text != '0' || n == 1);
}

const char *number_int(struct arena *mem, const char *text)
{
	char *plain, *digits;
	bool is_negative;

	if (is_plain_int(text))
		return arena_strdup(mem, text);
	digits = plain = copy_plain(mem, text);
	if (!plain)
		return NULL;
	is_negative = *digits == '-';
	digits += *digits == '-' || *digits == '+';
	if (!*digits || digits[strspn(digits, "0123456789")])
		return NULL;
	while (*digits == '0' && digits[1])
		digits++;
	if (!is_negative || *digits == '0')
		return digits;
	digits[-1] = '-'; /* overwrites the sign or a leading zero */
	return digits - 1;
}

const char *number_real(struct arena *mem, const char *text)
{
	const char *plain = copy_plain(mem, text);
	char *end;

	/* strtod() also accepts hexadecimal digits and nan(…). */
	if (!plain || strpbrk(plain, "xX("))
		return NULL;
	strtod(plain, &end);
	return end > plain && !*end ? plain : NULL;
}
