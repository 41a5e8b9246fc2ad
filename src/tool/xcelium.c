/* SPDX-License-Identifier: Apache-2.0 */
/* Cadence Xcelium, and the summary of its imc. */
#include <string.h>

#include "base/str.h"
#include "tool/tool_row.h"

static const struct time_line run_time[] = {
	{"^TOOL:\\s*xrun.*: Exiting on .*\\(total:\\s*(\\d+):(\\d+):(\\d+)\\)\\s*$", TIME_CLOCK},
	{0},
};

static const struct time_line sim_time[] = {
	{"^Simulation complete .* at time (\\d+\\.?\\d*)\\s*((?i:[fpnum]?s))", TIME_WITH_UNIT},
	{0},
};

/* Columns with the same name are one item. Item 0 is the score, the sum of all items. */
struct table {
	const char **items;
	double *covered, *total;
	size_t *item_of; /* for each column */
	size_t n_items, n_columns;
};

static size_t item_called(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n_items; i++)
		if (strcmp(t->items[i], name) == 0)
			return i;
	t->items[t->n_items] = name;
	return t->n_items++;
}

/* Adds the heading without the text that all its cells share. */
static void xcelium_add_heading(struct str *to, struct span line)
{
	static const char common[] = "* Covered";
	const char *hit;

	while ((hit = memmem(line.s, line.n, common, sizeof(common) - 1)) != NULL) {
		size_t n = (size_t)(hit - line.s);

		str_addn(to, line.s, n);
		n += sizeof(common) - 1;
		line = (struct span){line.s + n, line.n - n};
	}
	str_addn(to, line.s, line.n);
}

static void read_heading(struct table *t, struct span line, struct arena *mem)
{
	_cleanup_(str_done) struct str text = {0};
	struct span rest, word;
	size_t n;

	xcelium_add_heading(&text, line);
	rest = (struct span){text.s, text.len};
	n = span_count_words(rest);
	t->items = arena_array(mem, n + 1, sizeof(*t->items));
	t->covered = arena_array(mem, n + 1, sizeof(*t->covered));
	t->total = arena_array(mem, n + 1, sizeof(*t->total));
	t->item_of = arena_array(mem, n + 1, sizeof(*t->item_of));
	for (; span_word(&rest, &word); t->n_columns++)
		t->item_of[t->n_columns] = item_called(t, t->n_columns ? span_text(mem, word)
								       : "Score");
}

static size_t xcelium_digits(struct span s, size_t at, double *ret)
{
	size_t i = at;

	for (*ret = 0; i < s.n && s.s[i] >= '0' && s.s[i] <= '9'; i++)
		*ret = *ret * 10 + (s.s[i] - '0');
	return i - at;
}

/* "(covered/total…)" somewhere in a cell. */
static bool find_counts(struct span cell, double *covered, double *total)
{
	for (size_t i = 0; i < cell.n; i++) {
		size_t at = i + 1, n;

		if (cell.s[i] != '(' || (n = xcelium_digits(cell, at, covered)) == 0)
			continue;
		at += n;
		if (at == cell.n || cell.s[at] != '/' ||
		    (n = xcelium_digits(cell, at + 1, total)) == 0)
			continue;
		at += 1 + n;
		if (memchr(cell.s + at, ')', cell.n - at))
			return true;
	}
	return false;
}

/* Removes the blank in "88% (1/2)", which is one cell. */
static void add_cells(struct str *to, struct span line)
{
	for (size_t i = 0; i < line.n; i++) {
		struct span after = span_strip((struct span){line.s + i + 1, line.n - i - 1});

		str_addc(to, line.s[i]);
		if (line.s[i] == '%' && after.n && *after.s == '(')
			i = (size_t)(after.s - line.s) - 1;
	}
}

/* false: a count has no column name above it. */
static bool xcelium_read_row(struct table *t, struct span line)
{
	_cleanup_(str_done) struct str text = {0};
	double covered, total;
	struct span rest, cell;

	add_cells(&text, line);
	rest = (struct span){text.s, text.len};
	for (size_t i = 0; span_word(&rest, &cell); i++) {
		if (!find_counts(cell, &covered, &total))
			continue;
		if (i >= t->n_columns)
			return false;
		t->covered[t->item_of[i]] += covered;
		t->total[t->item_of[i]] += total;
		t->covered[0] += covered;
		t->total[0] += total;
	}
	return true;
}

static bool xcelium_read_coverage(struct lines *in, struct arena *mem, struct tool_coverage *ret)
{
	struct table t = {0};
	struct span line;

	do
		if (!lines_next(in, &line))
			return false;
	while (!span_has(line, "name"));
	read_heading(&t, line, mem);
	lines_next(in, &line); /* a separator */
	while (lines_next(in, &line))
		if (!xcelium_read_row(&t, line))
			return false;
	if (t.n_columns == 0 || t.total[0] <= 0)
		return false;
	ret->pairs = arena_array(mem, t.n_items, sizeof(*ret->pairs));
	for (size_t i = 0; i < t.n_items; i++)
		coverage_add(ret, t.items[i], coverage_percent(mem, t.covered[i], t.total[i]));
	return true;
}

static const char *const xcelium_metric_names[TOOL_METRIC_COUNT] = {
	[TOOL_BLOCK] = "block",		[TOOL_LINE_STATEMENT] = "statement",
	[TOOL_BRANCH] = "branch",	[TOOL_CONDITION_EXPRESSION] = "cond",
	[TOOL_TOGGLE] = "toggle",	[TOOL_FSM] = "fsm",
	[TOOL_ASSERTION] = "assertion", [TOOL_FUNCTIONAL] = "covergroup",
};

const struct tool tool_xcelium = {
	.name = "xcelium",
	.run_time = run_time,
	.sim_time = sim_time,
	.read_coverage = xcelium_read_coverage,
	.metric_names = xcelium_metric_names,
	.version_command = "xrun -version",
	.version_regex = "^TOOL:.*xrun.*\\s(\\S+)$",
};
