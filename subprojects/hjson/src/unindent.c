/* SPDX-License-Identifier: Apache-2.0 */
#include "unindent.h"

#include "scan.h"

#include <string.h>

void unindent_later(struct scan *s, struct indented i)
{
	struct indented_list *l = &s->indented;

	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		l->all = must_realloc(l->all, l->room * sizeof(*l->all));
	}
	l->all[l->n++] = i;
}

/* True if the rest of the line has no node, so that no position there is needed. */
static bool nothing_follows(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == ',' || *p == '}' || *p == ']'))
		p++;
	return p == end || text_is(*p, TEXT_EOL);
}

/* Copies the kept text of from .. end, downwards or elsewhere; returns the end of the copy. */
static char *unindent(char *to, const char *from, const char *end, size_t indent)
{
	while (from < end) {
		const char *line = from;
		size_t len;

		while (from < end && !text_is(*from, TEXT_EOL))
			from++;
		len = (size_t)(from - line);
		memmove(to, line, len);
		to += len;
		if (from == end)
			break;
		from = text_next_line(from, end); /* before a CR there is overwritten */
		*to++ = '\n';
		for (size_t n = indent; n && from < end && (*from == ' ' || *from == '\t'); n--)
			from++;
	}
	return to;
}

static void unindent_one(struct scan *s, const struct indented *i)
{
	struct hjson_node *n = i->node;
	const char *end = n->str + n->n;
	bool in_place = end < i->close || nothing_follows(i->close + 3, s->end);
	char *to = in_place ? s->source->text + (n->str - s->source->text) : scan_scratch(s, n->n);
	size_t len = (size_t)(unindent(to, n->str, end, i->indent) - to);

	if (!in_place) {
		n->str = arena_copy(&s->doc->bytes, to, len);
		n->cstr = 1;
	} else if (len < n->n) { /* else nothing but lone CRs became LFs */
		memset(to + len, ' ', n->n - len);
		to[len] = '\0';
		n->cstr = 1;
	}
	n->n = len & HJSON_MAX_TEXT;
}

void unindent_all(struct scan *s)
{
	for (size_t i = 0; i < s->indented.n; i++)
		unindent_one(s, &s->indented.all[i]);
}
