/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings in three quotes. Each line loses as many columns of white space as there are before the
 * opening quotes in their line. All line ends become LF, and the last one is dropped.
 */
#include "scan.h"

#include <string.h>

struct body {
	const char *open;      /* the first quote */
	const char *p, *end;   /* the remaining text between the quotes */
	size_t indent;	       /* columns to cut */
	bool indented_by_tabs; /* the line that opens it begins with a tab: then the body may, too
				*/
	bool cut;	       /* some text is left out */
	const char *tab;       /* a tab that is cut, where the opening line has spaces only */
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

static bool unclosed(struct scan *s)
{
	fault_set(s, HJSON_SYNTAX, s->p, 3, "this ''' string has no end");
	return fault_hint(s, "close it with '''");
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

/* White space behind the opening quotes is no part of the string, nor is the line end behind it. */
static void skip_opening(struct body *b)
{
	while (b->p < b->end && (*b->p == ' ' || *b->p == '\t'))
		b->p++;
	if (b->p < b->end && text_is(*b->p, TEXT_EOL)) {
		b->p = text_next_line(b->p, b->end);
		skip_indent(b);
	}
	b->cut = false;
}

/*
 * Where the string ends: before the last line end, if nothing but white space that is cut stands
 * between it and the closing quotes.
 */
static const char *content_end(const struct body *b)
{
	const char *q = b->end;

	while (q > b->p && (q[-1] == ' ' || q[-1] == '\t'))
		q--;
	if (q == b->p || !text_is(q[-1], TEXT_EOL) || (size_t)(b->end - q) > b->indent)
		return b->end;
	q--;
	return *q == '\n' && q > b->p && q[-1] == '\r' ? q - 1 : q;
}

/* Searches each line for text to leave out. */
static void look_through(struct body *b)
{
	while (b->p < b->end) {
		if (!text_is(*b->p, TEXT_EOL)) {
			b->p++;
			continue;
		}
		b->cut = b->cut || *b->p == '\r';
		b->p = text_next_line(b->p, b->end);
		skip_indent(b);
	}
}

bool scan_multiline(struct scan *s, struct hjson_node *n)
{
	struct body b = {.open = s->p, .p = s->p + 3, .end = find_end(s->p + 3, s->end)};
	const char *begin, *close = b.end;

	if (!close)
		return unclosed(s);
	b.indent = column_of(s, s->p);
	b.indented_by_tabs = s->tabbed;
	skip_opening(&b);
	begin = b.p;
	b.end = content_end(&b);
	look_through(&b);
	s->p = close + 3;
	n->type = HJSON_STRING;
	n->str = begin;
	n->n = (size_t)(b.end - begin) & HJSON_MAX_TEXT;
	n->len = (uint32_t)(s->p - b.open);
	if (b.cut)
		unindent_later(s, (struct indented){n, b.indent, close});
	if (b.tab)
		lint_add(s, (struct lint){.problem = HJSON_MULTILINE_INDENT,
					  .pos = scan_pos(s, b.tab),
					  .len = 1,
					  .other = scan_pos(s, b.open)});
	s->quoted_end = s->p;
	s->quote = '\'';
	return true;
}
