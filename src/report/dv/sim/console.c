/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "report/dv/sim/results.h"
#include "report/md_table.h"

static void add_rate(struct md_table *table, struct sim_count count)
{
	str_printf(md_cell(table), "%u", count.passed);
	str_printf(md_cell(table), "%u", count.total);
	if (count.total)
		str_printf(md_cell(table), "%.2f %%", sim_percent(count));
	else
		md_text(table, "-- %");
}

/* "line_statement" as "LINE/STATEMENT". */
static void console_add_metric_name(struct str *out, const char *name)
{
	str_add_upper(out, name);
	for (size_t i = 0; i < out->len; i++)
		if (out->s[i] == '_')
			out->s[i] = '/';
}

static void add_heading(const struct sim_block *block, time_t when, const char *seed,
			const char *title, struct str *out)
{
	_cleanup_(str_done) struct str name = {0};
	bool told = block->revision_info && *block->revision_info;

	sim_block_add_name(block, "/", &name);
	str_add(out, "## ");
	str_add_upper(out, name.s);
	str_printf(out, " %s\n### ", title);
	sim_add_time(when, "%A %B %d %Y %H:%M:%S UTC", out);
	if (told)
		str_printf(out, "\n### %s", block->revision_info);
	else if (block->url && *block->url)
		str_printf(out, "\n### Github Revision: [`%s`](%s)", block->commit_short,
			   block->url);
	else
		str_printf(out, "\n### Revision: `%s`", block->commit_short);
	if (block->dirty && !(told && strstr(block->revision_info, "(dirty)")))
		str_add(out, " (dirty)");
	str_printf(out, "\n### Branch: %s", block->branch);
	if (seed)
		str_printf(out, "\n### Build randomization enabled with --build-seed %s", seed);
}

static const char *console_shown(const char *name)
{
	return strcasecmp(name, "n.a.") == 0 || strcasecmp(name, "unmapped") == 0 ? "" : name;
}

static void add_test(struct md_table *table, const struct sim_test *test)
{
	struct str *cell;

	md_text(table, test->name);
	cell = md_cell(table);
	if (test->max_time_s.known)
		str_printf(cell, "%.3fs", test->max_time_s.value);
	cell = md_cell(table);
	if (test->sim_time_us.known)
		str_printf(cell, "%.3fus", test->sim_time_us.value);
	add_rate(table, test->count);
}

static void add_total(struct md_table *table, const char *stage, struct sim_count count)
{
	md_text(table, stage);
	md_text(table, "");
	md_text(table, "**TOTAL**");
	md_text(table, "");
	md_text(table, "");
	add_rate(table, count);
}

static void console_add_results(const struct sim_block_results *results, struct str *out)
{
	static const char *const heads[] = {"Stage",	      "Name",	 "Tests", "Max Job Runtime",
					    "Simulated Time", "Passing", "Total", "Pass Rate"};
	struct md_table table = {.n_columns = 8, .left = 1u << 2};

	for (size_t i = 0; i < 8; i++)
		md_text(&table, heads[i]);
	for (size_t s = 0; s < results->n_stages; s++) {
		const struct sim_stage *stage = &results->stages[s];

		for (size_t p = 0; p < stage->n_testpoints; p++)
			for (size_t t = 0; t < stage->testpoints[p].n_tests; t++) {
				md_text(&table, console_shown(stage->name));
				md_text(&table, console_shown(stage->testpoints[p].name));
				add_test(&table, &stage->testpoints[p].tests[t]);
			}
		add_total(&table, console_shown(stage->name), sim_stage_count(stage));
	}
	add_total(&table, "", sim_results_count(results));
	str_add(out, "### Test Results\n\n");
	md_table_done(&table, out);
}

