/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many slots may stay when the machine is short of processes (ulimit -u, a cgroup's pids.max):
 * a slot is a process itself, and with as many slots as there may be processes no job could start.
 * Each time a slot cannot make a process, one slot fewer is allowed; after a while without that,
 * one more again.
 */
#ifndef BACKENDS_LOCAL_SHORTAGE_H
#define BACKENDS_LOCAL_SHORTAGE_H

#include <stdbool.h>
#include <stdint.h>

struct shortage {
	uint32_t n_allowed; /* slots; UINT32_MAX: no shortage was seen */
	double changed_s;   /* when n_allowed was changed, or a shortage was seen, last */
};

void shortage_init(struct shortage *s);
/* n: the slots that there are, without those that are about to go. true: the first one ever. */
bool shortage_seen(struct shortage *s, uint32_t n, double now_s);
/* May there be one more? */
bool shortage_may_grow(struct shortage *s, uint32_t n, double now_s);
/* Is one too many? */
bool shortage_must_shrink(const struct shortage *s, uint32_t n);

#endif
