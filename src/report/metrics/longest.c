/* SPDX-License-Identifier: Apache-2.0 */
/* Bars of the longest jobs and tests, a sheet for each category; sums of groups. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "report/html/html.h"
#include "report/metrics/data.h"

/* One bar: a job, or all runs of a test. */
struct bar {
	const char *name;
	size_t first, n; /* indices in ranked */
	double total_s;
	size_t rank; /* from 1 */
	size_t group;
};

struct chart {
	const struct metrics *m;
	const struct metrics_longest *view;
	const struct metrics_job **ranked; /* grouped by bar, the longest first */
	struct bar *bars;		   /* the longest first */
	size_t n_bars;
	struct metrics_groups groups;
	double longest_s;
};

/* ---- ranking ---- */

static int by_duration(const void *a, const void *b)
{
	const struct metrics_job *const *x = a, *const *y = b;
	double dx = metrics_duration(*x), dy = metrics_duration(*y);

	return dx != dy ? (dx < dy) - (dx > dy) : strcmp((*x)->id, (*y)->id);
}

static int by_test(const void *a, const void *b)
{
	const struct metrics_job *const *x = a, *const *y = b;
	int diff = strcmp((*x)->test, (*y)->test);

	return diff ? diff : by_duration(a, b);
}

static int by_total(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;

	return x->total_s != y->total_s ? (x->total_s < y->total_s) - (x->total_s > y->total_s)
					: strcmp(x->name, y->name);
}

static void longest_rank(struct chart *c)
{
	const struct metrics *m = c->m;
	bool is_by_test = c->view->is_by_test;

	c->ranked = xcalloc(m->n_jobs + 1, sizeof(*c->ranked));
	c->bars = xcalloc(m->n_jobs + 1, sizeof(*c->bars));
	for (size_t i = 0; i < m->n_jobs; i++)
		c->ranked[i] = &m->jobs[i];
	qsort(c->ranked, m->n_jobs, sizeof(*c->ranked), is_by_test ? by_test : by_duration);
	for (size_t i = 0; i < m->n_jobs; i++) {
		const struct metrics_job *j = c->ranked[i];
		const char *name = is_by_test ? j->test : j->id;

		if (c->n_bars == 0 || strcmp(c->bars[c->n_bars - 1].name, name) != 0)
			c->bars[c->n_bars++] = (struct bar){
				.name = name, .first = i, .group = c->groups.of[j - m->jobs]};
		c->bars[c->n_bars - 1].n++;
		c->bars[c->n_bars - 1].total_s += metrics_duration(j);
	}
	qsort(c->bars, c->n_bars, sizeof(*c->bars), by_total);
	for (size_t i = 0; i < c->n_bars; i++)
		c->bars[i].rank = i + 1;
	c->longest_s = c->n_bars ? c->bars[0].total_s : 0;
}

/* ---- drawing ---- */

static void longest_add_fill(struct str *out, const struct chart *c, size_t group)
{
	const char *status = c->groups.names[group];

	if (!c->view->is_by_status)
		metrics_add_color(out, group);
	else if (strcmp(status, "Passed") == 0)
		str_add(out, "var(--ok)");
	else if (strcmp(status, "Failed") == 0)
		str_add(out, "var(--bad)");
	else
		str_add(out, strcmp(status, "Killed") == 0 ? "var(--killed)" : "#888");
}

static void begin_part(struct str *out, const struct chart *c, const struct bar *b, double s)
{
	str_printf(out, "<i style=\"width:%.3f%%;background:",
		   c->longest_s > 0 ? 100 * s / c->longest_s : 0);
	longest_add_fill(out, c, b->group);
	str_add(out, "\" title=\"");
}

