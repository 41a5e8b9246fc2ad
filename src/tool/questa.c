/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Siemens Questa, for which DVSim has no plug-in: the last lines of vsim and qrun, and the output
 * of `vcover report`, with `-summary` (the totals of all instances) or without (instance by
 * instance). A transcript has "# " before each line.
 */
#include "tool/groups.h"
#include "tool/regex.h"

static const struct time_line run_time[] = {
	{"^(?:# ?)?End time: .*, Elapsed time: (\\d+):(\\d+):(\\d+)\\s*$", TIME_CLOCK},
	{0},
};

static const struct time_line sim_time[] = {
	{"^#?\\s*Time: (\\d+\\.?\\d*) (sec|(?i:[fpnum]?s))\\s+Iteration:", TIME_WITH_UNIT},
	{0},
};

static const char row_regex[] =
	"^#?\\s*(Assertions|Branches|Conditions|Covergroups|Expressions|FSM States|"
	"FSM Transitions|Statements|Toggles)\\s+(\\d+)\\s+(\\d+|na)\\s.*?(\\d+(?:\\.\\d+)?)%\\s*$";
static const char total_regex[] =
	"^#?\\s*Total [Cc]overage(?: By Instance)?[^:]*:\\s*(\\d+(?:\\.\\d+)?)%";

struct summary {
	struct regex *row, *total;
	struct cov_group *groups;
	const char *score;
};

/* Covergroups have a percentage instead of hits; its weight is their number. */
static void questa_take_row(struct summary *s)
{
	struct cov_group *g = group_of(s->groups, regex_group(s->row, 1));
	double bins = 0, hits = 0, percent = 0;

	span_number(regex_group(s->row, 2), &bins);
	span_number(regex_group(s->row, 4), &percent);
	if (!span_number(regex_group(s->row, 3), &hits))
		hits = bins * percent / 100;
	g->is_there = true;
	g->covered += hits;
	g->total += bins;
}

static void questa_take_line(struct summary *s, struct span line, struct arena *mem)
{
	if (regex_match(s->row, line)) {
		questa_take_row(s);
	} else if (regex_match(s->total, line)) {
		struct span percent = regex_group(s->total, 1);

		s->score = arena_printf(mem, "%.*s %%", (int)percent.n, percent.s);
	}
}

static bool has_any(const struct cov_group *groups)
{
	for (; groups->heading; groups++)
		if (groups->is_there)
			return true;
	return false;
}

static bool questa_read_coverage(struct lines *in, struct arena *mem, struct tool_coverage *ret)
{
	struct cov_group groups[] = {
		{"Statement", {"Statements"}, 0, 0, false},
		{"Branch", {"Branches"}, 0, 0, false},
		{"Condition", {"Conditions", "Expressions"}, 0, 0, false},
		{"Toggle", {"Toggles"}, 0, 0, false},
		{"FSM", {"FSM States", "FSM Transitions"}, 0, 0, false},
		{"Assertion", {"Assertions"}, 0, 0, false},
		{"Covergroup", {"Covergroups"}, 0, 0, false},
		{0},
	};
	struct summary s = {regex_new(row_regex), regex_new(total_regex), groups, NULL};
	struct span line;

	while (lines_next(in, &line))
		questa_take_line(&s, line, mem);
	regex_free(s.row);
	regex_free(s.total);
	groups_show(groups, s.score ? s.score : "-- %", mem, ret);
	return s.score || has_any(groups);
}

static const char *const questa_metric_names[TOOL_METRIC_COUNT] = {
	[TOOL_LINE_STATEMENT] = "statement",
	[TOOL_BRANCH] = "branch",
	[TOOL_CONDITION_EXPRESSION] = "condition",
	[TOOL_TOGGLE] = "toggle",
	[TOOL_FSM] = "fsm",
	[TOOL_ASSERTION] = "assertion",
	[TOOL_FUNCTIONAL] = "covergroup",
};

const struct tool tool_questa = {
	.name = "questa",
	.run_time = run_time,
	.sim_time = sim_time,
	.read_coverage = questa_read_coverage,
	.metric_names = questa_metric_names,
	.version_command = "vsim -version",
	.version_regex = "^(?:Questa|QuestaSim|Model).*\\svsim\\s+(\\S+)",
};
