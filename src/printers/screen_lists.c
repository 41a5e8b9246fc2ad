/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/screen_lists.h"

#include <inttypes.h>

#include "base/clock.h"
#include "printers/cells.h"

/* Brings cursor and top into [first, end), with the cursor among the `height` rows from top on. */
static void pane_fit(struct pane *p, int64_t first, int64_t end, unsigned height)
{
	p->end = end;
	p->height = height;
	if (p->is_following || p->cursor >= end)
		p->cursor = end - 1;
	if (p->cursor < first)
		p->cursor = first;
	if (p->top > p->cursor)
		p->top = p->cursor;
	if (p->top + (int64_t)height <= p->cursor)
		p->top = p->cursor - (int64_t)height + 1;
	if (p->top > end - (int64_t)height)
		p->top = end - (int64_t)height;
	if (p->top < first)
		p->top = first;
}

static void draw_heading(const struct screen *s, struct canvas *c, enum pane_name name,
			 const char *text)
{
	bool has_focus = s->focus == name;
	const char *mark = c->is_utf8 ? "\xe2\x96\xb8" : ">";

	canvas_row(c);
	canvas_add(c, INK_BOLD, has_focus ? mark : " ");
	canvas_add(c, has_focus ? INK_BOLD : INK_DIM, text);
}

/* Highlights the row of the cursor, if the user has moved it. */
static void end_entry(const struct screen *s, struct canvas *c, enum pane_name name, int64_t i)
{
	const struct pane *p = &s->panes[name];

	if (s->focus == name && p->is_moved && p->cursor == i)
		canvas_ink_row(c, INK_CURSOR);
}

static void target_counts(struct canvas *c, const struct tally *t,
			  const struct tally_target *target)
{
	static const enum job_status shown[] = {JOB_RUNNING, JOB_PASSED, JOB_FAILED, JOB_KILLED};
	unsigned digits = tally_digits(t, false);

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		uint32_t n = target->n[shown[i]];

		if (canvas_left(c) < digits + 3)
			return;
		canvas_printf(c, n ? ink_of_status(shown[i]) : INK_DIM, "  %c %*u",
			      job_status_letter(shown[i]), (int)digits, n);
	}
	if (canvas_left(c) >= digits + 5)
		canvas_printf(c, INK_PLAIN, "  of %*u", (int)digits, target->total);
}

struct target_columns {
	unsigned name, bar;
};

static struct target_columns target_columns(const struct tally *t, const struct canvas *c)
{
	struct target_columns col = {.name = 5, .bar = c->width / 4};

	/* Only the first 200 names are measured; wider ones after them are cut. */
	for (uint32_t i = 0; i < t->n_targets && i < 200; i++) {
		unsigned width = cells_width(t->targets[i].name, c->is_utf8);

		col.name = width > col.name ? width : col.name;
	}
	if (col.name > c->width / 4)
		col.name = c->width / 4 > 5 ? c->width / 4 : 5;
	if (col.bar > 40)
		col.bar = 40;
	return col;
}

static void draw_target(struct canvas *c, const struct screen_view *v,
			const struct tally_target *target, struct target_columns col)
{
	_cleanup_(str_done) struct str elapsed = {0};

	canvas_row(c);
	canvas_add(c, INK_PLAIN, " ");
	canvas_field(c, INK_PLAIN, target->name, col.name);
	canvas_add(c, INK_PLAIN, " ");
	canvas_bar(c, col.bar, target->n, target->total);
	canvas_printf(c, INK_PLAIN, " %3u%%",
		      tally_percent(tally_n_done(target->n), target->total));
	target_counts(c, v->tally, target);
	if (!tally_target_is_begun(target))
		return;
	duration_add_hms(&elapsed, tally_target_elapsed(target, v->now_s));
	str_addc(&elapsed, ' ');
	canvas_add_right(c, INK_DIM, elapsed.s);
}

static void draw_targets(struct screen *s, struct canvas *c, const struct screen_view *v,
			 unsigned height)
{
	const struct tally *t = v->tally;
	struct pane *p = &s->panes[PANE_TARGETS];
	struct target_columns col = target_columns(t, c);

	pane_fit(p, 0, t->n_targets, height);
	for (int64_t i = p->top; i < p->top + (int64_t)height && i < p->end; i++) {
		draw_target(c, v, &t->targets[i], col);
		end_entry(s, c, PANE_TARGETS, i);
	}
}

