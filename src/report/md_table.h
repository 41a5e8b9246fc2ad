/* SPDX-License-Identifier: Apache-2.0 */
/* Markdown tables as DVSim's reports have them. */
#ifndef REPORT_MD_TABLE_H
#define REPORT_MD_TABLE_H

#include "base/str.h"
#include "base/vec.h"

enum { MD_COLUMNS = 16 };

/* A Markdown table: the first row is its header. */
struct md_table {
	VEC(struct str) cells;
	size_t n_columns;
	unsigned left; /* the bits of columns that are not centred */
};

/* A new cell at the end, to be filled until the next one is asked for. */
struct str *md_cell(struct md_table *table);
void md_text(struct md_table *table, const char *text);
/* Appends it, without a line end, and frees the cells. */
void md_table_done(struct md_table *table, struct str *out);

#endif
