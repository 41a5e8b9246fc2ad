/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface of a kind of report, which is made when the jobs of a run have ended. plan->report
 * names the kind; each kind is a line in list.h.
 *
 * In report/: the table of all kinds (reports.h), and their common code: buckets of failures, JSON
 * input, tables in Markdown. Entry points for a finished run: reports.h, and ending/ending.h for
 * the terminal.
 */
#ifndef REPORT_REPORT_KIND_H
#define REPORT_REPORT_KIND_H

#include "run/results.h"

/* Data of a run whose jobs have ended. Everything is borrowed, and must be valid until the report
 * is freed. */
struct report_source {
	const struct plan *plan;
	results_next *next; /* rows, as for results_write() */
	void *ctx;
	const char *version;	 /* dvsched's */
	const char *signal_name; /* signal that stopped the run, "SIGINT"; or NULL */
	/* Returns the version of a tool, in mem, or NULL if unknown. NULL: versions are not asked
	 * for. */
	const char *(*ask_version)(const char *tool, struct arena *mem);
};

struct report_kind {
	void *(*make)(const struct report_source *source); /* NULL: nothing to report */
	void (*free)(void *self);
	/* Number of findings that fail a run whose jobs passed; NULL: always 0. */
	size_t (*n_findings)(const void *self);
	/* The directory in which write() makes index.html, and index.json with the findings. NULL:
	 * write() makes no such files. */
	const char *(*dir)(const void *self);
	/* 0, or -1 with err at the first file that cannot be written. */
	int (*write)(void *self, struct error *err);
	/* Appends the tables. They link to the pages if has_pages. */
	void (*show)(void *self, bool has_pages, struct str *blocks, struct str *summary);
	/* The tables are shown under both names of the program, before dvsched's ending, and the
	 * summary is logged, too. */
	bool is_always_shown;
};

#endif
