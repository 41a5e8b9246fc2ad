/* SPDX-License-Identifier: Apache-2.0 */
/* The file itself, for the run that wrote it and for whoever completes it in its place. */
#ifndef RUN_RESULTS_FILE_H
#define RUN_RESULTS_FILE_H

#include "run/results.h"

/* Space that is held in the run's directory from its beginning, and given up for the results: a
 * disk that the jobs have filled must not cost them. */
#define RESULTS_RESERVE ".reserve"

struct results_place {
	int dir_fd;
	const char *run_id, *run_path;
};

int results_write_at(const struct results_place *place, const struct plan *plan,
		     const struct results_head *head, results_next *next, void *ctx,
		     struct error *err);

#endif
