/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings in three quotes. Of each line, as many columns of white space are cut as stand before the
 * opening quotes on their line; all line ends become LF, and one at the very end is dropped.
 */
#include "scan.h"

#include <string.h>

struct body {
	const char *open;      /* the first quote */
	const char *p, *end;   /* the rest of what is between the quotes */
	size_t indent;	       /* columns to cut */
	bool indented_by_tabs; /* the line that opens it begins with a tab: then the body may, too
				*/
	bool cut;	       /* something was left out */
	const char *tab;       /* a tab that was cut, where the opening line has spaces only */
	char *to;
};

/* Columns of the line that stand before p; also notes whether the line begins with a tab. */
static size_t column_of(struct scan *s, const char *p)
{
	const char *stop = s->column_at && s->column_at <= p ? s->column_at : s->start;
	const char *line = p;

	while (line > stop && !text_is(line[-1], TEXT_EOL))
		line--;
	if (line == s->column_at) {
		s->column += text_columns(line, p);
	} else {
		s->column = text_columns(line, p);
		s->tabbed = *line == '\t';
	}
	s->column_at = p;
	return s->column;
}

/* The three quotes that end the string; NULL: there are none. */
static const char *find_end(const char *p, const char *end)
{
	while (end - p >= 3) {
		p = memchr(p, '\'', (size_t)(end - p - 2));
		if (!p || (p[1] == '\'' && p[2] == '\''))
			return p;
		p++;
	}
	return NULL;
}

static const char *skip_newline(const char *p, const char *end)
{
	return p + (*p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1);
}

static void skip_indent(struct body *b)
{
	for (size_t n = b->indent; n && b->p < b->end && (*b->p == ' ' || *b->p == '\t'); n--) {
		if (*b->p == '\t' && !b->indented_by_tabs && !b->tab)
			b->tab = b->p;
		b->cut = true;
		b->p++;
	}
}

static void copy_line(struct body *b)
{
	const char *from = b->p;

	while (b->p < b->end && !text_is(*b->p, TEXT_EOL))
		b->p++;
	memcpy(b->to, from, (size_t)(b->p - from));
	b->to += b->p - from;
	if (b->p == b->end)
		return;
	b->cut = b->cut || *b->p == '\r';
	b->p = skip_newline(b->p, b->end);
	*b->to++ = '\n';
	skip_indent(b);
}

static bool unclosed(struct scan *s)
{
	fault_set(s, HJSON_SYNTAX, s->p, 3, "this ''' string has no end");
	return fault_hint(s, "close it with '''");
}

/* White space behind the opening quotes is no part of the string, nor is the line end behind it. */
static void skip_opening(struct body *b)
{
	while (b->p < b->end && (*b->p == ' ' || *b->p == '\t'))
		b->p++;
	if (b->p < b->end && text_is(*b->p, TEXT_EOL)) {
		b->p = skip_newline(b->p, b->end);
		skip_indent(b);
	}
}

static void keep(struct scan *s, struct body *b, const char *begin, char *out, struct hjson_node *n)
{
	size_t len = (size_t)(b->to - out);

	if (len && out[len - 1] == '\n')
		len--;
	n->type = HJSON_STRING;
	n->n = len & HJSON_MAX_TEXT;
	n->cstr = b->cut;
	n->str = b->cut ? arena_copy(&s->doc->bytes, out, len) : begin;
	if (b->tab)
		lint_add(s, (struct lint){.problem = HJSON_MULTILINE_INDENT,
					  .pos = scan_pos(s, b->tab),
					  .len = 1,
					  .other = scan_pos(s, b->open)});
}

bool scan_multiline(struct scan *s, struct hjson_node *n)
{
	struct body b = {.open = s->p, .p = s->p + 3, .end = find_end(s->p + 3, s->end)};
	const char *begin;
	char *out;

	if (!b.end)
		return unclosed(s);
	b.indent = column_of(s, s->p);
	b.indented_by_tabs = s->tabbed;
	skip_opening(&b);
	begin = b.p;
	b.cut = false;
	out = b.to = scan_scratch(s, (size_t)(b.end - b.p) + 1);
	while (b.p < b.end)
		copy_line(&b);
	keep(s, &b, begin, out, n);
	s->p = b.end + 3;
	n->len = (uint32_t)(s->p - b.open);
	s->quoted_end = s->p;
	s->quote = '\'';
	return true;
}
