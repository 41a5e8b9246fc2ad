/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in terminal columns. Names and messages come from users and logs: control characters, bad
 * UTF-8 and marks that turn the direction of writing round never reach a terminal.
 */
#ifndef PRINTERS_CELLS_H
#define PRINTERS_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* One character to be shown: its bytes (cleaned), and the columns it takes (0, 1 or 2). */
struct cell {
	char bytes[5];
	unsigned columns;
};

/* Reads one character of s (n > 0 bytes left), returns the bytes it stood for. is_utf8: what the
 * terminal shows; else all but ASCII becomes '?'. */
size_t cell_next(const char *s, size_t n, bool is_utf8, struct cell *ret);

/* Columns of all of s. */
unsigned cells_width(const char *s, bool is_utf8);
/*
 * Appends s, cleaned; one that is wider than columns is cut and ends in "…" ("..." without UTF-8).
 * Returns the columns taken.
 */
unsigned cells_add_cut(struct str *out, const char *s, unsigned columns, bool is_utf8);

/* Appends n bytes of s without the sequences that colour it: for where colours are set otherwise.
 */
void cells_add_plain(struct str *out, const char *s, size_t n);

/* The locale's LC_CTYPE is taken over from the environment; true if it is UTF-8. */
bool cells_locale_is_utf8(void);

#endif
