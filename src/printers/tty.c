/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The printer for a terminal that scrolls: a table at the bottom, redrawn in place; messages and
 * failures go above it. Only cursor up, erase to the end of line and of screen are used. The cursor
 * is never hidden and no mode is changed, so there is nothing to restore, however the process ends.
 * While the table is shown, the cursor is below it.
 */
#include "printers/printer.h"

#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"
#include "base/term_mode.h"

#define LINE_BYTES (16u << 10) /* of lines in one drawing */

struct tty {
	struct printer *printer;
	struct canvas canvas;
	VEC(unsigned) drawn; /* columns of each row of the block that is on the screen */
	bool is_wanted;	     /* a new drawing is due */
	ev_signal resumed;
};

/* Rows that the block takes now; a terminal that became narrower has wrapped them. */
static unsigned rows_up(const struct tty *own, unsigned columns)
{
	unsigned rows = 0;

	for (size_t i = 0; i < own->drawn.n; i++)
		rows += own->drawn.at[i] > columns ? (own->drawn.at[i] + columns - 1) / columns : 1;
	return rows;
}

static void keep_row_widths(struct tty *own)
{
	own->drawn.n = 0;
	for (unsigned i = 0; i < own->canvas.n_rows; i++)
		vec_push(&own->drawn, own->canvas.rows[i].columns);
}

/* ---- the block ---- */

static bool is_active(const struct tally_target *t)
{
	return t->n[JOB_RUNNING] > 0;
}

/* If there are more targets than rows, those of the lowest class are shown: 0 has running jobs, 1
 * is begun, 2 waits, 3 is done; within a class in their order. */
static unsigned tty_worth(const struct tally_target *t)
{
	if (is_active(t))
		return 0;
	if (tally_target_is_done(t))
		return 3;
	return tally_target_is_begun(t) ? 1 : 2;
}

/* Marks the targets to show, at most room of them, and returns their number. */
static unsigned choose_targets(const struct tally *t, unsigned room, bool *shown)
{
	unsigned n = 0;

	for (unsigned class = 0; class <= 3; class ++)
		for (uint32_t i = 0; i < t->n_targets && n < room; i++)
			if (!shown[i] && tty_worth(&t->targets[i]) == class) {
				shown[i] = true;
				n++;
			}
	return n;
}

static void block_targets(struct printer *p, struct canvas *c, unsigned room, double now)
{
	const struct tally *t = &p->tally;
	_cleanup_(freep) bool *shown = xcalloc(t->n_targets ? t->n_targets : 1, sizeof(*shown));
	unsigned n = choose_targets(t, t->n_targets > room ? room - 1 : room, shown);

	for (uint32_t i = 0; i < t->n_targets; i++)
		if (shown[i])
			rows_table_row(c, &p->widths, &t->targets[i], now);
	if (n == t->n_targets)
		return;
	canvas_row(c);
	canvas_printf(c, INK_DIM, c->is_utf8 ? "\xe2\x80\xa6 %u more" : "... %u more",
		      t->n_targets - n);
}

/* The block for a terminal of this size; empty if there is no room for one. */
static void block_build(struct printer *p, struct canvas *c, unsigned columns, unsigned rows)
{
	const struct tally *t = &p->tally;
	double now = printer_now(p);
	bool has_sum = t->n_targets > 1 && rows >= 6, has_head = rows >= 5;
	/* One row is for the cursor, one for messages. */
	unsigned room = rows < 3 ? 0 : rows - 2 - has_sum - has_head;

	/* The last column stays free: some terminals wrap when it is filled. */
	canvas_start(c, columns - 1);
	if (columns < 10 || room < 1 || t->n_targets == 0)
		return;
	if (has_head)
		rows_table_head(c, &p->widths);
	block_targets(p, c, room, now);
	if (has_sum)
		rows_table_sum(c, &p->widths, t, "total", now);
}

/* ---- drawing ---- */

static void tty_add_lines(struct str *unit, const char *text, size_t len)
{
	const char *end = len ? text + len : text; /* text may be NULL if len is 0 */

	while (text < end) {
		const char *eol = text;

		while (*eol != '\n')
			eol++;
		str_addn(unit, text, (size_t)(eol - text));
		str_add(unit, "\033[K\r\n");
		text = eol + 1;
	}
}

static void tty_add_block(struct tty *own, struct str *unit, bool color)
{
	for (unsigned i = 0; i < own->canvas.n_rows; i++) {
		canvas_add_ansi(&own->canvas.rows[i], unit, color);
		str_add(unit, "\033[K\r\n");
	}
	str_add(unit, "\033[J");
}

/* In the background the screen belongs to another process: lines only. */
static void fill_background(struct printer *p, struct str *unit)
{
	struct tty *own = p->own;

	own->drawn.n = 0;
	own->is_wanted = false;
	if (!line_queue_is_empty(&p->lines))
		line_queue_take(&p->lines, unit, LINE_BYTES);
}

static void tty_fill(struct printer *p, struct str *unit)
{
	struct tty *own = p->own;
	_cleanup_(str_done) struct str lines = {0};
	unsigned columns, rows, up;

	if (!p->run_name || !term_is_foreground(p->env.fd)) {
		fill_background(p, unit);
		return;
	}
	if (!own->is_wanted && line_queue_is_empty(&p->lines))
		return;
	own->is_wanted = false;
	if (!line_queue_is_empty(&p->lines))
		line_queue_take(&p->lines, &lines, LINE_BYTES);
	printer_size(p, &columns, &rows);
	block_build(p, &own->canvas, columns, rows);
	up = rows_up(own, columns);
	str_add(unit, "\r");
	if (up)
		str_printf(unit, "\033[%uA", up);
	tty_add_lines(unit, lines.s, lines.len);
	tty_add_block(own, unit, p->env.color);
	keep_row_widths(own);
}

static void tty_draw(struct printer *p)
{
	struct tty *own = p->own;

	own->is_wanted = true;
	term_out_wake(&p->out);
}

/* The shell may have written to the screen: the old block stays where it is. */
static void tty_on_resumed(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct tty *own = w->data;

	(void)loop;
	(void)revents;
	own->drawn.n = 0;
	if (own->printer->is_running)
		tty_draw(own->printer);
}

static void tty_resized(struct printer *p)
{
	if (p->run_name)
		tty_draw(p);
}

static void tty_destroy(struct printer *p)
{
	struct tty *own = p->own;

	ev_signal_stop(p->env.loop, &own->resumed);
	canvas_done(&own->canvas);
	vec_done(&own->drawn);
	free(own);
	p->own = NULL;
}

static const struct view_ops tty_view = {
	.name = "tty",
	.interval_s = 0.1,
	.tick_s = 1,
	.started = tty_draw,
	.draw = tty_draw,
	.failed = printer_add_failure,
	.ended = tty_draw,
	.fill = tty_fill,
	.resized = tty_resized,
	.destroy = tty_destroy,
};

struct observer *tty_create(const struct printer_env *env, struct error *err)
{
	struct tty *own = xcalloc(1, sizeof(*own));
	struct observer *o;

	(void)err;
	o = printer_new(env, &tty_view, own);
	own->printer = container_of(o, struct printer, observer);
	canvas_init(&own->canvas, own->printer->is_utf8);
	ev_signal_init(&own->resumed, tty_on_resumed, SIGCONT);
	own->resumed.data = own;
	ev_signal_start(env->loop, &own->resumed);
	return o;
}
