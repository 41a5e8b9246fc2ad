/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the graph of dependencies of a plan, and reports its errors. */
#ifndef SCHEDULER_GRAPH_H
#define SCHEDULER_GRAPH_H

#include "scheduler/state.h"

/* Sets the dependents and flags of all jobs. Returns 0, or -1 if errors were added to diags. */
int graph_load(struct sched *s, struct diags *diags);
/*
 * n_left[job]: number of its dependencies that could not be ordered. It is not 0 for n_jobs jobs,
 * which are on a cycle or depend on one. Reports the first cycles that have no job in common.
 * Changes n_left.
 */
void cycle_report(const struct sched *s, uint32_t *n_left, size_t n_jobs, struct diags *diags);

#endif
