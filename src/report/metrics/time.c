/* SPDX-License-Identifier: Apache-2.0 */
/* Drawings over time: number of running jobs by tool, a row for each job, jobs in lanes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/mem.h"
#include "report/html/html.h"
#include "report/metrics/data.h"

/* Sizes in units of the drawing. */
enum { LEFT = 46, WIDTH = 1040, RIGHT = 14, TOP = 8, BOTTOM = 34 };
enum { COLUMNS = 2 * WIDTH }; /* two per unit, finer than the eye can see */

struct frame {
	double duration_s;
	int height; /* without the margins */
};

/* ---- the frame ---- */

/* A step of 1, 2 or 5 times a power of ten, with at most n steps in range. */
static double step_for(double range, int n)
{
	double least = range / n, power;

	if (!(least > 0))
		return 1;
	power = pow(10, floor(log10(least)));
	for (int i = 1; i <= 10; i = i == 2 ? 5 : 2 * i)
		if (i * power >= least)
			return i * power;
	return 10 * power;
}

static double x_of(const struct frame *f, double s)
{
	return LEFT + (f->duration_s > 0 ? s / f->duration_s * WIDTH : 0);
}

static void add_x_ticks(struct str *out, const struct frame *f)
{
	double step = step_for(f->duration_s, 10);

	for (int i = 0; i * step <= f->duration_s * 1.0001; i++) {
		double x = x_of(f, i * step);

		str_printf(out,
			   "<path class=\"grid\" d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\">", x,
			   TOP, TOP + f->height + 4, x, TOP + f->height + 17);
		str_printf(out, "%.*f", step < 1 ? (int)ceil(-log10(step)) : 0, i * step);
		str_add(out, "</text>\n");
	}
	str_printf(out, "<text x=\"%d\" y=\"%d\">Time (s)</text>\n", LEFT + WIDTH / 2,
		   TOP + f->height + 31);
}

static void begin_drawing(struct str *out, const struct frame *f)
{
	str_printf(out, "<svg class=\"time\" viewBox=\"0 0 %d %d\" role=\"img\">\n",
		   LEFT + WIDTH + RIGHT, TOP + f->height + BOTTOM);
	add_x_ticks(out, f);
}

/* most: the largest value; is_up: it is at the top. */
static void add_y_ticks(struct str *out, const struct frame *f, double most, bool is_up)
{
	double step = fmax(1, step_for(most, 8));

	for (int i = 0; i * step <= most; i++) {
		double part = i * step / most * f->height;
		double y = TOP + (is_up ? f->height - part : part);

		str_printf(out,
			   "<path class=\"grid\" d=\"M%d %.1fh%d\"/><text class=\"y\" x=\"%d\" "
			   "y=\"%.1f\">%.0f</text>\n",
			   LEFT, y, WIDTH, LEFT - 6, y + 4, i * step);
	}
}

/* ---- concurrency ---- */

struct event {
	double s;
	int delta;
};

/* At equal times, ends come before starts. */
static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->s != y->s ? (x->s > y->s) - (x->s < y->s) : x->delta - y->delta;
}

static size_t events_of(const struct metrics *m, const struct metrics_groups *g, size_t group,
			struct event *events)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_jobs; i++) {
		if (g->of[i] != group)
			continue;
		events[n++] = (struct event){m->jobs[i].start_s, 1};
		events[n++] = (struct event){m->jobs[i].end_s, -1};
	}
	qsort(events, n, sizeof(*events), by_time);
	return n;
}

static int peak_of(const struct event *events, size_t n)
{
	int now = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		now += events[i].delta;
		most = now > most ? now : most;
	}
	return most;
}

/* Draws a step function. Of many steps in one column, only the highest and the last are drawn. */
static void add_stair(struct str *out, const struct frame *f, const struct event *events, size_t n,
		      int peak)
{
	double unit = (double)f->height / peak;
	int now = 0;

	str_printf(out, "M%d %dV%d", LEFT, TOP + f->height, TOP + f->height);
	for (size_t i = 0; i < n;) {
		double column = floor(x_of(f, events[i].s) * COLUMNS / WIDTH);
		int most = 0;

		for (; i < n && floor(x_of(f, events[i].s) * COLUMNS / WIDTH) == column; i++) {
			now += events[i].delta;
			most = now > most ? now : most;
		}
		str_printf(out, "H%.1f", column * WIDTH / COLUMNS);
		if (most > now)
			str_printf(out, "V%.1f", TOP + f->height - most * unit);
		str_printf(out, "V%.1f", TOP + f->height - now * unit);
	}
}

