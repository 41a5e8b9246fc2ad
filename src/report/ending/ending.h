/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text at the end of a run: root failures in buckets by cause; cancelled jobs as one count
 * under their cause; about 60 lines even for 10,000 failures; at last paths, and the command that
 * runs the failed jobs again.
 *
 * In report/ending/: the causes of failures and the layout of their buckets. Entry point:
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
	unsigned show_failures;	 /* number of jobs to show in full; UINT_MAX: all; 0: default, 5
				    buckets of 2 */
	const char *report_path; /* a report's index.html, or NULL */
	const char *run_path, *results_path;
	const char *rerun_command; /* or NULL */
};

/* Appends one of the last lines: "rerun    dvsched run …". */
void ending_add_line(struct str *out, const char *what, const char *text);
/* Appends the text. next and ctx: as for results_write(). */
void ending_write(struct str *out, const struct plan *plan, const struct results_head *head,
		  results_next *next, void *ctx, const struct ending_options *options);

/* The directory of all logs: the scratch path if the plan has only one, else the scratch root. */
const char *ending_logs_path(const struct plan *plan);

#endif
