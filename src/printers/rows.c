/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/rows.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "printers/cells.h"

#define LOG_NAME_COLUMNS    13u /* DVSim's */
#define LOG_RUNNING_COLUMNS 30u /* likewise */
#define STATUS_NAME_BYTES   16u

/* The columns of a row: one per status, then the total. */
#define N_FIELDS (JOB_STATUS_COUNT + 1)

static void field_name(unsigned i, char *ret)
{
	const char *name = i < JOB_STATUS_COUNT ? job_status_name((enum job_status)i) : "TOTAL";
	size_t n = 0;

	for (; name[n] && n + 1 < STATUS_NAME_BYTES; n++)
		ret[n] = (char)tolower((unsigned char)name[n]);
	ret[n] = '\0';
}

static char field_letter(unsigned i)
{
	return i < JOB_STATUS_COUNT ? job_status_letter((enum job_status)i) : 'T';
}

static unsigned max_of(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

void rows_measure(struct row_widths *w, const struct tally *t, bool is_utf8)
{
	*w = (struct row_widths){
		.digits = tally_digits(t, false),
		.sum_digits = tally_digits(t, true),
	};
	for (uint32_t i = 0; i < t->n_targets; i++)
		w->name_columns = max_of(w->name_columns, cells_width(t->targets[i].name, is_utf8));
}

/* ---- for logs ---- */

static unsigned log_name_columns(const struct row_widths *w)
{
	return max_of(LOG_NAME_COLUMNS, w->name_columns);
}

static void add_centred(struct str *out, const char *name, unsigned columns)
{
	unsigned free_columns = columns - cells_width(name, true);

	str_printf(out, "[%*s", (int)(free_columns / 2), "");
	cells_add_cut(out, name, columns, true);
	str_printf(out, "%*s]", (int)(free_columns - free_columns / 2), "");
}

void rows_legend(struct str *out, const struct row_widths *w)
{
	char name[STATUS_NAME_BYTES];

	str_add(out, "          ");
	add_centred(out, "legend", log_name_columns(w));
	str_add(out, ": [");
	for (unsigned i = 0; i < N_FIELDS; i++) {
		field_name(i, name);
		str_printf(out, "%s%c: %*s", i ? ", " : "", field_letter(i), (int)w->digits, name);
	}
	str_add(out, "]\n");
}

static void add_longest(struct str *out, const struct tally_target *target, double now)
{
	const struct tally_running *r = tally_target_longest(target);

	if (!r)
		return;
	str_add(out, "  ");
	cells_add_cut(out, r->id, LOG_RUNNING_COLUMNS, true);
	str_addc(out, ' ');
	duration_add(out, now - r->started_s);
}

void rows_target(struct str *out, const struct row_widths *w, const struct tally_target *target,
		 double now)
{
	char name[STATUS_NAME_BYTES];

	duration_add_hms(out, tally_target_elapsed(target, now));
	str_add(out, "  ");
	add_centred(out, target->name, log_name_columns(w));
	str_add(out, ": [");
	for (unsigned i = 0; i < N_FIELDS; i++) {
		uint32_t n = i < JOB_STATUS_COUNT ? target->n[i] : target->total;
		unsigned pad;

		field_name(i, name);
		pad = max_of((unsigned)strlen(name), w->digits) - w->digits;
		str_printf(out, "%s%c: %*s%0*u", i ? ", " : "", field_letter(i), (int)pad, "",
			   (int)w->digits, n);
	}
	str_printf(out, "] %3u%%", tally_percent(tally_n_done(target->n), target->total));
	add_longest(out, target, now);
	str_addc(out, '\n');
}

void rows_failure(struct str *out, const struct tally_failure *f, bool color)
{
	const char *status = job_status_name(f->status);

	str_printf(out, color ? "\033[1;31m%s\033[0m " : "%s ", status);
	str_add_printable(out, f->id, strlen(f->id));
	str_add(out, "  ");
	str_add_printable(out, f->message, strlen(f->message));
	if (f->log_path) {
		str_add(out, "  [");
		str_add_printable(out, f->log_path, strlen(f->log_path));
		str_addc(out, ']');
	}
	str_addc(out, '\n');
}

/* ---- for terminals ---- */

enum detail { TINY, LETTERS, WORDS };

struct table {
	enum detail detail;
	unsigned name_columns, field_columns[N_FIELDS];
};

static unsigned fields_width(const struct table *tab)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < N_FIELDS; i++)
		sum += tab->field_columns[i] + 2;
	return sum;
}

static void table_plan(struct table *tab, const struct row_widths *w, unsigned width)
{
	unsigned fixed = 8 + 2 + 6; /* elapsed, gap, percent */
	char name[STATUS_NAME_BYTES];

	*tab = (struct table){.name_columns = max_of(w->name_columns, 5)};
	if (tab->name_columns > max_of(width / 4, 5))
		tab->name_columns = max_of(width / 4, 5);
	for (tab->detail = WORDS; tab->detail > TINY; tab->detail--) {
		/* Words need room for the job that runs longest beside them. */
		unsigned wanted = tab->detail == WORDS ? 30 : 0;

		for (unsigned i = 0; i < N_FIELDS; i++) {
			field_name(i, name);
			tab->field_columns[i] = w->sum_digits;
			if (tab->detail == WORDS)
				tab->field_columns[i] = max_of(w->sum_digits,
							       (unsigned)strlen(name));
		}
		if (fixed + tab->name_columns + fields_width(tab) + wanted <= width)
			break;
	}
}

