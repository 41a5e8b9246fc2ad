/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { PRINTF_USUAL = 63 };

void str_done(struct str *b)
{
	free(b->s);
	*b = (struct str){0};
}

void str_clear(struct str *b)
{
	b->len = 0;
	if (b->s)
		b->s[0] = '\0';
}

char *str_reserve(struct str *b, size_t n)
{
	if (b->cap - b->len <= n || !b->s) {
		size_t cap = b->cap ? b->cap * 2 : 64;

		while (cap - b->len <= n)
			cap *= 2;
		b->s = xrealloc(b->s, cap);
		b->cap = cap;
		b->s[b->len] = '\0';
	}
	return b->s + b->len;
}

void str_add(struct str *b, const char *s)
{
	str_addn(b, s, strlen(s));
}

/* Most texts fit into PRINTF_USUAL bytes: one vsnprintf() costs less than two. */
void str_vprintf(struct str *b, const char *fmt, va_list ap)
{
	char *to = str_reserve(b, PRINTF_USUAL);
	size_t room = b->cap - b->len;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(to, room, fmt, again);
	va_end(again);
	if ((size_t)n >= room)
		vsnprintf(str_reserve(b, (size_t)n), (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void str_printf(struct str *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(b, fmt, ap);
	va_end(ap);
}

char *str_take(struct str *b)
{
	char *s;

	str_reserve(b, 0);
	s = b->s;
	*b = (struct str){0};
	return s;
}

bool str_is_shell_char(char c)
{
	static const uint64_t safe[4] = {UINT64_C(0x27fff82000000000),
					 UINT64_C(0x07fffffe87ffffff)};
	unsigned char u = (unsigned char)c;

	return safe[u / 64] >> u % 64 & 1;
}

bool str_is_shell_word(const char *s)
{
	const char *at = s;

	while (str_is_shell_char(*at))
		at++;
	return at > s && !*at;
}

void str_add_upper(struct str *b, const char *s)
{
	for (; *s; s++)
		str_addc(b, ascii_upper(*s));
}

void str_add_shell_word(struct str *b, const char *s)
{
	if (str_is_shell_word(s)) {
		str_add(b, s);
		return;
	}
	str_addc(b, '\'');
	for (const char *quote; (quote = strchr(s, '\'')); s = quote + 1) {
		str_addn(b, s, (size_t)(quote - s));
		str_add(b, "'\"'\"'");
	}
	str_add(b, s);
	str_addc(b, '\'');
}

typedef signed char bytes16 __attribute__((vector_size(16)));

/* The bytes at s that are not, as 0xff. */
static bytes16 odd_of(const char *s)
{
	bytes16 v;

	memcpy(&v, s, sizeof(v));
	return (v < 0x20) | (v == 0x7f);
}

static bool is_none(bytes16 v)
{
	uint64_t odd[2];

	memcpy(odd, &v, sizeof(odd));
	return (odd[0] | odd[1]) == 0;
}

static bool are_printable16(const char *s)
{
	return is_none(odd_of(s));
}

static bool are_printable64(const char *s)
{
	return is_none(odd_of(s) | odd_of(s + 16) | odd_of(s + 32) | odd_of(s + 48));
}

/* Number of bytes before the first one that is not printable ASCII. Most texts have none. */
static size_t plain_len(const char *s, size_t n)
{
	size_t k = 0;

	while (n - k >= 4 * sizeof(bytes16) && are_printable64(s + k))
		k += 4 * sizeof(bytes16);
	while (n - k >= sizeof(bytes16) && are_printable16(s + k))
		k += sizeof(bytes16);
	if (k && n - k < sizeof(bytes16) && are_printable16(s + n - sizeof(bytes16)))
		return n; /* the rest, and some of what was looked at */
	while (k < n && s[k] >= 0x20 && s[k] < 0x7f)
		k++;
	return k;
}

void str_add_printable(struct str *b, const char *s, size_t n)
{
	while (n) {
		size_t k = plain_len(s, n);
		bool is_plain = k > 0;

		if (!is_plain)
			k = utf8_valid_len(s, n);
		if (is_plain || (k && !utf8_is_control(s, k))) {
			str_addn(b, s, k);
		} else {
			k = k ? k : 1;
			for (size_t i = 0; i < k; i++)
				str_printf(b, "\\x%02x", (unsigned char)s[i]);
		}
		s += k;
		n -= k;
	}
}

void str_add_replaced(struct str *b, const char *s, const char *from, const char *to)
{
	const char *hit;

	while (*from && (hit = strstr(s, from))) {
		str_addn(b, s, (size_t)(hit - s));
		str_add(b, to);
		s = hit + strlen(from);
	}
	str_add(b, s);
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n >= k && memcmp(s + n - k, suffix, k) == 0;
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int str_compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Damerau-Levenshtein distance (a swap of neighbours counts 1) of words of at most 63 bytes. */
static unsigned str_distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned row[3][64];

	for (size_t j = 0; j <= m; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

const char *str_suggest(const char *word, const char *const *candidates, size_t n)
{
	size_t len = strlen(word);
	unsigned best = (unsigned)(len <= 2 ? 1 : len <= 5 ? 2 : 3) + 1;
	const char *found = NULL;

	if (len > 63)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t k = candidates[i] ? strlen(candidates[i]) : 64;
		unsigned d;

		if (k > 63)
			continue;
		d = str_distance(word, len, candidates[i], k);
		/* The distance must be less than half of the longer word: "wr" is not similar to
		 * "cr". */
		if (d < best && 2 * d < (len > k ? len : k)) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}
