/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/screen.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "printers/cells.h"

void screen_init(struct screen *s)
{
	*s = (struct screen){.focus = PANE_FAILURES};
	s->panes[PANE_FAILURES].is_following = true;
}

/* ---- the user moves ---- */

static void pane_move(struct pane *p, enum screen_key key, bool may_follow)
{
	int64_t page = p->height > 1 ? (int64_t)p->height - 1 : 1;

	switch (key) {
	case SCREEN_UP:
		p->cursor--;
		break;
	case SCREEN_DOWN:
		p->cursor++;
		break;
	case SCREEN_PAGE_UP:
		p->cursor -= page;
		break;
	case SCREEN_PAGE_DOWN:
		p->cursor += page;
		break;
	case SCREEN_FIRST:
		p->cursor = p->top = 0;
		break;
	case SCREEN_LAST:
		p->cursor = p->end - 1;
		break;
	case SCREEN_NEXT_PANE:
	case SCREEN_BEFORE_PANE:
		return;
	}
	if (p->cursor >= p->end)
		p->cursor = p->end - 1;
	if (p->cursor < 0)
		p->cursor = 0;
	p->is_following = may_follow && p->cursor >= p->end - 1;
	p->is_moved = key != SCREEN_FIRST && !p->is_following;
	p->job = UINT32_MAX; /* found again at the next drawing */
}

void screen_key(struct screen *s, enum screen_key key)
{
	if (key == SCREEN_NEXT_PANE)
		s->focus = (s->focus + 1) % PANE_COUNT;
	else if (key == SCREEN_BEFORE_PANE)
		s->focus = (s->focus + PANE_COUNT - 1) % PANE_COUNT;
	else
		pane_move(&s->panes[s->focus], key, s->focus == PANE_FAILURES);
}

/* Brings cursor and top into [first, end) and into so many rows. */
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

/* ---- head and foot ---- */

static void add_right(struct canvas *c, enum ink ink, const char *text)
{
	unsigned width = cells_width(text, c->is_utf8);

	if (canvas_left(c) < width + 1)
		return;
	canvas_pad_to(c, ink, c->width - width);
	canvas_add(c, ink, text);
}

static void draw_title(struct canvas *c, const struct screen_view *v)
{
	_cleanup_(str_done) struct str elapsed = {0};

	duration_add_hms(&elapsed, tally_elapsed(v->tally, v->now_s));
	str_addc(&elapsed, ' ');
	canvas_row(c);
	canvas_add(c, INK_BAR, " dvsched  ");
	canvas_field(c, INK_BAR, v->run_name,
		     canvas_left(c) > 10 ? canvas_left(c) - 10 : canvas_left(c));
	add_right(c, INK_BAR, elapsed.s);
	canvas_ink_row(c, INK_BAR);
}

static void draw_progress(struct canvas *c, const struct screen_view *v)
{
	const struct tally *t = v->tally;
	uint32_t done = tally_n_done(t->n);
	_cleanup_(str_done) struct str text = {0};

	str_printf(&text, " %3u%%", tally_percent(done, t->total));
	if (c->width >= 40)
		str_printf(&text, "  %u of %u ", done, t->total);
	canvas_row(c);
	canvas_add(c, INK_PLAIN, c->width >= 40 ? " " : "");
	if (canvas_left(c) > text.len)
		canvas_bar(c, canvas_left(c) - (unsigned)text.len, t->n, t->total);
	canvas_add(c, INK_BOLD, text.s);
}

static void add_count(struct canvas *c, enum ink ink, const char *name, uint32_t n)
{
	if (canvas_left(c) < strlen(name) + 13)
		return;
	canvas_printf(c, INK_PLAIN, " %s ", name);
	canvas_printf(c, n ? ink : INK_DIM, "%u", n);
	canvas_add(c, INK_PLAIN, " ");
}

static void draw_counts(struct canvas *c, const struct screen_view *v)
{
	const struct tally *t = v->tally;

	canvas_row(c);
	add_count(c, INK_GOOD, "passed", t->n[JOB_PASSED]);
	add_count(c, INK_BAD, "failed", t->n[JOB_FAILED]);
	add_count(c, INK_KILLED, "killed", t->n[JOB_KILLED]);
	add_count(c, INK_RUNNING, "running", t->n[JOB_RUNNING]);
	add_count(c, INK_PLAIN, "queued", t->n[JOB_QUEUED]);
	add_count(c, INK_PLAIN, "scheduled", t->n[JOB_SCHEDULED]);
	if (t->n_flaky)
		add_count(c, INK_KILLED, "flaky", t->n_flaky);
}