void metrics_add_concurrency(const struct metrics *m, struct str *out)
{
	struct metrics_groups g = metrics_group(m, metrics_tool);
	struct event *events = xcalloc(2 * m->n_jobs + 1, sizeof(*events));
	struct frame f = {m->duration_s, 420};
	int peak = 0;

	for (size_t i = 0; i < g.n; i++) {
		int p = peak_of(events, events_of(m, &g, i, events));

		peak = p > peak ? p : peak;
	}
	if (peak > 0) {
		str_add(out, "<p>Jobs at a time, by tool</p>\n");
		metrics_add_legend(out, &g);
		begin_drawing(out, &f);
		add_y_ticks(out, &f, peak, true);
		for (size_t i = 0; i < g.n; i++) {
			size_t n = events_of(m, &g, i, events);

			str_add(out, "<path fill=\"none\" stroke-width=\"1.6\" style=\"stroke:");
			metrics_add_color(out, i);
			str_add(out, "\" d=\"");
			add_stair(out, &f, events, n, peak);
			str_add(out, "\"><title>");
			html_text(out, g.names[i]);
			str_add(out, "</title></path>\n");
		}
		str_add(out, "</svg>\n");
	}
	free(events);
	metrics_groups_done(&g);
}

/* ---- bars in rows ---- */

struct bars {
	const struct metrics *m;
	size_t *order; /* jobs by start */
	size_t *row;   /* of each job, from 0 */
	size_t n_rows, n_drawn;
	struct metrics_groups groups;
};

static int by_start(const void *a, const void *b, void *ctx)
{
	const struct metrics_job *jobs = ctx;
	const struct metrics_job *x = &jobs[*(const size_t *)a], *y = &jobs[*(const size_t *)b];

	return x->start_s != y->start_s ? (x->start_s > y->start_s) - (x->start_s < y->start_s)
					: (x > y) - (x < y);
}

static void init_bars(struct bars *b, const struct metrics *m, size_t n_drawn)
{
	*b = (struct bars){
		.m = m,
		.order = xcalloc(m->n_jobs + 1, sizeof(*b->order)),
		.row = xcalloc(m->n_jobs + 1, sizeof(*b->row)),
		.n_drawn = n_drawn ? n_drawn : SIZE_MAX,
		.groups = metrics_group(m, metrics_target),
	};
	for (size_t i = 0; i < m->n_jobs; i++)
		b->order[i] = i;
	qsort_r(b->order, m->n_jobs, sizeof(*b->order), by_start, m->jobs);
}

static void done_bars(struct bars *b)
{
	free(b->order);
	free(b->row);
	metrics_groups_done(&b->groups);
}

static void add_rects(struct str *out, const struct bars *b, const struct frame *f, double row)
{
	for (size_t k = 0; k < b->m->n_jobs; k++) {
		size_t i = b->order[k];
		const struct metrics_job *j = &b->m->jobs[i];

		str_printf(out,
			   "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" "
			   "style=\"fill:",
			   x_of(f, j->start_s), TOP + (double)b->row[i] * row,
			   fmax(0.7, x_of(f, j->end_s) - x_of(f, j->start_s)),
			   fmax(0.7, row * 0.9));
		metrics_add_color(out, b->groups.of[i]);
		str_add(out, "\"><title>");
		metrics_add_hover(out, j);
		str_add(out, "</title></rect>\n");
	}
}

/* Draws many jobs as one path for each colour, because single bars could not be seen. */
static void add_paths(struct str *out, const struct bars *b, const struct frame *f, double row)
{
	for (size_t g = 0; g < b->groups.n; g++) {
		str_printf(out, "<path fill=\"none\" stroke-width=\"%.2f\" style=\"stroke:",
			   fmax(1.2, row * 0.95));
		metrics_add_color(out, g);
		str_add(out, "\" d=\"");
		for (size_t k = 0; k < b->m->n_jobs; k++) {
			size_t i = b->order[k];
			double from = x_of(f, b->m->jobs[i].start_s);

			if (b->groups.of[i] == g)
				str_printf(out, "M%.1f %.1fh%.1f", from,
					   TOP + ((double)b->row[i] + 0.5) * row,
					   fmax(0.3, x_of(f, b->m->jobs[i].end_s) - from));
		}
		str_add(out, "\"/>\n");
	}
}

