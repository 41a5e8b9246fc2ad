/* SPDX-License-Identifier: Apache-2.0 */
/* A table as text: columns as wide as their cells, two blanks between them. */
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
/* Adds the next cell, made printable. The cell after the last column begins a new row. */
void table_add(struct table *t, const char *text, enum table_color color);
/* Adds an indented line below the last row. */
void table_note(struct table *t, const char *text);
void table_print(const struct table *t, struct str *out);

#endif
