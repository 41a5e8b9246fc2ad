/* SPDX-License-Identifier: Apache-2.0 */
/* A scheduler's jobs as the rows that results_write() and ending_write() ask for. */
#ifndef OBSERVERS_ROWS_H
#define OBSERVERS_ROWS_H

#include "run/results.h"
#include "scheduler/sched.h"

struct rows {
	const struct sched *sched;
	struct attempt_row *attempts; /* of the row handed out last */
	uint32_t room, n_attempts;
};

/* {0} but for sched is good to go. */
void rows_done(struct rows *r);
/* A results_next with a struct rows * as ctx. */
void rows_next(void *ctx, size_t n, struct result_row *row);

#endif
