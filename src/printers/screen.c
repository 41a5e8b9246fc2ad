/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/screen.h"

#include <string.h>

#include "base/clock.h"
#include "printers/screen_lists.h"

void screen_init(struct screen *s)
{
	*s = (struct screen){.focus = PANE_FAILURES};
	s->panes[PANE_FAILURES].is_following = true;
}

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
	p->job = UINT32_MAX; /* set at the next drawing */
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

static void draw_title(struct canvas *c, const struct screen_view *v)
{
	_cleanup_(str_done) struct str elapsed = {0};

	duration_add_hms(&elapsed, tally_elapsed(v->tally, v->now_s));
	str_addc(&elapsed, ' ');
	canvas_row(c);
	canvas_add(c, INK_BAR, " dvsched  ");
	canvas_field(c, INK_BAR, v->run_name,
		     canvas_left(c) > 10 ? canvas_left(c) - 10 : canvas_left(c));
	canvas_add_right(c, INK_BAR, elapsed.s);
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

static void screen_add_count(struct canvas *c, enum ink ink, const char *name, uint32_t n)
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
	screen_add_count(c, INK_GOOD, "passed", t->n[JOB_PASSED]);
	screen_add_count(c, INK_BAD, "failed", t->n[JOB_FAILED]);
	screen_add_count(c, INK_KILLED, "killed", t->n[JOB_KILLED]);
	screen_add_count(c, INK_RUNNING, "running", t->n[JOB_RUNNING]);
	screen_add_count(c, INK_PLAIN, "queued", t->n[JOB_QUEUED]);
	screen_add_count(c, INK_PLAIN, "scheduled", t->n[JOB_SCHEDULED]);
	if (t->n_flaky)
		screen_add_count(c, INK_KILLED, "flaky", t->n_flaky);
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

/* The path of the log of the failure under the cursor, to be copied by the user. */
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

static unsigned min_of(uint64_t a, uint64_t b)
{
	return (unsigned)(a < b ? a : b);
}

/*
 * Divides the rows in the middle, by the number of targets and the focus only, not by the number of
 * running jobs: a list that moves cannot be read.
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
		screen_lists_draw(s, c, v, (enum pane_name)i, rows[i]);
	if (has_detail)
		draw_detail(s, c, v);
	if (has_said) {
		canvas_row(c);
		canvas_printf(c, INK_PLAIN, " %s", v->said);
	}
	if (has_help)
		draw_help(c);
}
