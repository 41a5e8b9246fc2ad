/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output/table.h"

#include <assert.h>
#include <stdlib.h>
#include "base/vec.h"

/* Counts code points; wide characters are not expected here. */
static size_t table_columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_init(struct table *t, const char *const *titles, size_t n_columns, bool has_color)
{
	assert(n_columns <= TABLE_COLUMNS);
	*t = (struct table){.n_columns = n_columns, .has_color = has_color};
	for (size_t i = 0; i < n_columns; i++)
		table_add(t, titles[i], TABLE_DIM);
}

void table_done(struct table *t)
{
	for (size_t i = 0; i < t->rows.n; i++) {
		for (size_t k = 0; k < t->rows.at[i].n; k++)
			free(t->rows.at[i].cells[k]);
		str_done(&t->rows.at[i].notes);
	}
	vec_done(&t->rows);
	*t = (struct table){0};
}

static struct table_row *row_to_fill(struct table *t)
{
	if (!t->rows.n || t->rows.at[t->rows.n - 1].n == t->n_columns)
		vec_push(&t->rows, (struct table_row){.n = 0});
	return &t->rows.at[t->rows.n - 1];
}

void table_add(struct table *t, const char *text, enum table_color color)
{
	struct table_row *row = row_to_fill(t);
	struct str cell = {0};
	size_t n;

	str_add_printable(&cell, text, strlen(text));
	n = table_columns(cell.len ? cell.s : "");
	if (n > t->widths[row->n])
		t->widths[row->n] = n;
	row->colors[row->n] = color;
	row->cells[row->n++] = str_take(&cell);
}

void table_note(struct table *t, const char *text)
{
	struct str *notes = &t->rows.at[t->rows.n - 1].notes;

	str_add(notes, "    ");
	str_add_printable(notes, text, strlen(text));
	str_addc(notes, '\n');
}

static void table_add_cell(const struct table *t, const struct table_row *row, size_t i,
			   struct str *out)
{
	static const char *const codes[] = {"", "\033[32m", "\033[33m", "\033[31m", "\033[2m"};
	bool has_color = t->has_color && row->colors[i] != TABLE_PLAIN;
	size_t pad = t->widths[i] - table_columns(row->cells[i]);

	str_printf(out, "%s%s%s", has_color ? codes[row->colors[i]] : "", row->cells[i],
		   has_color ? "\033[0m" : "");
	if (i + 1 < row->n)
		str_printf(out, "%*s", (int)pad + 2, "");
}

void table_print(const struct table *t, struct str *out)
{
	for (size_t i = 0; i < t->rows.n; i++) {
		for (size_t k = 0; k < t->rows.at[i].n; k++)
			table_add_cell(t, &t->rows.at[i], k, out);
		str_addc(out, '\n');
		str_add(out, t->rows.at[i].notes.len ? t->rows.at[i].notes.s : "");
	}
}
