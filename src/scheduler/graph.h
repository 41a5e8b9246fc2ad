/* SPDX-License-Identifier: Apache-2.0 */
/* Making the graph out of a plan, and saying why it is none. */
#ifndef SCHEDULER_GRAPH_H
#define SCHEDULER_GRAPH_H

#include "scheduler/state.h"

/* Fills dependents and flags of all jobs. Returns 0, or -1 after errors. */
int graph_load(struct sched *s, struct diags *diags);
/*
 * n_left[job]: dependencies that could not be put in order; above zero for n_jobs of them, those on
 * or behind a cycle. Tells of the first cycles of which none shares a job with another; n_left is
 * used up.
 */
void cycle_report(const struct sched *s, uint32_t *n_left, size_t n_jobs, struct diags *diags);

#endif
