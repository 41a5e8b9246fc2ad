/* SPDX-License-Identifier: Apache-2.0 */
/* Making the graph out of a plan, and saying why it is none. */
#ifndef SCHEDULER_GRAPH_H
#define SCHEDULER_GRAPH_H

#include "scheduler/state.h"

static inline uint32_t n_deps(const struct job_spec *spec)
{
	return spec->n_needs + spec->n_any;
}

/* Fills dependents and flags of all jobs. Returns 0, or -1 after errors. */
int graph_load(struct sched *s, struct diags *diags);
/* n_left[job]: dependencies that could not be put in order; zero for those not on or behind a
 * cycle. There is one. */
void cycle_report(const struct sched *s, const uint32_t *n_left, struct diags *diags);

#endif
