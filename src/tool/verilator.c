/* SPDX-License-Identifier: Apache-2.0 */
/* Verilator: logs of builds and of runs have different last lines. */
#include <string.h>

#include "tool/groups.h"
#include "tool/regex.h"

static const struct time_line run_time[] = {
	{"^- Verilator: Walltime\\s+(\\d+\\.?\\d*)\\s*s\\b", TIME_SECONDS},
	{"^- Verilator: \\$(?:finish|stop) at \\d+\\.?\\d*[munpf]?s; walltime (\\d+\\.?\\d*) s\\b",
	 TIME_SECONDS},
	{0},
};

static const struct time_line sim_time[] = {
	{"^- Verilator: \\$(?:finish|stop) at (\\d+\\.?\\d*)([munpf]?s); walltime\\b",
	 TIME_WITH_UNIT},
	{"^(?i)Time:\\s*(\\d+\\.?\\d*)\\s*([munpf]?s)\\b", TIME_WITH_UNIT},
	{0},
};

static const char row_regex[] = "^\\s*(line|toggle|branch|expr|fsm_state|fsm_arc|user)\\s*:\\s*"
				"\\d+(?:\\.\\d+)?%\\s*\\(\\s*(\\d+)\\s*/\\s*(\\d+)\\s*\\)\\s*$";

/* The counts of a kind; of a kind that occurs twice, the last counts. */
struct kind {
	struct span name;
	double covered, total;
};

struct kinds {
	struct kind at[8];
	size_t n;
};

static void verilator_take_row(struct kinds *k, const struct regex *r)
{
	struct kind row = {.name = regex_group(r, 1)};
	size_t i = 0;

	span_number(regex_group(r, 2), &row.covered);
	span_number(regex_group(r, 3), &row.total);
	while (i < k->n && (k->at[i].name.n != row.name.n ||
			    memcmp(k->at[i].name.s, row.name.s, row.name.n) != 0))
		i++;
	k->at[i] = row;
	k->n += i == k->n;
}

static void verilator_read_rows(struct lines *in, struct kinds *ret)
{
	struct regex *r = regex_new(row_regex);
	bool is_below = false;
	struct span line;

	while (lines_next(in, &line)) {
		if (span_is(span_strip(line), "Coverage Summary:"))
			is_below = true;
		else if (!is_below)
			continue;
		else if (regex_match(r, line))
			verilator_take_row(ret, r);
		else if (ret->n)
			break;
	}
	regex_free(r);
}

static bool verilator_read_coverage(struct lines *in, struct arena *mem, struct tool_coverage *ret)
{
	struct cov_group groups[] = {
		{"Line", {"line"}, 0, 0, false},
		{"Toggle", {"toggle"}, 0, 0, false},
		{"Branch", {"branch"}, 0, 0, false},
		{"Expr", {"expr"}, 0, 0, false},
		{"FSM", {"fsm_state", "fsm_arc"}, 0, 0, false},
		{"User", {"user"}, 0, 0, false},
		{0},
	};
	double covered = 0, total = 0;
	struct kinds kinds = {0};

	verilator_read_rows(in, &kinds);
	for (size_t i = 0; i < kinds.n; i++) {
		struct cov_group *g = group_of(groups, kinds.at[i].name);

		g->is_there = true;
		g->covered += kinds.at[i].covered;
		g->total += kinds.at[i].total;
		covered += kinds.at[i].covered;
		total += kinds.at[i].total;
	}
	groups_show(groups, coverage_percent(mem, covered, total), mem, ret);
	return kinds.n > 0;
}

static const char *const verilator_metric_names[TOOL_METRIC_COUNT] = {
	[TOOL_LINE_STATEMENT] = "line",
	[TOOL_BRANCH] = "branch",
	[TOOL_CONDITION_EXPRESSION] = "expr",
	[TOOL_TOGGLE] = "toggle",
	[TOOL_FSM] = "fsm",
	[TOOL_FUNCTIONAL] = "user",
};

const struct tool tool_verilator = {
	.name = "verilator",
	.run_time = run_time,
	.sim_time = sim_time,
	.read_coverage = verilator_read_coverage,
	.metric_names = verilator_metric_names,
	.version_command = "verilator --version",
	.version_regex = "^Verilator\\s+v?(\\S.*?)\\s*$",
};
