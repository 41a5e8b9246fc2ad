/* SPDX-License-Identifier: Apache-2.0 */
/* The page: a tab for each view with data. Tabs are radio buttons, so no script is needed. */
#include <stdlib.h>

#include "report/html/html.h"
#include "report/metrics/data.h"

static const char style[] =
	":root{--c0:#3b6fb6;--c1:#d9822b;--c2:#3f9b6c;--c3:#b5485a;--c4:#7a5ca8;--c5:#8c6d46;"
	"--c6:#cf6aa5;--c7:#6b7a89;--c8:#a8a12f;--c9:#2f9fb0;--killed:#3a5f95}"
	"input[type=radio]{position:absolute;opacity:0}"
	"label{display:inline-block;padding:.3em .8em;margin:0 .2em .3em 0;border-radius:4px;"
	"cursor:pointer;border:1px solid var(--line)}"
	"input:checked+label{background:#3b6fb6;color:#fff;border-color:#3b6fb6}"
	"input:focus-visible+label{outline:2px solid currentColor}"
	".tabs>section,.choice>div{display:none}.choice label{font-size:13px;padding:.1em .6em}"
	"ol.bars{list-style:none;padding:0;margin:.5em 0}"
	"ol.bars li{display:grid;grid-template-columns:3.5em minmax(8em,22em) 1fr 9em;gap:.6em;"
	"align-items:center;line-height:1.35}"
	"ol.sums li{grid-template-columns:0 minmax(6em,14em) 1fr 15em}"
	"ol.bars li:hover{background:#8882}"
	"ol.bars b{font-weight:400;opacity:.6;text-align:right;font-variant-numeric:tabular-nums}"
	"ol.bars span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:13px}"
	"ol.bars u{display:flex;text-decoration:none;height:13px;background:#8881}"
	"ol.bars u i{display:block;min-width:1px;box-sizing:border-box;border-right:1px solid "
	"#fff8}"
	"ol.bars em{font-style:normal;font-size:13px;font-variant-numeric:tabular-nums;"
	"white-space:nowrap}"
	".split{display:flex;flex-wrap:wrap;gap:2em;align-items:center}"
	".split ol{flex:1 1 34em}.ring{width:17em;flex:none}"
	"svg.time{width:100%;height:auto;font:11px system-ui,sans-serif}"
	"svg text{fill:currentColor;text-anchor:middle}svg text.y{text-anchor:end}"
	"svg .grid{stroke:#8884;stroke-width:.6}svg rect:hover,svg circle:hover{opacity:.7}"
	".legend span{margin-right:1.2em;white-space:nowrap}"
	".legend i{display:inline-block;width:.8em;height:.8em;margin-right:.4em;border-radius:2px}"
	"@media print{.tabs>section{display:block}}";

/* Limit of a view, by profile; 0: no limit. */
struct limit {
	size_t of[3];
};

static const struct limit bars_250 = {{250, 1000, 0}}, bars_75 = {{75, 300, 0}},
			  bars_50 = {{50, 200, 0}}, bars_20 = {{20, 100, 0}},
			  parts_by_tool = {{6, 21, 0}}, parts_by_block = {{6, 26, 0}},
			  drawn = {{1000, 10000, 0}};

static void add_status(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	const struct metrics_longest view = {
		.key = metrics_status, .is_by_status = true, .n_bars = bars_250.of[p], .name = "s"};

	metrics_add_longest(m, &view, out);
}

static void add_block_jobs(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	const struct metrics_longest view = {
		.key = metrics_block, .n_bars = bars_50.of[p], .name = "b"};

	metrics_add_longest(m, &view, out);
}

static void add_block_tests(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	const struct metrics_longest view = {.key = metrics_block,
					     .is_by_test = true,
					     .n_bars = bars_20.of[p],
					     .n_parts = parts_by_block.of[p],
					     .name = "bt"};

	metrics_add_longest(m, &view, out);
}

static void add_tool_jobs(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	const struct metrics_longest view = {
		.key = metrics_tool, .n_bars = bars_250.of[p], .name = "t"};

	metrics_add_longest(m, &view, out);
}

static void add_tool_tests(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	const struct metrics_longest view = {.key = metrics_tool,
					     .is_by_test = true,
					     .n_bars = bars_75.of[p],
					     .n_parts = parts_by_tool.of[p],
					     .name = "tt"};

	metrics_add_longest(m, &view, out);
}

