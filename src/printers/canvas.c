/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/canvas.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "printers/cells.h"

void canvas_init(struct canvas *c, bool is_utf8)
{
	*c = (struct canvas){.is_utf8 = is_utf8};
}

void canvas_done(struct canvas *c)
{
	for (unsigned i = 0; i < c->cap_rows; i++) {
		str_done(&c->rows[i].text);
		vec_done(&c->rows[i].pieces);
	}
	free(c->rows);
	*c = (struct canvas){0};
}

void canvas_start(struct canvas *c, unsigned width)
{
	c->width = width;
	c->n_rows = 0;
}

void canvas_row(struct canvas *c)
{
	struct canvas_row *row;

	if (c->n_rows == c->cap_rows) {
		unsigned cap = c->cap_rows ? c->cap_rows * 2
					   : 32; /* a row keeps its memory: no vec.h */

		c->rows = xreallocarray(c->rows, cap, sizeof(*c->rows));
		memset(c->rows + c->cap_rows, 0, (cap - c->cap_rows) * sizeof(*c->rows));
		c->cap_rows = cap;
	}
	row = &c->rows[c->n_rows++];
	str_clear(&row->text);
	str_addn(&row->text, "", 0);
	row->columns = 0;
	row->pieces.n = 0;
}

static struct canvas_row *last_row(struct canvas *c)
{
	assert(c->n_rows);
	return &c->rows[c->n_rows - 1];
}

static void set_ink(struct canvas_row *row, enum ink ink)
{
	if (row->pieces.n && row->pieces.at[row->pieces.n - 1].ink == ink)
		return;
	vec_push(&row->pieces, (struct canvas_piece){(uint32_t)row->text.len, ink});
}

unsigned canvas_left(const struct canvas *c)
{
	unsigned columns = c->rows[c->n_rows - 1].columns;

	return columns < c->width ? c->width - columns : 0;
}

static void add_cut(struct canvas *c, enum ink ink, const char *text, unsigned columns)
{
	struct canvas_row *row = last_row(c);
	unsigned left = canvas_left(c);

	if (!*text || !left)
		return;
	set_ink(row, ink);
	row->columns += cells_add_cut(&row->text, text, columns < left ? columns : left,
				      c->is_utf8);
}

void canvas_add(struct canvas *c, enum ink ink, const char *text)
{
	add_cut(c, ink, text, c->width);
}

void canvas_printf(struct canvas *c, enum ink ink, const char *fmt, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	canvas_add(c, ink, text);
}

void canvas_field(struct canvas *c, enum ink ink, const char *text, unsigned columns)
{
	unsigned end = last_row(c)->columns + columns;

	add_cut(c, ink, text, columns);
	canvas_pad_to(c, ink, end);
}

void canvas_repeat(struct canvas *c, enum ink ink, const char *glyph, unsigned n)
{
	struct canvas_row *row = last_row(c);
	unsigned left = canvas_left(c);

	if (n > left)
		n = left;
	if (n)
		set_ink(row, ink);
	for (unsigned i = 0; i < n; i++)
		str_add(&row->text, glyph);
	row->columns += n;
}

void canvas_pad_to(struct canvas *c, enum ink ink, unsigned column)
{
	unsigned at = last_row(c)->columns;

	if (column > at)
		canvas_repeat(c, ink, " ", column - at);
}

void canvas_add_right(struct canvas *c, enum ink ink, const char *text)
{
	unsigned width = cells_width(text, c->is_utf8);

	if (canvas_left(c) < width + 1)
		return;
	canvas_pad_to(c, ink, c->width - width);
	canvas_add(c, ink, text);
}

void canvas_ink_row(struct canvas *c, enum ink ink)
{
	struct canvas_row *row = last_row(c);

	canvas_pad_to(c, ink, c->width);
	row->pieces.n = 0;
	if (row->text.len)
		vec_push(&row->pieces, (struct canvas_piece){0, ink});
}

