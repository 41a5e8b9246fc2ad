/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many slots may exist while the machine is short of processes (ulimit -u, a cgroup's
 * pids.max). A slot is a process itself: if slots took all processes, no job could start. Each time
 * a slot cannot create a process, one slot fewer is allowed; after some time without a shortage,
 * one more again.
 */
#ifndef BACKENDS_LOCAL_SHORTAGE_H
#define BACKENDS_LOCAL_SHORTAGE_H

#include <stdbool.h>
#include <stdint.h>

struct shortage {
	uint32_t n_allowed; /* slots; UINT32_MAX: no shortage was seen */
	bool was_seen;
	double changed_s; /* when n_allowed last changed, a shortage was last seen, or no room was
			   * found: to look for room may be slow */
};

void shortage_init(struct shortage *s);
/* At most n slots, from the start. */
void shortage_allow(struct shortage *s, uint32_t n, double now_s);
/* Records a shortage. n: number of slots, without those that are leaving. true: it is the first
 * shortage. */
bool shortage_seen(struct shortage *s, uint32_t n, double now_s);
/* May one more slot be started? has_room is asked if more than before would be allowed, at most
 * once in 10 s. */
bool shortage_may_grow(struct shortage *s, uint32_t n, double now_s,
		       bool (*has_room)(const void *ctx), const void *ctx);
/* Must one slot leave? */
bool shortage_must_shrink(const struct shortage *s, uint32_t n);

#endif