static void draw_help(struct canvas *c)
{
	static const char *const keys[][2] = {
		{"q", "leave view"}, {"Tab", "next list"},  {"^C", "stop run"},
		{"j k", "move"},     {"PgUp PgDn", "page"}, {"Home End", "first, last"},
		{"l", "redraw"},
	};

	canvas_row(c);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (canvas_left(c) < strlen(keys[i][0]) + strlen(keys[i][1]) + 3)
			break;
		canvas_printf(c, INK_BOLD, " %s", keys[i][0]);
		canvas_printf(c, INK_DIM, " %s ", keys[i][1]);
	}
}

/* ---- the lists ---- */

static void draw_heading(const struct screen *s, struct canvas *c, enum pane_name name,
			 const char *text)
{
	bool has_focus = s->focus == name;
	const char *mark = c->is_utf8 ? "\xe2\x96\xb8" : ">";

	canvas_row(c);
	canvas_add(c, INK_BOLD, has_focus ? mark : " ");
	canvas_add(c, has_focus ? INK_BOLD : INK_DIM, text);
}

/* The row of the cursor stands out where it is the user who put it there. */
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

	/* All of them are looked at only where they can be seen; names beyond are cut. */
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
	add_right(c, INK_DIM, elapsed.s);
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

/* The cursor stays on its job, and the job on its row, when others above it end. */
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
		add_right(c, INK_DIM, r->where);
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

/* The failure under the cursor, in full: what one wants to copy. */
static void draw_detail(const struct screen *s, struct canvas *c, const struct screen_view *v)
{
	const struct tally *t = v->tally;
	const struct pane *p = &s->panes[PANE_FAILURES];
	const struct tally_failure *f;

	canvas_row(c);
	if (p->cursor < (int64_t)tally_first_failure(t) || p->cursor >= (int64_t)t->n_failures)
		return;
	f = tally_failure(t, (uint64_t)p->cursor);
	if (!f->log_path)
		return;
	canvas_add(c, INK_DIM, " log ");
	canvas_add(c, INK_PLAIN, f->log_path);
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

static void draw_pane(struct screen *s, struct canvas *c, const struct screen_view *v,
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

static unsigned min_of(uint64_t a, uint64_t b)
{
	return (unsigned)(a < b ? a : b);
}

/*
 * Shares the rows in the middle. By the number of targets and the focus only, not by what runs at
 * the moment: a list that moves cannot be read.
 */
static void share_rows(const struct screen *s, const struct tally *t, unsigned rows,
		       unsigned *ret_rows)
{
	bool has_focus = s->focus == PANE_TARGETS;
	unsigned left;

	memset(ret_rows, 0, PANE_COUNT * sizeof(*ret_rows));
	if (rows < 9) {
		ret_rows[s->focus] = rows;
		return;
	}
	ret_rows[PANE_TARGETS] = min_of((uint64_t)t->n_targets + 1,
					has_focus ? rows - 6 : rows / 3);
	if (ret_rows[PANE_TARGETS] < 3)
		ret_rows[PANE_TARGETS] = 3;
	left = rows - ret_rows[PANE_TARGETS];
	ret_rows[PANE_RUNNING] = s->focus == PANE_RUNNING ? left - left / 3 : left / 2;
	if (s->focus == PANE_FAILURES)
		ret_rows[PANE_RUNNING] = left / 3 > 3 ? left / 3 : 3;
	ret_rows[PANE_FAILURES] = left - ret_rows[PANE_RUNNING];
}

void screen_draw(struct screen *s, struct canvas *c, const struct screen_view *v)
{
	bool has_counts = v->rows >= 10, has_detail = v->rows >= 14, has_help = v->rows >= 5,
	     has_said = v->rows >= 14 && v->said;
	unsigned fixed = 2u + has_counts + has_detail + has_said + has_help;
	unsigned rows[PANE_COUNT];

	canvas_start(c, v->columns);
	if (v->rows < 3) {
		draw_progress(c, v);
		return;
	}
	draw_title(c, v);
	draw_progress(c, v);
	if (has_counts)
		draw_counts(c, v);
	share_rows(s, v->tally, v->rows - fixed, rows);
	for (int i = 0; i < PANE_COUNT; i++)
		draw_pane(s, c, v, (enum pane_name)i, rows[i]);
	if (has_detail)
		draw_detail(s, c, v);
	if (has_said) {
		canvas_row(c);
		canvas_printf(c, INK_PLAIN, " %s", v->said);
	}
	if (has_help)
		draw_help(c);
}
