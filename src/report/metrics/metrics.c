/* SPDX-License-Identifier: Apache-2.0 */
#include "report/metrics/data.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "report/html/html.h"

/* ---- reading ---- */

/* The id of a run of a test ends with a seed. */
static bool has_seed(const char *id)
{
	const char *dot = strrchr(id, '.');
	const char *seed = dot ? dot + 1 : id;

	return *seed && !seed[strspn(seed, "0123456789")];
}

static void read_meta(struct metrics *m, struct hjson_node *meta, struct metrics_job *j)
{
	struct json_in *in = &m->in;
	const char *variant;

	j->name = json_in_text(in, meta, "name");
	j->target = json_in_text(in, meta, "target");
	j->tool = json_in_text(in, meta, "tool");
	j->status = json_in_text(in, meta, "status");
	j->backend = json_in_text_or_null(in, meta, "backend");
	j->block = json_in_text(in, meta, "block");
	variant = json_in_text_or_null(in, meta, "block_variant");
	if (variant && *variant)
		j->block = arena_printf(m->mem, "%s_%s", j->block, variant);
	if (has_seed(j->id))
		j->test = arena_printf(m->mem, "%s:%s", j->block, j->name);
	j->has_meta = m->has_meta = true;
	m->n_passed += strcmp(j->status, "Passed") == 0;
	m->n_failed += strcmp(j->status, "Failed") == 0;
	m->n_killed += strcmp(j->status, "Killed") == 0;
}

static void metrics_read_job(struct metrics *m, struct hjson_node *member)
{
	struct metrics_job *j = &m->jobs[m->n_jobs];
	struct hjson_node *timing, *meta, *compute;
	struct maybe_number start, end;

	if (member->type != HJSON_OBJECT) {
		json_in_fault(&m->in, member, "a job must be an object");
		return;
	}
	*j = (struct metrics_job){
		.id = hjson_key_cstr(m->in.doc, member),
		.target = "all",
		.tool = "Unknown",
		.block = "Unknown",
		.status = "Unknown",
	};
	j->name = j->test = j->id;
	m->n_all++;
	meta = json_in_object_or_null(&m->in, member, "meta");
	if (meta)
		read_meta(m, meta, j);
	compute = json_in_object_or_null(&m->in, member, "compute");
	j->max_rss = json_in_number_or_null(&m->in, compute, "max_rss_bytes");
	j->cpu_percent = json_in_number_or_null(&m->in, compute, "avg_cpu_percent");
	timing = json_in_object_or_null(&m->in, member, "timing");
	start = json_in_number_or_null(&m->in, timing, "start_time");
	end = json_in_number_or_null(&m->in, timing, "end_time");
	if (!start.known || !end.known)
		return; /* it never ran, or its times were not measured */
	j->start_s = start.value;
	j->end_s = fmax(start.value, end.value);
	m->n_jobs++;
}

/* Sets the duration: from the start of the run or of the first job to the end of the run or of the
 * last job. Makes all times relative to that start. */
static void set_run_times(struct metrics *m, const struct hjson_node *timing)
{
	struct maybe_number start = json_in_number_or_null(&m->in, timing, "start_time");
	struct maybe_number end = json_in_number_or_null(&m->in, timing, "end_time");
	double first = INFINITY, last = -INFINITY;

	for (size_t i = 0; i < m->n_jobs; i++) {
		first = fmin(first, m->jobs[i].start_s);
		last = fmax(last, m->jobs[i].end_s);
	}
	if (start.known && end.known) {
		first = fmin(first, start.value);
		last = fmax(last, end.value);
	}
	if (!(last >= first))
		return;
	m->duration_s = last - first;
	for (size_t i = 0; i < m->n_jobs; i++) {
		m->jobs[i].start_s -= first;
		m->jobs[i].end_s -= first;
	}
}

static void metrics_read_all(struct metrics *m)
{
	struct hjson_node *scheduler = json_in_object(&m->in, m->in.root, "scheduler");
	struct hjson_node *jobs = json_in_object(&m->in, m->in.root, "jobs"), *e;
	struct hjson_node *compute = json_in_object_or_null(&m->in, scheduler, "compute");

	if (json_in_is_bad(&m->in))
		return;
	m->jobs = arena_array(m->mem, (size_t)jobs->n + 1, sizeof(*m->jobs));
	json_in_each(e, jobs) metrics_read_job(m, e);
	m->own_rss = json_in_number_or_null(&m->in, compute, "scheduler_max_rss_bytes");
	m->own_cpu = json_in_number_or_null(&m->in, compute, "scheduler_cpu_time");
	m->used_rss = json_in_number_or_null(&m->in, compute, "sys_max_rss_bytes");
	m->used_cpu = json_in_number_or_null(&m->in, compute, "sys_cpu_percent");
	set_run_times(m, json_in_object_or_null(&m->in, scheduler, "timing"));
}

