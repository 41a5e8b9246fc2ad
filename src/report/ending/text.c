/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ending/text.h"

#include <string.h>

#include "base/utf8.h"

void ending_text_color(struct ending_writer *w, const char *sequence)
{
	if (w->options->color)
		str_add(w->out, sequence);
}

/* Replaces tabs by blanks, because the width of a tab is unknown. */
static void replace_tabs(struct str *b, size_t from)
{
	for (; from < b->len; from++)
		if (b->s[from] == '\t')
			b->s[from] = ' ';
}

bool ending_text_cut(struct str *b, const char *s, size_t columns)
{
	size_t len = strlen(s), at = 0, n = 0, keep = 0, before = b->len;

	while (at < len && n < columns) {
		size_t k = utf8_valid_len(s + at, len - at);

		if (n + 1 == columns)
			keep = at;
		at += k ? k : 1;
		n++;
	}
	str_addn(b, s, at >= len ? len : keep);
	replace_tabs(b, before);
	if (at < len && columns)
		str_add(b, "…");
	return at >= len;
}

void ending_text_indented(struct ending_writer *w, const char *margin, const char *s,
			  size_t columns)
{
	size_t taken = strlen(margin);

	str_add(w->out, margin);
	ending_text_cut(w->out, s, columns > taken ? columns - taken : 1);
}

void ending_text_printable(struct str *b, const char *s)
{
	str_add_printable(b, s, strlen(s));
}

void ending_text_n_jobs(struct str *b, uint32_t n)
{
	str_printf(b, "%u job%s", n, n == 1 ? "" : "s");
}

unsigned ending_text_count_lines(const char *s)
{
	unsigned n = 0;

	while (*s) {
		n++;
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	return n;
}
