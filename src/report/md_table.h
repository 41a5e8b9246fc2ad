/* SPDX-License-Identifier: Apache-2.0 */
/* Markdown tables as in DVSim's reports. */
#ifndef REPORT_MD_TABLE_H
#define REPORT_MD_TABLE_H

#include "base/str.h"
#include "base/vec.h"

enum { MD_COLUMNS = 16 };

/* A table; the first row is the header. */
struct md_table {
	VEC(struct str) cells;
	size_t n_columns;
	unsigned left; /* one bit per column that is not centred */
};

/* Adds a cell and returns its text, which is valid until the next call. */
struct str *md_cell(struct md_table *table);
void md_text(struct md_table *table, const char *text);
/* Appends the table to out, without a line end, and frees the cells. */
void md_table_done(struct md_table *table, struct str *out);

#endif
