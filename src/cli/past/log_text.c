/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/past/log_text.h"

/* Length of an SGR sequence at s: ESC [ digits and ; and m. 0: there is none. */
static size_t sgr_len(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 3 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == ';'))
		i++;
	return i < n && s[i] == 'm' ? i + 1 : 0;
}

static bool is_plain(char c)
{
	return c == '\n' || c == '\t';
}

void log_text_add(struct str *out, const char *s, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t k = sgr_len(s + at, n - at), end = at;

		if (k == 0 && is_plain(s[at]))
			k = 1;
		if (k) {
			str_addn(out, s + at, k);
			at += k;
			continue;
		}
		end++;
		while (end < n && !is_plain(s[end]) && s[end] != '\033')
			end++;
		str_add_printable(out, s + at, end - at);
		at = end;
	}
}
