/* SPDX-License-Identifier: Apache-2.0 */
/* Synopsys VCS, and what Z01X shares with it. */
#include <strings.h>

#include "tool/tool_row.h"

const struct time_line vcs_run_time[] = {
	{"^CPU [tT]ime:\\s*(\\d+\\.?\\d*)\\s*(seconds|minutes|hours)", TIME_WITH_UNIT},
	{0},
};

static const struct time_line sim_time[] = {
	{"^Time:\\s*(\\d+\\.?\\d*)\\s*((?i:[fpnum]?s))\\s*$", TIME_WITH_UNIT},
	{0},
};

static bool is_title(struct span line)
{
	static const char title[] = "total coverage summary";

	return line.n >= sizeof(title) - 1 && strncasecmp(line.s, title, sizeof(title) - 1) == 0;
}

/* Below the title is a line of names and one of values; names without values are left out. */
bool vcs_read_coverage(struct lines *in, struct arena *mem, struct tool_coverage *ret)
{
	struct span line, names, values, name, value;

	do
		if (!lines_next(in, &line))
			return false;
	while (!is_title(line));
	lines_next(in, &names);
	lines_next(in, &values);
	if (span_count_words(values) == 0)
		return false;
	ret->pairs = arena_array(mem, span_count_words(names), sizeof(*ret->pairs));
	while (span_word(&names, &name) && span_word(&values, &value))
		coverage_add(ret, span_text(mem, name),
			     arena_printf(mem, "%.*s %%", (int)value.n, value.s));
	return true;
}

const char *const vcs_metric_names[TOOL_METRIC_COUNT] = {
	[TOOL_LINE_STATEMENT] = "line",
	[TOOL_BRANCH] = "branch",
	[TOOL_CONDITION_EXPRESSION] = "cond",
	[TOOL_TOGGLE] = "toggle",
	[TOOL_FSM] = "fsm",
	[TOOL_ASSERTION] = "assert",
	[TOOL_FUNCTIONAL] = "group",
};

const struct tool tool_vcs = {
	.name = "vcs",
	.run_time = vcs_run_time,
	.sim_time = sim_time,
	.sim_time_stop = "V C S   S i m u l a t i o n   R e p o r t",
	.read_coverage = vcs_read_coverage,
	.metric_names = vcs_metric_names,
	.version_command = VCS_VERSION_COMMAND,
	.version_regex = VCS_VERSION_REGEX,
};