static const char *const sgr[INK_COUNT] = {
	[INK_PLAIN] = "",	    [INK_DIM] = "\033[2m",    [INK_BOLD] = "\033[1m",
	[INK_GOOD] = "\033[32m",    [INK_BAD] = "\033[1;31m", [INK_KILLED] = "\033[33m",
	[INK_RUNNING] = "\033[36m", [INK_BAR] = "\033[7m",    [INK_CURSOR] = "\033[7m",
};

void canvas_add_ansi(const struct canvas_row *row, struct str *out, bool color)
{
	if (!color) {
		str_addn(out, row->text.s, row->text.len);
		return;
	}
	for (uint32_t i = 0; i < row->pieces.n; i++) {
		const struct canvas_piece *p = &row->pieces.at[i];
		size_t end = i + 1 < row->pieces.n ? p[1].at : row->text.len;

		str_add(out, sgr[p->ink]);
		str_addn(out, row->text.s + p->at, end - p->at);
		str_add(out, *sgr[p->ink] ? "\033[0m" : "");
	}
}

enum ink ink_of_status(enum job_status s)
{
	static const enum ink inks[JOB_STATUS_COUNT] = {
		[JOB_SCHEDULED] = INK_PLAIN, [JOB_QUEUED] = INK_PLAIN, [JOB_RUNNING] = INK_RUNNING,
		[JOB_PASSED] = INK_GOOD,     [JOB_FAILED] = INK_BAD,   [JOB_KILLED] = INK_KILLED,
	};

	return inks[s];
}

/* ---- bars ---- */

static const struct bar_part {
	enum job_status status;
	const char *utf8, *ascii;
} bar_parts[] = {
	{JOB_PASSED, "\xe2\x96\x88", "#"},  /* full block */
	{JOB_FAILED, "\xe2\x96\x93", "F"},  /* dark shade */
	{JOB_KILLED, "\xe2\x96\x92", "K"},  /* medium shade */
	{JOB_RUNNING, "\xe2\x96\x91", ":"}, /* light shade */
};
#define N_PARTS	   ARRAY_LEN(bar_parts)
#define REST_UTF8  "\xc2\xb7" /* middle dot */
#define REST_ASCII "."

static unsigned widest_part(const unsigned *cells)
{
	unsigned widest = 0;

	for (unsigned i = 1; i < N_PARTS + 1; i++)
		if (cells[i] > cells[widest])
			widest = i;
	return widest;
}

/* cells: columns per part, then of the rest; their sum is columns. */
static void share_columns(unsigned columns, const uint32_t *n, uint32_t total, unsigned *cells)
{
	unsigned used = 0;
	uint32_t seen = 0;

	for (unsigned i = 0; i < N_PARTS; i++)
		seen += n[bar_parts[i].status];
	for (unsigned i = 0; i < N_PARTS + 1; i++) {
		uint32_t part = i < N_PARTS ? n[bar_parts[i].status] : total - seen;

		cells[i] = total ? (unsigned)((uint64_t)part * columns / total) : 0;
		if (part && cells[i] == 0)
			cells[i] = 1;
		used += cells[i];
	}
	for (; used > columns; used--)
		cells[widest_part(cells)]--;
	cells[widest_part(cells)] += columns - used;
}

void canvas_bar(struct canvas *c, unsigned columns, const uint32_t *n, uint32_t total)
{
	unsigned cells[N_PARTS + 1];

	share_columns(columns, n, total, cells);
	for (unsigned i = 0; i < N_PARTS; i++)
		canvas_repeat(c, ink_of_status(bar_parts[i].status),
			      c->is_utf8 ? bar_parts[i].utf8 : bar_parts[i].ascii, cells[i]);
	canvas_repeat(c, INK_DIM, c->is_utf8 ? REST_UTF8 : REST_ASCII, cells[N_PARTS]);
}
