/* SPDX-License-Identifier: Apache-2.0 */
/* A scheduler's jobs as rows for results_write() and ending_write(). */
#ifndef OBSERVERS_ROWS_H
#define OBSERVERS_ROWS_H

#include "base/vec.h"
#include "run/results.h"
#include "scheduler/sched.h"

struct rows {
	const struct sched *sched;
	VEC(struct attempt_row) attempts; /* of the last row */
};

/* Frees the memory of rows, which are initialised with {.sched = …}. */
void rows_done(struct rows *r);
/* A results_next; ctx is a struct rows. The row is valid until the next call. */
void rows_next(void *ctx, size_t n, struct result_row *row);

#endif
