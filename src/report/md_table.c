/* SPDX-License-Identifier: Apache-2.0 */
#include "report/md_table.h"

#include <string.h>

struct str *md_cell(struct md_table *table)
{
	struct str *cell = vec_add(&table->cells);

	*cell = (struct str){0};
	return cell;
}

void md_text(struct md_table *table, const char *text)
{
	str_add_printable(md_cell(table), text, strlen(text));
}

static size_t md_table_width_of(const struct str *cell)
{
	size_t n = 0;

	for (size_t i = 0; i < cell->len; i++)
		n += ((unsigned char)cell->s[i] & 0xc0) != 0x80;
	return n;
}

static void md_table_add_fill(struct str *out, char c, size_t n)
{
	while (n-- > 0)
		str_addc(out, c);
}

static void md_table_add_row(const struct md_table *table, size_t row, const size_t *widths,
			     struct str *out)
{
	str_addc(out, '|');
	for (size_t c = 0; c < table->n_columns; c++) {
		const struct str *cell = &table->cells.at[row * table->n_columns + c];
		size_t fill = widths[c] - md_table_width_of(cell);
		size_t before = table->left & (1u << c) ? 0 : fill / 2;

		md_table_add_fill(out, ' ', before + 1);
		str_addn(out, cell->s ? cell->s : "", cell->len);
		md_table_add_fill(out, ' ', fill - before + 1);
		str_addc(out, '|');
	}
}

void md_table_done(struct md_table *table, struct str *out)
{
	size_t widths[MD_COLUMNS] = {0};

	for (size_t i = 0; i < table->cells.n; i++) {
		size_t width = md_table_width_of(&table->cells.at[i]) +
			       (i < table->n_columns ? 2 : 0);

		if (width > widths[i % table->n_columns])
			widths[i % table->n_columns] = width;
	}
	md_table_add_row(table, 0, widths, out);
	str_add(out, "\n|");
	for (size_t c = 0; c < table->n_columns; c++) {
		str_addc(out, ':');
		md_table_add_fill(out, '-', widths[c]);
		str_add(out, table->left & (1u << c) ? "-|" : ":|");
	}
	for (size_t row = 1; row < table->cells.n / table->n_columns; row++) {
		str_addc(out, '\n');
		md_table_add_row(table, row, widths, out);
	}
	for (size_t i = 0; i < table->cells.n; i++)
		str_done(&table->cells.at[i]);
	vec_done(&table->cells);
}
