/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads data of the EDA tools that DVSim's flows run: times from their logs, coverage from their
 * summaries, and their versions. Numbers are equal to DVSim's to the last bit. A tool that is not
 * in the table has no data; that is no error.
 */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/number.h"
#include "base/str.h"

struct tool;

/* "vcs", "xcelium", "z01x", "verilator", "questa"; NULL: not known, and NULL is accepted below. */
const struct tool *tool_find(const char *name);

/* ---- logs ---- */

struct tool_times {
	bool has_run_time, has_sim_time;
	double run_time_s;  /* from the tool's last line with its run time */
	double sim_time_us; /* of simulations only */
};

/* How much of a log's end is searched. */
enum { TOOL_LOG_TAIL = 16 << 20 };

/* Reads the log in fd from start on. is_run: of a simulation, not of a build or a report. */
void tool_read_log(const struct tool *t, int fd, off_t start, bool is_run, struct tool_times *ret);

/* ---- coverage ---- */

/* DVSim's metrics; those before ASSERTION are code coverage. */
enum tool_metric {
	TOOL_BLOCK,
	TOOL_LINE_STATEMENT,
	TOOL_BRANCH,
	TOOL_CONDITION_EXPRESSION,
	TOOL_TOGGLE,
	TOOL_FSM,
	TOOL_ASSERTION,
	TOOL_FUNCTIONAL,
	TOOL_METRIC_COUNT,
};

extern const char *const tool_metric_names[TOOL_METRIC_COUNT]; /* as in DVSim's reports */

/* As in the tool's summary: "LINE", "91.20 %" ("-- %": nothing to cover). */
struct tool_pair {
	const char *name, *value;
};

struct tool_coverage {
	const struct tool_pair *pairs; /* in the tool's order */
	size_t n_pairs;
	struct maybe_number metric[TOOL_METRIC_COUNT];
};

bool tool_has_coverage(const struct tool *t);
/* Reads the summary that the tool, for which tool_has_coverage() is true, wrote to path. Texts are
 * in mem. Returns 0, or -1 with err, which names the file, if it cannot be read or is no summary.
 */
int tool_read_coverage(const struct tool *t, const char *path, struct arena *mem,
		       struct tool_coverage *ret, struct error *err);
/* Sets ret->metric from ret->pairs. */
void tool_map_coverage(const struct tool *t, struct tool_coverage *ret);

/* The overall coverage in a verification plan that dvplan has annotated; false: there is none. */
bool tool_read_vplan(const char *path, double *ret_percent);

/* ---- version ---- */

/* The command that prints the tool's version, words separated by blanks; NULL: not known. */
const char *tool_version_command(const struct tool *t);
/* Appends the version found in answer, the command's standard output, then its standard error.
 * false: there is none. */
bool tool_parse_version(const struct tool *t, const char *answer, struct str *ret);

#endif