/* Draws the longest runs of a bar separately, after one part for all others. */
static void add_parts(struct str *out, const struct chart *c, const struct bar *b)
{
	size_t most = c->view->n_parts ? c->view->n_parts : b->n;
	size_t n = b->n > most ? most - 1 : b->n;
	double rest_s = 0;

	for (size_t i = n; i < b->n; i++)
		rest_s += metrics_duration(c->ranked[b->first + i]);
	if (n < b->n) {
		begin_part(out, c, b, rest_s);
		html_text(out, b->name);
		str_printf(out, "\n%zu other runs together: ", b->n - n);
		metrics_add_time(out, rest_s);
		str_add(out, "\"></i>");
	}
	while (n-- > 0) {
		begin_part(out, c, b, metrics_duration(c->ranked[b->first + n]));
		metrics_add_hover(out, c->ranked[b->first + n]);
		str_add(out, "\"></i>");
	}
}

static void add_bar(struct str *out, const struct chart *c, const struct bar *b)
{
	str_printf(out, "<li><b>%zu</b><span title=\"", b->rank);
	html_text(out, b->name);
	str_add(out, "\">");
	html_text(out, b->name);
	str_add(out, "</span><u>");
	add_parts(out, c, b);
	str_add(out, "</u><em>");
	duration_add(out, b->total_s);
	if (c->view->is_by_test && b->n > 1)
		str_printf(out, " / %zu", b->n);
	str_add(out, "</em></li>\n");
}

static bool longest_is_in(const struct bar *b, size_t category, size_t n_categories)
{
	return category == n_categories || b->group == category;
}

/* category: a group; the number of groups means all. */
static void add_sheet(struct str *out, const struct chart *c, size_t category)
{
	size_t n = 0, shown = 0, most = c->view->n_bars ? c->view->n_bars : SIZE_MAX;
	const char *what = c->view->is_by_test ? "tests" : "jobs";

	for (size_t i = 0; i < c->n_bars; i++)
		n += longest_is_in(&c->bars[i], category, c->groups.n);
	shown = n < most ? n : most;
	if (shown < n)
		str_printf(out, "<p>The longest %zu of %zu %s</p>\n", shown, n, what);
	else
		str_printf(out, "<p>%zu %s</p>\n", n, what);
	str_add(out, "<ol class=\"bars\">\n");
	for (size_t i = 0; i < c->n_bars && shown > 0; i++)
		if (longest_is_in(&c->bars[i], category, c->groups.n)) {
			add_bar(out, c, &c->bars[i]);
			shown--;
		}
	str_add(out, "</ol>\n");
}

static void add_choice(struct str *out, const struct chart *c, size_t i, bool is_first)
{
	const char *name = c->view->name;

	str_printf(out, "<input type=\"radio\" name=\"%s\" id=\"%s-%zu\"%s><label for=\"%s-%zu\">",
		   name, name, i, is_first ? " checked" : "", name, i);
	html_text(out, i == c->groups.n ? "All" : c->groups.names[i]);
	str_add(out, "</label>\n");
}

/* The sheet of all comes first. With one category there are no buttons. */
static void add_sheets(struct str *out, const struct chart *c)
{
	size_t n = c->groups.n;

	if (n < 2) {
		add_sheet(out, c, n);
		return;
	}
	str_add(out, "<div class=\"choice\">\n");
	add_choice(out, c, n, true);
	for (size_t i = 0; i < n; i++)
		add_choice(out, c, i, false);
	for (size_t k = 0; k <= n; k++) {
		size_t i = k == 0 ? n : k - 1;

		str_add(out, "<div>\n");
		add_sheet(out, c, i);
		str_add(out, "</div>\n");
	}
	str_printf(out, "<style>");
	for (size_t k = 0; k <= n; k++)
		str_printf(out, "#%s-%zu:checked~div:nth-of-type(%zu)%s", c->view->name,
			   k == 0 ? n : k - 1, k + 1, k < n ? "," : "{display:block}");
	str_add(out, "</style>\n</div>\n");
}

void metrics_add_longest(const struct metrics *m, const struct metrics_longest *view,
			 struct str *out)
{
	struct chart c = {.m = m, .view = view, .groups = metrics_group(m, view->key)};

