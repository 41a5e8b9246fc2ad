/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the file, for the scheduler and for results_recover(). */
#ifndef RUN_RESULTS_FILE_H
#define RUN_RESULTS_FILE_H

#include "run/results.h"

/* A file that reserves space in the run's directory from its start. It is removed before results
 * are written, so that they can be written even if the jobs have filled the disk. */
#define RESULTS_RESERVE ".reserve"

struct results_place {
	int dir_fd;
	const char *run_id, *run_path;
};

int results_write_at(const struct results_place *place, const struct plan *plan,
		     const struct results_head *head, results_next *next, void *ctx,
		     struct error *err);

#endif