static void draw_bars(struct str *out, const struct bars *b)
{
	enum { ROW = 16, MOST = 1000, LEAST = 60 };
	size_t height = b->n_rows * ROW;
	struct frame f = {b->m->duration_s, height > MOST    ? MOST
					    : height < LEAST ? LEAST
							     : (int)height};
	double row = (double)f.height / (double)b->n_rows;

	metrics_add_legend(out, &b->groups);
	begin_drawing(out, &f);
	add_y_ticks(out, &f, (double)b->n_rows, false);
	if (b->m->n_jobs <= b->n_drawn)
		add_rects(out, b, &f, row);
	else
		add_paths(out, b, &f, row);
	str_add(out, "</svg>\n");
}

void metrics_add_timeline(const struct metrics *m, size_t n_drawn, struct str *out)
{
	struct bars b;

	if (m->n_jobs == 0)
		return;
	init_bars(&b, m, n_drawn);
	for (size_t k = 0; k < m->n_jobs; k++)
		b.row[b.order[k]] = k;
	b.n_rows = m->n_jobs;
	str_printf(out, "<p>%zu jobs in ", m->n_jobs);
	metrics_add_time(out, m->duration_s);
	str_add(out, ", a row each in the order in which they began</p>\n");
	draw_bars(out, &b);
	done_bars(&b);
}

/* ---- lanes ---- */

struct lane {
	struct heap_node busy, free;
	double until_s;
	size_t number;
};

static bool ends_first(const struct heap_node *a, const struct heap_node *b, void *ctx)
{
	const struct lane *x = container_of(a, const struct lane, busy);
	const struct lane *y = container_of(b, const struct lane, busy);

	(void)ctx;
	return x->until_s != y->until_s ? x->until_s < y->until_s : x->number < y->number;
}

static bool is_lower(const struct heap_node *a, const struct heap_node *b, void *ctx)
{
	(void)ctx;
	return container_of(a, const struct lane, free)->number <
	       container_of(b, const struct lane, free)->number;
}

/* Each job gets the lowest lane that is free at its start. */
static void assign_lanes(struct bars *b)
{
	struct lane *lanes = xcalloc(b->m->n_jobs + 1, sizeof(*lanes));
	struct heap busy, free_lanes;

	heap_init(&busy, ends_first, NULL);
	heap_init(&free_lanes, is_lower, NULL);
	for (size_t k = 0; k < b->m->n_jobs; k++) {
		const struct metrics_job *j = &b->m->jobs[b->order[k]];
		struct heap_node *n;
		struct lane *lane;

		while ((n = heap_top(&busy)) &&
		       container_of(n, struct lane, busy)->until_s <= j->start_s)
			heap_push(&free_lanes,
				  &container_of(heap_pop(&busy), struct lane, busy)->free);
		n = heap_pop(&free_lanes);
		lane = n ? container_of(n, struct lane, free) : &lanes[b->n_rows];
		if (!n) {
			heap_node_init(&lane->busy);
			heap_node_init(&lane->free);
			lane->number = b->n_rows++;
		}
		lane->until_s = j->end_s;
		b->row[b->order[k]] = lane->number;
		heap_push(&busy, &lane->busy);
	}
	heap_done(&busy);
	heap_done(&free_lanes);
	free(lanes);
}

static void time_add_fact(struct str *out, const char *name, double s)
{
	html_line(out, "dt", name);
	str_add(out, "<dd>");
	metrics_add_time(out, s);
	str_add(out, "</dd>\n");
}

static void time_add_facts(struct str *out, const struct metrics *m, size_t n_lanes)
{
	double room_s = (double)n_lanes * m->duration_s, used_s = 0;

	for (size_t i = 0; i < m->n_jobs; i++)
		used_s += metrics_duration(&m->jobs[i]);
	str_printf(out, "<dl>\n<dt>Degree of parallelism</dt><dd>%zu</dd>\n", n_lanes);
	time_add_fact(out, "Wall-clock time", m->duration_s);
	time_add_fact(out, "Time in all lanes", room_s);
	time_add_fact(out, "Time running jobs", used_s);
	str_printf(out, "<dt>Utilisation</dt><dd>%.3f %%</dd>\n</dl>\n",
		   room_s > 0 ? 100 * used_s / room_s : 0);
}

void metrics_add_parallelism(const struct metrics *m, size_t n_drawn, struct str *out)
{
	struct bars b;

	if (m->n_jobs == 0)
		return;
	init_bars(&b, m, n_drawn);
	assign_lanes(&b);
	str_add(out, "<p>Jobs in as few lanes as hold them</p>\n");
	draw_bars(out, &b);
	time_add_facts(out, m, b.n_rows);
	done_bars(&b);
}
