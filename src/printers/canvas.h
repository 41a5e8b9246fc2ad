/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of coloured text, cut to a width: the output of a printer before it becomes escape sequences
 * or curses calls. Without side effects, so that screens can be tested without a terminal.
 */
#ifndef PRINTERS_CANVAS_H
#define PRINTERS_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/vec.h"
#include "job/job_status.h"

enum ink {
	INK_PLAIN,
	INK_DIM,
	INK_BOLD,
	INK_GOOD,
	INK_BAD,
	INK_KILLED,
	INK_RUNNING,
	INK_BAR, /* a whole row in reverse: the title */
	INK_CURSOR,
	INK_COUNT
};

struct canvas_piece {
	uint32_t at; /* first byte in the row's text */
	enum ink ink;
};

struct canvas_row {
	struct str text; /* clean: no control characters */
	unsigned columns;
	VEC(struct canvas_piece) pieces; /* each up to the next one */
};

struct canvas {
	unsigned width;
	bool is_utf8;
	struct canvas_row *rows;
	unsigned n_rows, cap_rows;
};

void canvas_init(struct canvas *c, bool is_utf8);
void canvas_done(struct canvas *c);
/* Empties the canvas for the next picture. */
void canvas_start(struct canvas *c, unsigned width);
void canvas_row(struct canvas *c); /* begins a new row */
/* The functions below write to the last row, and cut at its right edge. */
void canvas_add(struct canvas *c, enum ink ink, const char *text);
void canvas_printf(struct canvas *c, enum ink ink, const char *fmt, ...) _printf_(3, 4);
/* text in exactly this many columns, cut or padded. */
void canvas_field(struct canvas *c, enum ink ink, const char *text, unsigned columns);
void canvas_repeat(struct canvas *c, enum ink ink, const char *glyph, unsigned n);
/* Adds blanks up to column; none if the row is longer. */
void canvas_pad_to(struct canvas *c, enum ink ink, unsigned column);
/* Adds text at the right edge, if there is room for all of it and a blank. */
void canvas_add_right(struct canvas *c, enum ink ink, const char *text);
unsigned canvas_left(const struct canvas *c); /* columns left in this row */
/* Pads the row to the full width, and gives all of it this ink. */
void canvas_ink_row(struct canvas *c, enum ink ink);

/* Appends the row to out, with colours as SGR sequences, without a line end. */
void canvas_add_ansi(const struct canvas_row *row, struct str *out, bool color);
enum ink ink_of_status(enum job_status s);

/*
 * A bar: parts for passed, failed, killed and running jobs, then for the rest. n: jobs by status. A
 * part with jobs has at least one column while there are enough, so a bar is full only when all
 * jobs are done.
 */
void canvas_bar(struct canvas *c, unsigned columns, const uint32_t *n, uint32_t total);

#endif