/* Appends the links to dashboards, and the known metrics. */
static void console_add_coverage(const struct sim_block_results *results, struct str *out)
{
	struct md_table table = {0};
	struct maybe_number total;

	if (!results->coverage)
		return;
	total = sim_coverage_average(results->coverage);
	for (size_t i = 0; i < TOOL_METRIC_COUNT; i++)
		table.n_columns += results->coverage->metric[i].known;
	if (table.n_columns == 0 && !results->cov_report_page && !results->vplan_report_page)
		return;
	str_add(out, "\n\n## Coverage Results");
	if (results->vplan_report_page)
		str_printf(out, "\n### [vPlan Dashboard](%s)", results->vplan_report_page);
	if (results->vplan_report_page && results->vplan_coverage.known)
		str_printf(out, "\n\nVerification Plan Coverage: %.2f %%\n",
			   results->vplan_coverage.value);
	if (results->cov_report_page)
		str_printf(out, "\n### [Coverage Dashboard](%s)", results->cov_report_page);
	if (table.n_columns == 0)
		return;
	table.n_columns += total.known;
	if (total.known)
		md_text(&table, "TOTAL");
	for (size_t i = 0; i < TOOL_METRIC_COUNT; i++)
		if (results->coverage->metric[i].known)
			console_add_metric_name(md_cell(&table), tool_metric_names[i]);
	if (total.known)
		str_printf(md_cell(&table), "%.2f %%", total.value);
	for (size_t i = 0; i < TOOL_METRIC_COUNT; i++)
		if (results->coverage->metric[i].known)
			str_printf(md_cell(&table), "%.2f %%", results->coverage->metric[i].value);
	str_add(out, "\n\n");
	md_table_done(&table, out);
}

void sim_console_block(const struct sim_block_results *results, struct str *out)
{
	add_heading(&results->block, results->timestamp, results->build_seed, "Simulation Results",
		    out);
	if (results->n_stages > 0 && results->testplan_ref && *results->testplan_ref)
		str_printf(out, "\n### [Testplan](%s)", results->testplan_ref);
	str_add(out, "\n### Simulator: ");
	str_add_upper(out, results->tool);
	str_add(out, "\n\n");
	if (sim_results_count(results).total)
		console_add_results(results, out);
	else
		str_add(out, "No results to display.");
	console_add_coverage(results, out);
	if (results->n_buckets) {
		str_add(out, "\n\n");
		sim_console_failures(results, out);
	}
}

static void add_linked_name(const struct sim_block *block, const char *link_base, struct str *cell)
{
	_cleanup_(str_done) struct str name = {0};

	sim_block_add_name(block, "_", &name);
	if (link_base)
		str_addc(cell, '[');
	for (size_t i = 0; i < name.len; i++)
		str_addc(cell, ascii_upper(name.s[i]));
	if (!link_base)
		return;
	for (size_t i = 0; i < name.len; i++)
		if (name.s[i] == '/')
			name.s[i] = '_';
	str_printf(cell, "](%s/%s.html)", link_base, name.s);
}

void sim_console_summary(const struct sim_summary *summary, struct str *out)
{
	static const char *const heads[] = {"Name", "Passing", "Total", "Pass Rate", "Coverage"};
	struct md_table table = {.n_columns = ARRAY_LEN(heads)};

	add_heading(summary->top, summary->timestamp, summary->build_seed,
		    "Simulation Results (Summary)", out);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		md_text(&table, heads[i]);
	for (size_t i = 0; i < summary->n_blocks; i++) {
		const struct sim_block_results *b = summary->blocks[i];
		struct maybe_number coverage = sim_coverage_average(b->coverage);
		struct sim_count count = sim_results_count(b);
		struct str *cell = md_cell(&table);

		add_linked_name(&b->block, summary->link_base, cell);
		str_printf(md_cell(&table), "%u", count.passed);
		str_printf(md_cell(&table), "%u", count.total);
		str_printf(md_cell(&table), "%.2f %%", sim_percent(count));
		cell = md_cell(&table);
		if (coverage.known)
			str_printf(cell, "%.2f %%", coverage.value);
		else
			str_add(cell, "--");
	}
	str_add(out, "\n\n");
	md_table_done(&table, out);
	str_addc(out, '\n');
}
