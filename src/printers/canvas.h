/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of coloured text, cut to a width: what a printer shows, before it becomes escape sequences
 * or curses calls. Pure, so that screens are tested without a terminal.
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
	INK_BAR, /* a line of its own colour, right across: title and help */
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
/* Empties it for the next picture. */
void canvas_start(struct canvas *c, unsigned width);
void canvas_row(struct canvas *c); /* what follows goes to a new row */
/* All of these cut at the right edge. */
void canvas_add(struct canvas *c, enum ink ink, const char *text);
void canvas_printf(struct canvas *c, enum ink ink, const char *fmt, ...) _printf_(3, 4);
/* text in exactly so many columns, cut or padded. */
void canvas_field(struct canvas *c, enum ink ink, const char *text, unsigned columns);
void canvas_repeat(struct canvas *c, enum ink ink, const char *glyph, unsigned n);
/* Blanks up to that column, and at least up to where it is. */
void canvas_pad_to(struct canvas *c, enum ink ink, unsigned column);
/* At the right edge, if there is room for all of it. */
void canvas_add_right(struct canvas *c, enum ink ink, const char *text);
unsigned canvas_left(const struct canvas *c); /* columns left in this row */
/* Makes all of the last row look like that. */
void canvas_ink_row(struct canvas *c, enum ink ink);

/* The row with colours as SGR sequences, without a line end. */
void canvas_add_ansi(const struct canvas_row *row, struct str *out, bool color);
enum ink ink_of_status(enum job_status s);

/*
 * A bar of so many columns: passed, failed, killed and running parts, then what is left. No part
 * that is not empty vanishes while there is room, and a bar is full only when all is done.
 */
void canvas_bar(struct canvas *c, unsigned columns, const uint32_t *n, uint32_t total);

#endif
