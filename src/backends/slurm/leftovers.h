/* SPDX-License-Identifier: Apache-2.0 */
/* Submissions that an earlier run has left in Slurm because its dvsched was killed. */
#ifndef BACKENDS_SLURM_LEFTOVERS_H
#define BACKENDS_SLURM_LEFTOVERS_H

#include "base/error.h"

/*
 * Cancels the submissions of the run whose directory is run_dir, and waits until Slurm has ended
 * them, so that no job runs twice at a time. Blocks: before the loop runs. user: number of the user
 * whose jobs they are. Returns how many there were, or -1 with err.
 */
int leftovers_cancel(const char *run_dir, const char *user, struct error *err);

#endif
