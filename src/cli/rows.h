/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's jobs as rows for results and the ending, which know no scheduler. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "run/results.h"
#include "scheduler/sched.h"

struct rows {
	const struct sched *sched;
	struct attempt_row *attempts; /* re-used from row to row */
	uint32_t cap;
};

void rows_next(void *rows, size_t n, struct result_row *ret);
void rows_done(struct rows *rows);

#endif
