/* SPDX-License-Identifier: Apache-2.0 */
/* Synopsys Z01X: VCS with fault simulations, which end in a table of their own. */
#include <string.h>

#include "base/str.h"
#include "tool/tool_row.h"
#include "tool/units.h"

enum { RUN_TIME_COLUMN = 2, SIM_TIME_COLUMN = 3, COLUMNS_LEAST = 4 };

/* The number in column n of a row; false: it is no number. */
static bool z01x_column(const struct str *row, unsigned n, double *ret)
{
	struct span rest = {row->s, row->len};
	const char *bar;

	while (n-- && (bar = memchr(rest.s, '|', rest.n)) != NULL)
		rest = (struct span){bar + 1, rest.n - (size_t)(bar + 1 - rest.s)};
	bar = memchr(rest.s, '|', rest.n);
	if (bar)
		rest.n = (size_t)(bar - rest.s);
	return span_number(rest, ret);
}

static unsigned count_columns(const struct str *row)
{
	unsigned n = 1;

	for (size_t i = 0; i < row->len; i++)
		n += row->s[i] == '|';
	return n;
}

static bool take_seconds(const struct str *row, unsigned n, enum time_unit to, double *ret)
{
	if (!z01x_column(row, n, ret))
		return false;
	*ret = unit_convert(*ret, UNIT_S, to);
	return true;
}

/* The last row of the table has the totals. */
static void z01x_read_run(struct log_tail *tail, struct tool_times *ret)
{
	_cleanup_(str_done) struct str row = {0};
	bool has_table = false;
	struct span line;

	while (!has_table && log_tail_line(tail, &line)) {
		has_table = span_is(span_strip(line), "Execution Summary");
		if (row.len == 0 && span_has(line, "|"))
			str_addn(&row, line.s, line.n);
	}
	if (!has_table || count_columns(&row) < COLUMNS_LEAST)
		return;
	ret->has_run_time = take_seconds(&row, RUN_TIME_COLUMN, UNIT_S, &ret->run_time_s);
	ret->has_sim_time = take_seconds(&row, SIM_TIME_COLUMN, UNIT_US, &ret->sim_time_us);
}

const struct tool tool_z01x = {
	.name = "z01x",
	.run_time = vcs_run_time,
	.read_run = z01x_read_run,
	.read_coverage = vcs_read_coverage,
	.metric_names = vcs_metric_names,
	.version_command = VCS_VERSION_COMMAND,
	.version_regex = VCS_VERSION_REGEX,
};
