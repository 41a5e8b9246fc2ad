/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many slots may exist while the machine is short of processes (ulimit -u, a cgroup's
 * pids.max). A slot is a process itself: if slots took all processes, no job could start. Each time
 * a slot cannot create a process, one slot fewer is allowed; after some time without a shortage,
 * one more again.
 *
 * While jobs of this backend run, and for 20 s after that, a job that cannot be started is tried
 * again. Then it ends, and later jobs are tried once each, until one is started.
 */
#ifndef BACKENDS_LOCAL_SHORTAGE_H
#define BACKENDS_LOCAL_SHORTAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct shortage {
	uint32_t n_allowed;   /* slots; UINT32_MAX: no shortage was seen */
	double stuck_since_s; /* since when no job could be started, while none ran; INFINITY: not
				 so */
	bool is_lasting;      /* that lasted too long: until a job is started, each is tried once */
	double changed_s; /* when n_allowed last changed, a shortage was last seen, or no room was
			   * found: to look for room may be slow */
};

void shortage_init(struct shortage *s);
/* At most n slots, from the start. */
void shortage_allow(struct shortage *s, uint32_t n, double now_s);
/* Records a shortage. n: number of slots, without those that are leaving. */
void shortage_seen(struct shortage *s, uint32_t n, double now_s);
/* May one more slot be started? has_room is asked if more than before would be allowed, at most
 * once in 10 s. */
bool shortage_may_grow(struct shortage *s, uint32_t n, double now_s,
		       bool (*has_room)(const void *ctx), const void *ctx);
/* Must one slot leave? */
bool shortage_must_shrink(const struct shortage *s, uint32_t n);
/* A job cannot be started now, and n_running others run. true: it must end. */
bool shortage_gives_up(struct shortage *s, uint32_t n_running, double now_s);
/* A job was started. */
void shortage_is_over(struct shortage *s);

/* "cannot create a process for a job (limited by ulimit -u, or by pids.max of a cgroup)". errnum:
 * one of errno_is_shortage(). */
const char *shortage_text(int errnum);
/* The reason of a job that was given up. */
void shortage_add_verdict(struct str *to, int errnum);

#endif
