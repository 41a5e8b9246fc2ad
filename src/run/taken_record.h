/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's record of jobs that were taken over from an earlier run:
 * {"ev":"taken","from":RUN,"jobs":"0-311,314"}, with indices of the plan. Many jobs are split into
 * several records of less than 4 KiB. Format: docs/reference/results.md.
 */
#ifndef RUN_TAKEN_RECORD_H
#define RUN_TAKEN_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define TAKEN_RECORD_EV "taken"

/* Appends ranges of the numbers from *at to n - 1 for which is_in() returns true, until text has
 * the largest size of a record. Sets *at to the number to continue with, n at the end. */
void number_ranges_add(struct str *text, bool (*is_in)(const void *ctx, size_t i), const void *ctx,
		       size_t n, size_t *at);

/* The state of reading ranges. */
struct number_ranges {
	const char *at;
	size_t n;      /* all numbers must be below n */
	bool is_wrong; /* the rest is not a range */
};

/* false: no more ranges, or the rest is wrong. */
bool number_ranges_next(struct number_ranges *r, size_t *ret_first, size_t *ret_last);

#endif