	longest_rank(&c);
	/* If each test ran once, the view of tests is the same as that of jobs. */
	if (c.n_bars > 0 && !(view->is_by_test && c.n_bars == m->n_jobs))
		add_sheets(out, &c);
	free(c.ranked);
	free(c.bars);
	metrics_groups_done(&c.groups);
}

/* ---- sums ---- */

struct sum {
	const char *name;
	double s;
	size_t n, group;
};

static int by_sum(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return x->s != y->s ? (x->s < y->s) - (x->s > y->s) : strcmp(x->name, y->name);
}

static void add_sum_hover(struct str *out, const struct sum *sum, double all_s)
{
	html_text(out, sum->name);
	str_printf(out, "\nJobs: %zu\nTogether: ", sum->n);
	metrics_add_time(out, sum->s);
	str_printf(out, "\nShare: %.2f %%", 100 * sum->s / all_s);
}

/* Draws a ring: each group is an arc of a circle with a length of 100. */
static void add_ring(struct str *out, const struct sum *sums, size_t n, double all_s)
{
	double at = 0;

	str_add(out, "<svg class=\"ring\" viewBox=\"0 0 42 42\" role=\"img\">\n");
	for (size_t i = 0; i < n; i++) {
		double share = 100 * sums[i].s / all_s;

		str_add(out, "<circle cx=\"21\" cy=\"21\" r=\"15.9155\" fill=\"none\" "
			     "stroke-width=\"7\" style=\"stroke:");
		metrics_add_color(out, sums[i].group);
		str_printf(out,
			   "\" stroke-dasharray=\"%.3f %.3f\" stroke-dashoffset=\"%.3f\"><title>",
			   share, 100 - share, 25 - at);
		add_sum_hover(out, &sums[i], all_s);
		str_add(out, "</title></circle>\n");
		at += share;
	}
	str_add(out, "</svg>\n");
}

static void add_sums(struct str *out, const struct sum *sums, size_t n, double all_s)
{
	str_add(out, "<ol class=\"bars sums\">\n");
	for (size_t i = 0; i < n; i++) {
		str_add(out, "<li><b></b><span>");
		html_text(out, sums[i].name);
		str_printf(out, "</span><u><i style=\"width:%.3f%%;background:",
			   100 * sums[i].s / sums[0].s);
		metrics_add_color(out, sums[i].group);
		str_add(out, "\" title=\"");
		add_sum_hover(out, &sums[i], all_s);
		str_add(out, "\"></i></u><em>");
		duration_add(out, sums[i].s);
		str_printf(out, " · %.1f %% · %zu job%s</em></li>\n", 100 * sums[i].s / all_s,
			   sums[i].n, sums[i].n == 1 ? "" : "s");
	}
	str_add(out, "</ol>\n");
}

void metrics_add_breakdown(const struct metrics *m, metrics_key *key, const char *what,
			   struct str *out)
{
	struct metrics_groups g = metrics_group(m, key);
	_cleanup_(freep) struct sum *sums = xcalloc(g.n + 1, sizeof(*sums));
	double all_s = 0;

	for (size_t i = 0; i < g.n; i++)
		sums[i] = (struct sum){.name = g.names[i], .group = i};
	for (size_t i = 0; i < m->n_jobs; i++) {
		sums[g.of[i]].n++;
		sums[g.of[i]].s += metrics_duration(&m->jobs[i]);
		all_s += metrics_duration(&m->jobs[i]);
	}
	qsort(sums, g.n, sizeof(*sums), by_sum);
	if (all_s > 0) {
		str_printf(out, "<p>Run time of all jobs, by %s</p>\n<div class=\"split\">\n",
			   what);
		add_ring(out, sums, g.n, all_s);
		add_sums(out, sums, g.n, all_s);
		str_add(out, "</div>\n");
	}
	metrics_groups_done(&g);
}
