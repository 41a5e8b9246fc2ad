/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum { DIAG_LIMIT = 50, EXCERPT_MOST = 400 };

void diags_init(struct diags *d)
{
	*d = (struct diags){.limit = DIAG_LIMIT};
	d->end = &d->first;
}

static void free_notes(struct diag_note *n)
{
	while (n) {
		struct diag_note *next = n->next;

		free((char *)n->pos.file);
		free(n->text);
		free(n);
		n = next;
	}
}

void diags_done(struct diags *d)
{
	struct diag *e = d->first;

	while (e) {
		struct diag *next = e->next;

		free((char *)e->pos.file);
		free(e->msg);
		free(e->hint);
		free(e->excerpt);
		free_notes(e->notes);
		free(e);
		e = next;
	}
	diags_init(d);
}

void diags_move(struct diags *d, struct diags *from)
{
	if (from->first) {
		*d->end = from->first;
		d->end = from->end;
	}
	d->n_errors += from->n_errors;
	d->n_warnings += from->n_warnings;
	d->n_infra += from->n_infra;
	diags_init(from);
}

/* The list outlives a configuration that could not be loaded, so file names are copied. */
static struct src_pos keep_pos(struct src_pos pos)
{
	pos.file = pos.file ? xstrdup(pos.file) : NULL;
	return pos;
}

/* The caller fills msg. */
static struct diag *diag_add(struct diags *d, enum diag_level level, struct src_pos pos)
{
	struct diag *e = xcalloc(1, sizeof(*e));

	e->level = level;
	e->pos = keep_pos(pos);
	e->underline = 1;
	*d->end = e;
	d->end = &e->next;
	if (level == DIAG_ERROR)
		d->n_errors++;
	else
		d->n_warnings++;
	return e;
}

struct diag *diag_error(struct diags *d, struct src_pos pos, const char *fmt, ...)
{
	struct diag *e = diag_add(d, DIAG_ERROR, pos);
	va_list ap;

	va_start(ap, fmt);
	e->msg = xvasprintf(fmt, ap);
	va_end(ap);
	return e;
}

struct diag *diag_warning(struct diags *d, struct src_pos pos, const char *fmt, ...)
{
	struct diag *e = diag_add(d, DIAG_WARNING, pos);
	va_list ap;

	va_start(ap, fmt);
	e->msg = xvasprintf(fmt, ap);
	va_end(ap);
	return e;
}

struct diag *diag_complaint(struct diags *d, struct src_pos pos, const char *fmt, ...)
{
	struct diag *e = diag_add(d, DIAG_COMPLAINT, pos);
	va_list ap;

	va_start(ap, fmt);
	e->msg = xvasprintf(fmt, ap);
	va_end(ap);
	return e;
}

void diag_infra(struct diags *d, const struct diag *e)
{
	d->n_infra += e->level == DIAG_ERROR;
}

void diag_hint(struct diag *e, const char *fmt, ...)
{
	va_list ap;

	free(e->hint);
	va_start(ap, fmt);
	e->hint = xvasprintf(fmt, ap);
	va_end(ap);
}

void diag_note(struct diag *e, struct src_pos pos, const char *fmt, ...)
{
	struct diag_note *n = xcalloc(1, sizeof(*n)), **end = &e->notes;
	va_list ap;

	while (*end)
		end = &(*end)->next;
	*end = n;
	n->pos = keep_pos(pos);
	va_start(ap, fmt);
	n->text = xvasprintf(fmt, ap);
	va_end(ap);
}

void diag_excerpt(struct diag *e, const char *line, size_t len, unsigned underline)
{
	free(e->excerpt);
	e->excerpt = xstrndup(line, len);
	e->underline = underline ? underline : 1;
}

void diag_from_error(struct diags *d, struct error *err)
{
	diag_add(d, DIAG_ERROR, err->pos)->msg = err->msg;
	*err = (struct error){0};
}

static void print_text(FILE *to, const char *text)
{
	struct str shown = {0};

	str_add_printable(&shown, text, strlen(text));
	fputs(shown.s ? shown.s : "", to);
	str_done(&shown);
}

