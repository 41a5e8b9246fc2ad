/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/lines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

/* Python's white space, as far as it is ASCII. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

bool lines_next(struct lines *in, struct span *ret)
{
	const char *s = in->rest.s;
	size_t n = in->rest.n, i = 0;

	*ret = (struct span){s, 0};
	if (n == 0)
		return false;
	while (i < n && s[i] != '\n' && s[i] != '\r')
		i++;
	ret->n = i;
	if (i < n)
		i += i + 1 < n && s[i] == '\r' && s[i + 1] == '\n' ? 2 : 1;
	in->rest = (struct span){s + i, n - i};
	return true;
}

bool span_has(struct span s, const char *text)
{
	return s.n && memmem(s.s, s.n, text, strlen(text));
}

bool span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.s, text, s.n) == 0;
}

struct span span_strip(struct span s)
{
	while (s.n && is_space(*s.s))
		s = (struct span){s.s + 1, s.n - 1};
	while (s.n && is_space(s.s[s.n - 1]))
		s.n--;
	return s;
}

bool span_word(struct span *rest, struct span *ret)
{
	struct span s = span_strip(*rest);
	size_t n = 0;

	while (n < s.n && !is_space(s.s[n]))
		n++;
	*ret = (struct span){s.s, n};
	*rest = (struct span){s.s + n, s.n - n};
	return n > 0;
}

size_t span_count_words(struct span s)
{
	struct span word;
	size_t n = 0;

	while (span_word(&s, &word))
		n++;
	return n;
}

char *span_text(struct arena *mem, struct span s)
{
	return arena_strndup(mem, s.s, s.n);
}

static size_t skip_digits(struct span s, size_t i)
{
	while (i < s.n && ascii_is_digit(s.s[i]))
		i++;
	return i;
}

/* [sign] digits [. digits] [e [sign] digits], with a digit before or after the point. */
static bool is_decimal(struct span s)
{
	size_t i = s.n && (*s.s == '-' || *s.s == '+'), from = i;

	i = skip_digits(s, i);
	if (i < s.n && s.s[i] == '.') {
		size_t point = i;

		i = skip_digits(s, i + 1);
		if (i == point + 1 && point == from)
			return false;
	} else if (i == from) {
		return false;
	}
	if (i < s.n && (s.s[i] == 'e' || s.s[i] == 'E')) {
		i++;
		i += i < s.n && (s.s[i] == '-' || s.s[i] == '+');
		from = i;
		i = skip_digits(s, i);
		if (i == from)
			return false;
	}
	return i == s.n;
}

bool span_number(struct span s, double *ret)
{
	_cleanup_(freep) char *text = NULL;

	s = span_strip(s);
	if (!is_decimal(s))
		return false;
	text = xstrndup(s.s, s.n);
	*ret = strtod(text, NULL);
	return isfinite(*ret);
}
