/* SPDX-License-Identifier: Apache-2.0 */
/* A target as one line: with DVSim's fields for logs, as a row of a table for a terminal. */
#ifndef PRINTERS_ROWS_H
#define PRINTERS_ROWS_H

#include "base/str.h"
#include "printers/canvas.h"
#include "printers/tally.h"

/* Measured once, when all targets are known. */
struct row_widths {
	unsigned digits, sum_digits; /* of the largest total; of the sum of all */
	unsigned name_columns;	     /* of the widest target name */
};

void rows_measure(struct row_widths *w, const struct tally *t, bool is_utf8);

/* "          [   legend    ]: [S: scheduled, Q: queued, …, T: total]\n" */
void rows_legend(struct str *out, const struct row_widths *w);
/* "00:00:02  [     run     ]: [S:        00, …, T:    12]  83%  what runs longest\n" */
void rows_target(struct str *out, const struct row_widths *w, const struct tally_target *target,
		 double now);
/* "FAILED id  message  [log]\n" */
void rows_failure(struct str *out, const struct tally_failure *f, bool color);

/* The table's head and one row of it; their details depend on the canvas's width. */
void rows_table_head(struct canvas *c, const struct row_widths *w);
void rows_table_row(struct canvas *c, const struct row_widths *w, const struct tally_target *target,
		    double now);
/* The row with the sums of all targets; name: its name. */
void rows_table_sum(struct canvas *c, const struct row_widths *w, const struct tally *t,
		    const char *name, double now);

#endif
