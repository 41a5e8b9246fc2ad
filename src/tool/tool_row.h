/* SPDX-License-Identifier: Apache-2.0 */
/* A tool's row in the table, and functions that several rows use. */
#ifndef TOOL_TOOL_ROW_H
#define TOOL_TOOL_ROW_H

#include "tool/lines.h"
#include "tool/log_tail.h"
#include "tool/tool.h"

enum time_form {
	TIME_WITH_UNIT, /* groups: number, unit */
	TIME_SECONDS,	/* a number */
	TIME_CLOCK,	/* hours, minutes, seconds */
};

struct time_line {
	const char *regex;
	enum time_form form;
};

struct tool {
	const char *name;
	/* Kinds of lines with a time; the first that matches counts. The last has no regex. */
	const struct time_line *run_time, *sim_time;
	const char *sim_time_stop; /* the simulated time is below a line with this text; or NULL */
	/* For simulations, instead of searching the lines above; or NULL. */
	void (*read_run)(struct log_tail *tail, struct tool_times *ret);
	/* false: it is no summary. */
	bool (*read_coverage)(struct lines *in, struct arena *mem, struct tool_coverage *ret);
	const char *const *metric_names; /* by metric: name of its pair in lower case; or NULL */
	const char *version_command, *version_regex;
};

extern const struct tool tool_vcs, tool_xcelium, tool_z01x, tool_verilator, tool_questa;

/* vcs.c, for z01x too. */
#define VCS_VERSION_COMMAND "vcs -full64 -id"
#define VCS_VERSION_REGEX   "^Compiler version\\s*=.*\\s(\\S+)$"
extern const struct time_line vcs_run_time[];
extern const char *const vcs_metric_names[];
bool vcs_read_coverage(struct lines *in, struct arena *mem, struct tool_coverage *ret);

/* Appends a pair, or replaces the value of this name. c->pairs must have room. */
void coverage_add(struct tool_coverage *c, const char *name, const char *value);
/* "50.00 %"; "-- %" if total is 0. */
const char *coverage_percent(struct arena *mem, double covered, double total);

#endif