static void add_block_sums(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	(void)p;
	metrics_add_breakdown(m, metrics_block, "block", out);
}

static void add_tool_sums(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	(void)p;
	metrics_add_breakdown(m, metrics_tool, "tool", out);
}

static void add_concurrency(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	(void)p;
	metrics_add_concurrency(m, out);
}

static void add_timeline(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	metrics_add_timeline(m, drawn.of[p], out);
}

static void add_parallelism(const struct metrics *m, enum metrics_profile p, struct str *out)
{
	metrics_add_parallelism(m, drawn.of[p], out);
}

static const struct {
	const char *title;
	bool needs_meta;
	void (*add)(const struct metrics *m, enum metrics_profile p, struct str *out);
} views[] = {
	{"Longest jobs", false, add_status},
	{"Longest jobs by block", true, add_block_jobs},
	{"Longest tests by block", true, add_block_tests},
	{"Run time by block", true, add_block_sums},
	{"Longest jobs by tool", true, add_tool_jobs},
	{"Longest tests by tool", true, add_tool_tests},
	{"Run time by tool", true, add_tool_sums},
	{"Tool concurrency", true, add_concurrency},
	{"Timeline", false, add_timeline},
	{"Parallelism", false, add_parallelism},
};

static void metrics_html_add_facts(const struct metrics *m, const char *json, struct str *out)
{
	str_printf(out, "<dl>\n<dt>Jobs</dt><dd>%zu", m->n_all);
	if (m->has_meta)
		str_printf(out, ": %zu passed, %zu failed, %zu killed", m->n_passed, m->n_failed,
			   m->n_killed);
	str_add(out, "</dd>\n<dt>Wall-clock time</dt><dd>");
	metrics_add_time(out, m->duration_s);
	str_add(out, "</dd>\n");
	if (m->own_rss.known && m->own_cpu.known)
		str_printf(out,
			   "<dt>The scheduler itself</dt><dd>%.1f MiB, %.2f s of CPU time</dd>\n",
			   m->own_rss.value / (1 << 20), m->own_cpu.value);
	if (m->used_rss.known && m->used_cpu.known)
		str_printf(
			out,
			"<dt>The machine</dt><dd>at most %.1f GiB used, CPUs %.1f %% busy</dd>\n",
			m->used_rss.value / (1 << 30), m->used_cpu.value);
	if (json) {
		str_add(out, "<dt>Numbers</dt><dd>");
		html_link(out, json, json);
		str_add(out, "</dd>\n");
	}
	str_add(out, "</dl>\n");
}

/* All buttons come before all sections, because CSS can only show later siblings of the checked
 * button. */
static void add_tabs(const struct str *const *texts, struct str *out)
{
	bool is_first = true;

	str_add(out, "<div class=\"tabs\">\n");
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		if (texts[i]->len == 0)
			continue;
		str_printf(out,
			   "<input type=\"radio\" name=\"view\" id=\"v%zu\"%s>"
			   "<label for=\"v%zu\">%s</label>\n",
			   i, is_first ? " checked" : "", i, views[i].title);
		is_first = false;
	}
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		if (texts[i]->len == 0)
			continue;
		str_printf(out,
			   "<style>#v%zu:checked~.v%zu{display:block}</style>\n"
			   "<section class=\"v%zu\">\n<h2>%s</h2>\n",
			   i, i, i, views[i].title);
		str_addn(out, texts[i]->s, texts[i]->len);
		str_add(out, "</section>\n");
	}
	str_add(out, "</div>\n");
	if (is_first)
		str_add(out, "<p>No job has a time, so there is nothing to draw.</p>\n");
}

void metrics_html(const struct metrics *m, enum metrics_profile profile, const char *json,
		  struct str *out)
{
	struct str text[ARRAY_LEN(views)] = {{0}};
	const struct str *texts[ARRAY_LEN(views)];

	html_begin_with(out, "Run metrics", style);
	metrics_html_add_facts(m, json, out);
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		texts[i] = &text[i];
		if (m->has_meta || !views[i].needs_meta)
			views[i].add(m, profile, &text[i]);
	}
	add_tabs(texts, out);
	html_end(out);
	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		str_done(&text[i]);
}
