/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in terminal columns. Names and messages come from users and logs: control characters,
 * invalid UTF-8 and marks that change the direction of writing are replaced.
 */
#ifndef PRINTERS_CELLS_H
#define PRINTERS_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Columns of all of s. */
unsigned cells_width(const char *s, bool is_utf8);
/*
 * Appends the characters of s. A text that is wider than columns is cut and ends in "…" ("..."
 * without UTF-8). Returns the columns taken.
 */
unsigned cells_add_cut(struct str *out, const char *s, unsigned columns, bool is_utf8);

/* Appends n bytes of s without colour sequences (SGR), for views that set colours themselves. */
void cells_add_plain(struct str *out, const char *s, size_t n);

/* Sets LC_CTYPE from the environment; true if its encoding is UTF-8. */
bool cells_locale_is_utf8(void);

#endif
