/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/utf8.h"
#include "flow/load.h"

bool text_is_clean(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t' && s[i] != '\n') || s[i] == 0x7f)
			return false;
	return utf8_first_bad(s, n) == n;
}

static bool is_word_char(char c, bool is_first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!is_first && c >= '0' && c <= '9');
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
