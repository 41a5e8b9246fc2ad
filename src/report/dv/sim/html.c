/* SPDX-License-Identifier: Apache-2.0 */
/* <block>.html and index.html: pages of the JSON beside them. */
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "report/dv/sim/results.h"
#include "report/html/html.h"

static void add_title(const struct sim_block *block, struct str *title)
{
	sim_block_add_name(block, "/", title);
	for (size_t i = 0; i < title->len; i++)
		title->s[i] = ascii_upper(title->s[i]);
	str_add(title, " Simulation Results");
}

static void add_linked_fact(struct str *out, const char *name, const char *to, const char *text)
{
	if (!to || !*to)
		return;
	html_line(out, "dt", name);
	str_add(out, "<dd>");
	html_link(out, to, text);
	str_add(out, "</dd>\n");
}

static void add_facts(struct str *out, const struct sim_block *block, time_t when,
		      const char *build_seed)
{
	_cleanup_(str_done) struct str text = {0};

	sim_add_time(when, "%Y-%m-%d %H:%M:%S UTC", &text);
	html_fact(out, "Time", text.s);
	str_clear(&text);
	str_printf(&text, "%s%s", block->commit_short ? block->commit_short : "",
		   block->dirty ? " (dirty)" : "");
	if (block->url)
		add_linked_fact(out, "Revision", block->url, text.s);
	else
		html_fact(out, "Revision", text.s);
	html_fact(out, "Branch", block->branch);
	html_fact(out, "Build seed", build_seed);
}

static void add_count(struct str *out, struct sim_count count)
{
	str_printf(out, "<td class=\"n\">%u</td><td class=\"n\">%u</td>", count.passed,
		   count.total);
	html_percent(out, count.total > 0, sim_percent(count));
}

static void html_add_cell(struct str *out, const char *text)
{
	str_add(out, "<td>");
	html_text(out, text);
	str_add(out, "</td>");
}

static void html_add_number(struct str *out, struct maybe_number number, const char *unit)
{
	if (number.known)
		str_printf(out, "<td class=\"n\">%.3f%s</td>", number.value, unit);
	else
		str_add(out, "<td></td>");
}

static void add_sum(struct str *out, const char *stage, struct sim_count count)
{
	str_add(out, "<tr class=\"sum\">");
	html_add_cell(out, stage);
	str_add(out, "<td></td><td>Total</td><td></td><td></td>");
	add_count(out, count);
	str_add(out, "</tr>\n");
}

static void html_add_stage(struct str *out, const struct sim_stage *stage)
{
	for (size_t p = 0; p < stage->n_testpoints; p++)
		for (size_t t = 0; t < stage->testpoints[p].n_tests; t++) {
			const struct sim_test *test = &stage->testpoints[p].tests[t];

			str_add(out, "<tr>");
			html_add_cell(out, stage->name);
			html_add_cell(out, stage->testpoints[p].name);
			html_add_cell(out, test->name);
			html_add_number(out, test->max_time_s, " s");
			html_add_number(out, test->sim_time_us, " us");
			add_count(out, test->count);
			str_add(out, "</tr>\n");
		}
	add_sum(out, stage->name, sim_stage_count(stage));
}

static void html_add_results(struct str *out, const struct sim_block_results *results)
{
	html_line(out, "h2", "Tests");
	if (results->n_stages == 0) {
		html_line(out, "p", "No results to display.");
		return;
	}
	str_add(out,
		"<table>\n<tr><th>Stage</th><th>Name</th><th>Test</th><th>Max run time</th>"
		"<th>Simulated time</th><th>Passing</th><th>Total</th><th>Pass rate</th></tr>\n");
	for (size_t i = 0; i < results->n_stages; i++)
		html_add_stage(out, &results->stages[i]);
	add_sum(out, "", sim_results_count(results));
	str_add(out, "</table>\n");
}

static void html_add_metric_name(struct str *out, const char *name)
{
	str_add(out, "<th>");
	for (; *name; name++)
		str_addc(out, *name == '_' ? '/' : *name);
	str_add(out, "</th>");
}

static void html_add_coverage(struct str *out, const struct sim_block_results *results)
{
	const struct sim_coverage *c = results->coverage;
	struct maybe_number total = {0};

	if (c)
		total = sim_coverage_average(c);
	if (!total.known && !results->cov_report_page && !results->vplan_report_page)
		return;
	html_line(out, "h2", "Coverage");
	if (results->cov_report_page) {
		str_add(out, "<p>");
		html_link(out, results->cov_report_page, "The tool's own report");
		str_add(out, "</p>\n");
	}
	if (results->vplan_report_page) {
		str_add(out, "<p>");
		html_link(out, results->vplan_report_page, "The annotated plan");
		if (results->vplan_coverage.known)
			str_printf(out, ": %.2f %%", results->vplan_coverage.value);
		str_add(out, "</p>\n");
	}
	if (!total.known)
		return;
	str_add(out, "<table>\n<tr><th>total</th>");
	for (int i = 0; i < TOOL_METRIC_COUNT; i++)
		if (c->metric[i].known)
			html_add_metric_name(out, tool_metric_names[i]);
	str_add(out, "</tr>\n<tr>");
	html_percent(out, true, total.value);
	for (int i = 0; i < TOOL_METRIC_COUNT; i++)
		if (c->metric[i].known)
			html_percent(out, true, c->metric[i].value);
	str_add(out, "</tr>\n</table>\n");
}

