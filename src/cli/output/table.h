/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people: columns as wide as they must be, two blanks between them. */
#ifndef CLI_OUTPUT_TABLE_H
#define CLI_OUTPUT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/vec.h"

enum { TABLE_COLUMNS = 8 };

enum table_color { TABLE_PLAIN, TABLE_GOOD, TABLE_WARN, TABLE_BAD, TABLE_DIM };

struct table_row {
	char *cells[TABLE_COLUMNS];
	enum table_color colors[TABLE_COLUMNS];
	size_t n;
	struct str notes;
};

struct table {
	size_t n_columns;
	size_t widths[TABLE_COLUMNS];
	VEC(struct table_row) rows;
	bool has_color;
};

void table_init(struct table *t, const char *const *titles, size_t n_columns, bool has_color);
void table_done(struct table *t);
/* The next cell, from left to right; made printable. The first of a row begins it. */
void table_add(struct table *t, const char *text, enum table_color color);
/* A line of its own below the last row, indented. */
void table_note(struct table *t, const char *text);
void table_print(const struct table *t, struct str *out);

#endif
