/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/ascii.h"
#include "base/str.h"
#include "base/utf8.h"
#include "flow/text.h"

bool text_is_clean(const char *s)
{
	size_t n = strlen(s), k;

	for (size_t i = 0; i < n; i += k) {
		k = utf8_valid_len(s + i, n - i);
		if (k == 0 || (utf8_is_control(s + i, k) && s[i] != '\t' && s[i] != '\n'))
			return false;
	}
	return true;
}

bool text_is_line(const char *s)
{
	return text_is_clean(s) && !strpbrk(s, "\t\n");
}

static bool is_word_char(char c, bool is_first)
{
	return ascii_is_name(c) && !(is_first && ascii_is_digit(c));
}

bool text_is_word(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_word_char(s[i], i == 0))
			return false;
	return len > 0;
}

const char *text_printable(struct arena *mem, const char *s)
{
	_cleanup_(str_done) struct str out = {0};

	str_reserve(&out, 0);
	str_add_printable(&out, s, strlen(s));
	return arena_strndup(mem, out.s, out.len);
}