void rows_table_head(struct canvas *c, const struct row_widths *w)
{
	char name[STATUS_NAME_BYTES];
	struct table tab;

	table_plan(&tab, w, c->width);
	if (tab.detail == TINY)
		return;
	canvas_row(c);
	canvas_pad_to(c, INK_DIM, 8 + 2 + tab.name_columns);
	for (unsigned i = 0; i < N_FIELDS; i++) {
		snprintf(name, sizeof(name), "%c", field_letter(i));
		if (tab.detail == WORDS)
			field_name(i, name);
		canvas_printf(c, INK_DIM, "  %*s", (int)tab.field_columns[i], name);
	}
}

static void add_elapsed(struct canvas *c, double s, bool is_begun)
{
	_cleanup_(str_done) struct str text = {0};

	if (is_begun)
		duration_add_hms(&text, s);
	canvas_field(c, INK_PLAIN, text.s ? text.s : "", 8);
	canvas_add(c, INK_PLAIN, "  ");
}

static void add_fields(struct canvas *c, const struct table *tab, const uint32_t *n, uint32_t total)
{
	for (unsigned i = 0; i < N_FIELDS; i++) {
		uint32_t count = i < JOB_STATUS_COUNT ? n[i] : total;
		enum ink ink = i < JOB_STATUS_COUNT ? ink_of_status((enum job_status)i) : INK_PLAIN;

		canvas_printf(c, count ? ink : INK_DIM, "  %*u", (int)tab->field_columns[i], count);
	}
}

/* The name is cut, so that the time is not. */
static void add_running(struct canvas *c, const struct tally_running *r, double now)
{
	_cleanup_(str_done) struct str time = {0};
	unsigned left = canvas_left(c), name_columns;

	if (!r)
		return;
	str_addc(&time, ' ');
	duration_add(&time, now - r->started_s);
	if (left < time.len + 2 + 8)
		return;
	canvas_add(c, INK_PLAIN, "  ");
	name_columns = cells_width(r->id, c->is_utf8);
	if (name_columns > left - 2 - time.len)
		name_columns = left - 2 - (unsigned)time.len;
	canvas_field(c, INK_DIM, r->id, name_columns);
	canvas_add(c, INK_RUNNING, time.s);
}

/* A row for 20 columns. */
static void tiny_row(struct canvas *c, const char *name, const uint32_t *n, uint32_t total)
{
	canvas_row(c);
	canvas_printf(c, INK_PLAIN, "%3u%% ", tally_percent(tally_n_done(n), total));
	for (int i = JOB_STATUS_COUNT - 1; i >= 0; i--)
		if (n[i] && i != JOB_SCHEDULED && i != JOB_QUEUED)
			canvas_printf(c, ink_of_status((enum job_status)i), "%c%u ",
				      job_status_letter((enum job_status)i), n[i]);
	canvas_add(c, INK_PLAIN, name);
}

struct table_line {
	const char *name;
	const uint32_t *n;
	uint32_t total;
	double elapsed_s;
	bool is_begun;
	enum ink ink;
	const struct tally_running *longest;
};

static void table_line(struct canvas *c, const struct row_widths *w, const struct table_line *l,
		       double now)
{
	struct table tab;

	table_plan(&tab, w, c->width);
	if (tab.detail == TINY) {
		tiny_row(c, l->name, l->n, l->total);
		return;
	}
	canvas_row(c);
	add_elapsed(c, l->elapsed_s, l->is_begun);
	canvas_field(c, l->ink, l->name, tab.name_columns);
	add_fields(c, &tab, l->n, l->total);
	canvas_printf(c, INK_PLAIN, "  %3u%%", tally_percent(tally_n_done(l->n), l->total));
	add_running(c, l->longest, now);
}

void rows_table_row(struct canvas *c, const struct row_widths *w, const struct tally_target *target,
		    double now)
{
	struct table_line l = {
		.name = target->name,
		.n = target->n,
		.total = target->total,
		.elapsed_s = tally_target_elapsed(target, now),
		.is_begun = tally_target_is_begun(target),
		.longest = tally_target_longest(target),
	};

	table_line(c, w, &l, now);
}

void rows_table_sum(struct canvas *c, const struct row_widths *w, const struct tally *t,
		    const char *name, double now)
{
	struct table_line l = {
		.name = name,
		.n = t->n,
		.total = t->total,
		.elapsed_s = tally_elapsed(t, now),
		.is_begun = true,
		.ink = INK_BOLD,
	};

	table_line(c, w, &l, now);
}
