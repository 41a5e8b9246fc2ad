/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kind of report: what is asked of each once the jobs of a run have ended. A plan says which one
 * it has (plan->report); each kind is a row in dv/reports.c.
 *
 * In report/: what all reports share: buckets of failures, JSON in, tables in Markdown. Entry
 * of a finished run: dv/reports.h, and ending/ending.h for the terminal.
 */
#ifndef REPORT_REPORT_KIND_H
#define REPORT_REPORT_KIND_H

#include "run/results.h"

/* What a run knows when its jobs have ended. All borrowed, and kept until the report is freed. */
struct report_source {
	const struct plan *plan;
	results_next *next; /* rows, as for results_write() */
	void *ctx;
	const char *version;	 /* dvsched's */
	const char *signal_name; /* "SIGINT" of a run that it stopped; or NULL */
	/* Asks a tool for its version; the answer, or NULL, is in mem. NULL: nobody is asked. */
	const char *(*ask_version)(const char *tool, struct arena *mem);
};

struct report_kind {
	void *(*make)(const struct report_source *source); /* NULL: there is nothing to report */
	void (*free)(void *self);
	/* What was found that fails a run whose jobs passed; NULL: never anything. */
	size_t (*n_findings)(const void *self);
	/* 0, or -1 with err at the first file that cannot be written. */
	int (*write)(void *self, struct error *err);
	/* Appends the tables, which link to the pages if there are any. */
	void (*show)(void *self, bool has_pages, struct str *blocks, struct str *summary);
	/* The tables are shown under every name of the program, before our ending; the summary is
	 * logged, too. */
	bool is_always_shown;
};

#endif
