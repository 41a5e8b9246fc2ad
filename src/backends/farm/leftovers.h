/* SPDX-License-Identifier: Apache-2.0 */
/* Submissions that an earlier run has left in a batch system because its dvsched was killed. */
#ifndef BACKENDS_FARM_LEFTOVERS_H
#define BACKENDS_FARM_LEFTOVERS_H

#include "backends/farm/farm.h"
#include "base/error.h"

/*
 * Cancels the submissions of the run whose directory is run_dir, and waits until the batch system
 * has ended them, so that no job runs twice at a time. Blocks: before the loop runs. Returns how
 * many there were, or -1 with err.
 */
int leftovers_cancel(const struct farm_ops *ops, void *ctx, const char *run_dir, struct error *err);

#endif