struct metrics *metrics_read(const char *path, struct error *err)
{
	struct arena *mem = arena_new();
	struct metrics *m = arena_zalloc(mem, sizeof(*m));

	m->mem = mem;
	if (json_in_open(&m->in, path, err) == 0)
		metrics_read_all(m);
	if (!json_in_is_bad(&m->in))
		return m;
	metrics_free(m);
	return NULL;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	json_in_close(&m->in);
	arena_free(m->mem);
}

/* ---- groups ---- */

const char *metrics_block(const struct metrics_job *j)
{
	return j->block;
}

const char *metrics_tool(const struct metrics_job *j)
{
	return j->tool;
}

const char *metrics_status(const struct metrics_job *j)
{
	return j->status;
}

const char *metrics_target(const struct metrics_job *j)
{
	return j->target;
}

static int metrics_by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

struct metrics_groups metrics_group(const struct metrics *m, metrics_key *key)
{
	struct metrics_groups g = {.of = xcalloc(m->n_jobs + 1, sizeof(*g.of))};
	struct map map = {0};
	const struct map_entry *e;
	size_t at = 0;

	for (size_t i = 0; i < m->n_jobs; i++)
		map_set(&map, key(&m->jobs[i]), &g);
	g.names = xcalloc(map.n + 1, sizeof(*g.names));
	while ((e = map_next(&map, &at)))
		g.names[g.n++] = e->key;
	qsort(g.names, g.n, sizeof(*g.names), metrics_by_name);
	for (size_t i = 0; i < g.n; i++)
		map_set(&map, g.names[i], &g.names[i]);
	for (size_t i = 0; i < m->n_jobs; i++)
		g.of[i] = (size_t)((const char **)map_get(&map, key(&m->jobs[i])) - g.names);
	map_done(&map);
	return g;
}

void metrics_groups_done(struct metrics_groups *g)
{
	free(g->names);
	free(g->of);
	*g = (struct metrics_groups){0};
}

/* ---- pieces ---- */

/* 8137.21 as 8,137.21 */
static void add_grouped(struct str *out, double x)
{
	char text[64];
	size_t n;

	snprintf(text, sizeof(text), "%.2f", x);
	n = strcspn(text, ".");
	for (size_t i = 0; text[i]; i++) {
		if (i > 0 && i < n && (n - i) % 3 == 0 && isdigit((unsigned char)text[i - 1]))
			str_addc(out, ',');
		str_addc(out, text[i]);
	}
}

void metrics_add_time(struct str *out, double s)
{
	if (s < 60) {
		add_grouped(out, s);
		str_add(out, " s");
		return;
	}
	duration_add(out, s);
	str_add(out, " (");
	add_grouped(out, s);
	str_add(out, " s)");
}

static void metrics_add_line(struct str *out, const char *name, const char *value)
{
	str_printf(out, "\n%s: ", name);
	html_text(out, value);
}

void metrics_add_hover(struct str *out, const struct metrics_job *j)
{
	html_text(out, j->id);
	str_add(out, "\nDuration: ");
	metrics_add_time(out, metrics_duration(j));
	str_add(out, "\nFrom ");
	metrics_add_time(out, j->start_s);
	str_add(out, " to ");
	metrics_add_time(out, j->end_s);
	if (j->max_rss.known)
		str_printf(out, "\nMemory: %.1f MiB", j->max_rss.value / (1 << 20));
	if (j->cpu_percent.known)
		str_printf(out, "\nCPU: %.0f %%", j->cpu_percent.value);
	if (!j->has_meta)
		return;
	metrics_add_line(out, "Name", j->name);
	metrics_add_line(out, "Tool", j->tool);
	metrics_add_line(out, "Block", j->block);
	metrics_add_line(out, "Target", j->target);
	metrics_add_line(out, "Status", j->status);
	if (j->backend)
		metrics_add_line(out, "Backend", j->backend);
}

enum { COLORS = 10 };

void metrics_add_color(struct str *out, size_t group)
{
	str_printf(out, "var(--c%zu)", group % COLORS);
}

void metrics_add_legend(struct str *out, const struct metrics_groups *g)
{
	str_add(out, "<p class=\"legend\">");
	for (size_t i = 0; i < g->n; i++) {
		str_add(out, "<span><i style=\"background:");
		metrics_add_color(out, i);
		str_add(out, "\"></i>");
		html_text(out, g->names[i]);
		str_add(out, "</span>\n");
	}
	str_add(out, "</p>\n");
}
