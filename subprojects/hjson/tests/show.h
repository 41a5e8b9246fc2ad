/* SPDX-License-Identifier: Apache-2.0 */
/* A diagnostic as text, for comparison with a file. */
#ifndef HJSON_SHOW_H
#define HJSON_SHOW_H

#include "tap.h"

struct shown {
	struct hjson_doc *doc;
	struct text text;
};

static void show_place(struct shown *s, hjson_pos pos, const char *kind, const char *message)
{
	struct hjson_place at = hjson_where(s->doc, pos);
	char line[600];

	snprintf(line, sizeof(line), "%s:%u:%u: %s: %s\n", at.name, at.line, at.col, kind, message);
	text_say(&s->text, line);
}

/* The line, and carets below it, 60 at most. */
static void show_line(struct shown *s, hjson_pos pos, uint32_t len)
{
	struct hjson_place at = hjson_where(s->doc, pos);

	text_say(&s->text, "    ");
	text_add(&s->text, at.line_text, at.line_len);
	text_say(&s->text, "\n    ");
	for (unsigned i = 1; i < at.col; i++)
		text_say(&s->text, " ");
	for (uint32_t i = 0; i < (len ? len : 1) && i < 60; i++)
		text_say(&s->text, "^");
	text_say(&s->text, "\n");
}

static void show(void *ctx, const struct hjson_diag *d)
{
	struct shown *s = ctx;

	show_place(s, d->pos, d->severity == HJSON_ERROR ? "error" : "warning", d->message);
	show_line(s, d->pos, d->len);
	if (d->hint) {
		text_say(&s->text, "    hint: ");
		text_say(&s->text, d->hint);
		text_say(&s->text, "\n");
	}
	if (d->other)
		show_place(s, d->other, "note", d->other_label);
}

#endif
