/* SPDX-License-Identifier: Apache-2.0 */
/* Common state and helpers of the text at the end of a run. */
#ifndef REPORT_ENDING_TEXT_H
#define REPORT_ENDING_TEXT_H

#include <stddef.h>

#include "report/ending/causes.h"
#include "report/ending/ending.h"

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define DIM    "\033[2m"
#define PLAIN  "\033[0m"

struct ending_writer {
	struct str *out;
	const struct plan *plan;
	const struct results_head *head;
	const struct ending_options *options;
	results_next *next;
	void *ctx;
	struct causes causes;
	unsigned width;
	/* Limits of this rendering. */
	uint32_t n_buckets, n_jobs, n_per_bucket;
	unsigned context_first, context_more; /* log lines for the first job, for others */
	/* Results of this rendering. */
	unsigned n_first, n_more; /* shown jobs that have log lines: first of a bucket, others */
};

/* Appends sequence if the text is in colour. */
void ending_text_color(struct ending_writer *w, const char *sequence);
/* Appends at most columns characters; an ellipsis replaces the rest, and false is returned. */
bool ending_text_cut(struct str *b, const char *s, size_t columns);
void ending_text_indented(struct ending_writer *w, const char *margin, const char *s,
			  size_t columns);
void ending_text_printable(struct str *b, const char *s);
/* "1 job", "17 jobs" */
void ending_text_n_jobs(struct str *b, uint32_t n);
unsigned ending_text_count_lines(const char *s);

#endif