enum { FAILURES_SHOWN = 100 }; /* of one bucket; only the JSON has all */

static void add_failure(struct str *out, const struct sim_failure *f)
{
	str_add(out, "<details><summary>");
	html_text(out, f->qual_name);
	str_add(out, "</summary>\n<p>");
	if (f->line)
		str_printf(out, "Line %u of ", f->line);
	html_link(out, f->log_path, f->log_path ? f->log_path : "no log");
	str_add(out, "</p>\n");
	if (f->n_log_context) {
		str_add(out, "<pre>");
		for (size_t i = 0; i < f->n_log_context; i++)
			html_text(out, f->log_context[i]);
		str_add(out, "</pre>\n");
	}
	str_add(out, "</details>\n");
}

static void add_failures(struct str *out, const struct sim_block_results *results)
{
	_cleanup_(freep) size_t *order = sim_buckets_by_size(results);

	if (results->n_buckets == 0)
		return;
	html_line(out, "h2", "Failure buckets");
	for (size_t i = 0; i < results->n_buckets; i++) {
		const struct sim_bucket *b = &results->buckets[order[i]];

		str_add(out, "<h3><code>");
		html_text(out, b->message);
		str_printf(out, "</code>: %zu</h3>\n", b->n_failures);
		for (size_t k = 0; k < b->n_failures && k < FAILURES_SHOWN; k++)
			add_failure(out, &b->failures[k]);
		if (b->n_failures > FAILURES_SHOWN)
			str_printf(out, "<p>… and %zu more</p>\n", b->n_failures - FAILURES_SHOWN);
	}
}

void sim_html_block(const struct sim_block_results *results, struct str *out)
{
	_cleanup_(str_done) struct str title = {0}, tool = {0};

	add_title(&results->block, &title);
	html_begin(out, title.s);
	str_add(out, "<p><a href=\"index.html\">All blocks</a></p>\n<dl>\n");
	add_facts(out, &results->block, results->timestamp, results->build_seed);
	str_printf(&tool, "%s %s", results->tool,
		   results->tool_version ? results->tool_version : "(version unknown)");
	html_fact(out, "Tool", tool.s);
	add_linked_fact(out, "Testplan", results->testplan_ref, results->testplan_ref);
	str_add(out, "</dl>\n");
	html_add_results(out, results);
	html_add_coverage(out, results);
	add_failures(out, results);
	html_end(out);
}

/* Appends the stem of the names of the block's files. */
static void add_stem(const struct sim_block *block, struct str *out)
{
	size_t from = out->len;

	sim_block_add_name(block, "_", out);
	for (size_t i = from; i < out->len; i++)
		out->s[i] = out->s[i] == '/' ? '_' : ascii_lower(out->s[i]);
}

static void add_row(struct str *out, const struct sim_block_results *b)
{
	_cleanup_(str_done) struct str name = {0}, page = {0};
	struct maybe_number coverage = {0};

	if (b->coverage)
		coverage = sim_coverage_average(b->coverage);
	sim_block_add_name(&b->block, "/", &name);
	str_add(&page, "./"); /* so that a colon in a name starts no scheme */
	add_stem(&b->block, &page);
	str_add(&page, ".html");
	str_add(out, "<tr><td>");
	html_link(out, page.s, name.s);
	str_add(out, "</td>");
	add_count(out, sim_results_count(b));
	html_percent(out, coverage.known, coverage.value);
	str_add(out, "</tr>\n");
}

void sim_html_summary(const struct sim_summary *summary, bool has_metrics, struct str *out)
{
	const struct sim_block *head = summary->top ? summary->top : &summary->blocks[0]->block;
	_cleanup_(str_done) struct str title = {0};

	add_title(head, &title);
	html_begin(out, title.s);
	str_add(out, "<dl>\n");
	add_facts(out, head, summary->timestamp, summary->build_seed);
	if (has_metrics)
		add_linked_fact(out, "Scheduling", "metrics.html", "metrics of this run");
	str_add(out, "</dl>\n<table>\n<tr><th>Block</th><th>Passing</th><th>Total</th>"
		     "<th>Pass rate</th><th>Coverage</th></tr>\n");
	for (size_t i = 0; i < summary->n_blocks; i++)
		add_row(out, summary->blocks[i]);
	str_add(out, "</table>\n");
	html_end(out);
}
