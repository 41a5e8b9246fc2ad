/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a run, for people: grouped by cause, root failures first, in buckets; cancelled jobs
 * are one counted line under their cause; 60 lines are enough for 10,000 failures; the last lines
 * are paths and the command that runs the failed ones again.
 *
 * In report/ending/: causes of failures, and the buckets that they are shown in. Entry:
 * ending_write().
 */
#ifndef REPORT_ENDING_ENDING_H
#define REPORT_ENDING_ENDING_H

#include <stdbool.h>

#include "base/str.h"
#include "run/results.h"

struct ending_options {
	bool color;
	unsigned width;		 /* columns, 0: 100 */
	unsigned show_failures;	 /* jobs in full; UINT_MAX: all; default 0: 5 buckets of 2 */
	const char *report_path; /* DVSim's pages, or NULL */
	const char *run_path, *results_path;
	const char *rerun_command; /* or NULL */
};

/* One of the last lines: "rerun    dvsched run …". */
void ending_add_line(struct str *out, const char *what, const char *text);
/* Appends the text. Rows come as for results_write(). */
void ending_write(struct str *out, const struct plan *plan, const struct results_head *head,
		  results_next *next, void *ctx, const struct ending_options *options);

/* Where all logs are: the scratch path if there is but one, else the scratch root. */
const char *ending_logs_path(const struct plan *plan);

#endif