static void print_pos(FILE *to, struct src_pos pos)
{
	if (!pos.file) {
		fputs("dvsched: ", to);
		return;
	}
	print_text(to, pos.file);
	if (pos.line)
		fprintf(to, ":%u:%u", pos.line, pos.col);
	fputs(": ", to);
}

/* Prints one character as one column: a control character (also a tab) as a blank, anything else
 * that cannot be printed as '?'. */
static void print_char(FILE *to, const char *s, size_t k)
{
	if (k == 1 && (unsigned char)*s < 0x20)
		fputc(' ', to);
	else if (k == 0 || utf8_is_control(s, k))
		fputc('?', to);
	else
		fwrite(s, 1, k, to);
}

/* Prints the line, and a caret under column pos.col. A long line is cut around the caret. */
static void print_excerpt(FILE *to, const struct diag *e)
{
	size_t len = strlen(e->excerpt), caret = e->pos.col ? e->pos.col : 1;
	size_t first = caret > EXCERPT_MOST / 2 ? caret - 60 : 1, col = 1, n_marks = 0, k;

	fprintf(to, "  %4u | ", e->pos.line);
	for (size_t i = 0; i < len && col < first + EXCERPT_MOST; i += k ? k : 1, col++) {
		k = utf8_valid_len(e->excerpt + i, len - i);
		if (col >= first)
			print_char(to, e->excerpt + i, k);
		if (col >= caret && n_marks < e->underline)
			n_marks++;
	}
	fprintf(to, "\n       | %*s^", (int)(caret - first), "");
	for (size_t i = 1; i < n_marks; i++)
		fputc('~', to);
	fputc('\n', to);
}

/* A hint may have several lines; the second and later ones are indented. */
static void print_hint(FILE *to, const char *hint)
{
	for (const char *before = "  hint: "; hint; before = "    ") {
		size_t n = strcspn(hint, "\n");
		struct str line = {0};

		str_add(&line, before);
		str_add_printable(&line, hint, n);
		fprintf(to, "%s\n", line.s);
		str_done(&line);
		hint = hint[n] ? hint + n + 1 : NULL;
	}
}

static void print_one(const struct diag *e, FILE *to, bool color, bool strict)
{
	bool is_error = e->level != DIAG_WARNING || strict;
	const char *tint = !color ? "" : is_error ? "\033[1;31m" : "\033[1;33m";

	print_pos(to, e->pos);
	fprintf(to, "%s%s:%s ", tint, is_error ? "error" : "warning", color ? "\033[0m" : "");
	print_text(to, e->msg);
	fputc('\n', to);
	if (e->excerpt && e->pos.line)
		print_excerpt(to, e);
	if (e->hint)
		print_hint(to, e->hint);
	for (const struct diag_note *n = e->notes; n; n = n->next) {
		print_pos(to, n->pos);
		fputs("note: ", to);
		print_text(to, n->text);
		fputc('\n', to);
	}
}

/* Each configuration that includes a shared file adds the file's warnings again. */
static bool diag_is_repeated(struct arena *mem, struct map *seen, const struct diag *e)
{
	return e->level != DIAG_ERROR &&
	       map_set(seen,
		       arena_printf(mem, "%d %u %u %s\n%s", (int)e->level, e->pos.line, e->pos.col,
				    e->pos.file ? e->pos.file : "", e->msg),
		       (void *)e);
}

void diags_print(const struct diags *d, FILE *to, bool color, bool strict)
{
	static const char *const names[] = {
		[DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_COMPLAINT] = "complaint"};
	unsigned n[ARRAY_LEN(names)] = {0}, limit = d->limit ? d->limit : DIAG_LIMIT;
	struct arena *mem = arena_new();
	struct map seen = {0};

	for (const struct diag *e = d->first; e; e = e->next)
		if (!diag_is_repeated(mem, &seen, e) && n[e->level]++ < limit)
			print_one(e, to, color, strict);
	map_done(&seen);
	arena_free(mem);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (n[i] > limit)
			fprintf(to, "dvsched: … and %u more %s%s\n", n[i] - limit, names[i],
				n[i] - limit == 1 ? "" : "s");
}
