/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's record of jobs that were taken over from an earlier run:
 * {"ev":"taken","from":RUN,"jobs":"0-311,314"}, numbers of the plan. Many jobs take several records
 * of less than 4 KiB. The format: docs/reference/results.md.
 */
#ifndef RUN_TAKEN_RECORD_H
#define RUN_TAKEN_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define TAKEN_RECORD_EV "taken"

/* Adds ranges of the numbers from *at on for which is_in says true, until text is as long as a
 * record may be. *at: the next number to look at; n if there is none. */
void number_ranges_add(struct str *text, bool (*is_in)(const void *ctx, size_t i), const void *ctx,
		       size_t n, size_t *at);

/* Ranges while they are read. */
struct number_ranges {
	const char *at;
	size_t n;      /* each number is below it */
	bool is_wrong; /* what is left is no range */
};

/* false: there are no more, or the rest is wrong. */
bool number_ranges_next(struct number_ranges *r, size_t *ret_first, size_t *ret_last);

#endif