/* The cursor stays on its job, and the job on its row, when jobs above it end. */
static void follow_job(struct pane *p, const struct tally *t)
{
	int64_t i = 0;

	if (!p->is_moved || p->job == UINT32_MAX)
		return;
	list_for_each (it, &t->running) {
		if (list_entry(it, struct tally_running, link)->n == p->job) {
			p->top += i - p->cursor;
			p->cursor = i;
			return;
		}
		i++;
	}
}

static void draw_running_job(struct canvas *c, const struct screen_view *v,
			     const struct tally_running *r)
{
	_cleanup_(str_done) struct str time = {0};
	unsigned where = r->where ? cells_width(r->where, c->is_utf8) + 1 : 0;
	unsigned left;

	duration_add(&time, v->now_s - r->started_s);
	canvas_row(c);
	canvas_printf(c, INK_RUNNING, " %8s  ", time.s);
	left = canvas_left(c);
	if (where && left >= where + 20) {
		canvas_field(c, INK_PLAIN, r->id, left - where - 1);
		canvas_add_right(c, INK_DIM, r->where);
	} else {
		canvas_add(c, INK_PLAIN, r->id);
	}
}

static void draw_running(struct screen *s, struct canvas *c, const struct screen_view *v,
			 unsigned height)
{
	struct pane *p = &s->panes[PANE_RUNNING];
	int64_t i = 0;

	follow_job(p, v->tally);
	pane_fit(p, 0, v->tally->n[JOB_RUNNING], height);
	list_for_each (it, &v->tally->running) {
		const struct tally_running *r = list_entry(it, struct tally_running, link);

		if (i >= p->top + (int64_t)height)
			break;
		if (i == p->cursor)
			p->job = r->n;
		if (i >= p->top) {
			draw_running_job(c, v, r);
			end_entry(s, c, PANE_RUNNING, i);
		}
		i++;
	}
}

static void draw_failure(struct canvas *c, const struct tally_failure *f)
{
	_cleanup_(str_done) struct str when = {0};

	canvas_row(c);
	if (c->width >= 60) {
		duration_add_hms(&when, f->at_s);
		canvas_printf(c, INK_DIM, " %s", when.s);
	}
	canvas_add(c, INK_PLAIN, " ");
	if (c->width >= 40)
		canvas_printf(c, ink_of_status(f->status), "%s ", job_status_name(f->status));
	canvas_add(c, INK_PLAIN, f->id);
	canvas_add(c, INK_PLAIN, "  ");
	canvas_add(c, INK_DIM, f->message);
}

static void draw_failures(struct screen *s, struct canvas *c, const struct screen_view *v,
			  unsigned height)
{
	const struct tally *t = v->tally;
	struct pane *p = &s->panes[PANE_FAILURES];

	pane_fit(p, (int64_t)tally_first_failure(t), (int64_t)t->n_failures, height);
	for (int64_t i = p->top; i < p->top + (int64_t)height && i < p->end; i++) {
		draw_failure(c, tally_failure(t, (uint64_t)i));
		end_entry(s, c, PANE_FAILURES, i);
	}
}

static void pane_heading(enum pane_name name, const struct tally *t, struct str *out)
{
	uint32_t done = 0;

	switch (name) {
	case PANE_TARGETS:
		for (uint32_t i = 0; i < t->n_targets; i++)
			done += tally_target_is_done(&t->targets[i]);
		str_printf(out, "Targets  %u of %u done", done, t->n_targets);
		break;
	case PANE_RUNNING:
		str_printf(out, "Running  %u, longest first", t->n[JOB_RUNNING]);
		break;
	case PANE_FAILURES:
		str_printf(out, "Failures  %" PRIu64, t->n_failures);
		if (t->n_cancelled)
			str_printf(out, ", and %u cancelled", t->n_cancelled);
		break;
	case PANE_COUNT:
		break;
	}
}

void screen_lists_draw(struct screen *s, struct canvas *c, const struct screen_view *v,
		       enum pane_name name, unsigned rows)
{
	static void (*const draw[PANE_COUNT])(struct screen *, struct canvas *,
					      const struct screen_view *, unsigned) = {
		draw_targets, draw_running, draw_failures};
	_cleanup_(str_done) struct str text = {0};
	unsigned end = c->n_rows + rows;
	bool has_heading = rows >= 3;

	if (rows == 0)
		return;
	pane_heading(name, v->tally, &text);
	if (has_heading)
		draw_heading(s, c, name, text.s);
	draw[name](s, c, v, rows - has_heading);
	while (c->n_rows < end)
		canvas_row(c);
}
