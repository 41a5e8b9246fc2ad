/* SPDX-License-Identifier: Apache-2.0 */
/* `pool: { numa: … }`: on which CPUs a device's worker, and a command that borrows it, run. */
#ifndef BACKENDS_CHIPS_NUMA_PLACE_H
#define BACKENDS_CHIPS_NUMA_PLACE_H

#include <sched.h>

#include "backends/chips/settings.h"

struct numa_ask {
	struct cfg *cfg;
	struct hjson_node *node;	/* the value of `numa`; NULL: not given */
	const char *sys;		/* "/sys" */
	const cpu_set_t *allowed;	/* the CPUs that this process may use */
	void (*warn)(const char *text); /* or NULL */
};

/* Sets numa and cpus of all s->devices. */
void numa_place_read(struct arena *mem, const struct numa_ask *ask, struct chips_settings *s,
		     struct diags *diags);

/* The CPUs of n devices together, in mem, for a job that uses n_cpus CPUs. NULL: any CPU, as the
 * place of a device is not known, or there are fewer than n_cpus. *ret_node: the node of all
 * devices, or -1. */
const char *numa_place_of(struct arena *mem, const struct chips_device *const *devices, uint32_t n,
			  uint32_t n_cpus, int32_t *ret_node);

#endif
