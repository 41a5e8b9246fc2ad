/* SPDX-License-Identifier: Apache-2.0 */
/* How long something takes, drawn: the same for the same seed and occasion, whatever the time. */
#ifndef DRIVERS_SIM_DELAY_H
#define DRIVERS_SIM_DELAY_H

#include <stdint.h>

#include "drivers/fields.h"

enum sim_dist { SIM_FIXED, SIM_UNIFORM, SIM_PARETO };

struct sim_delay {
	enum sim_dist dist;
	double ms;     /* fixed: all of it; otherwise the least */
	double max_ms; /* uniform, pareto: the most */
	double shape;  /* pareto: the smaller, the heavier the tail */
};

/* What a draw depends on. */
struct sim_occasion {
	int32_t device, rank;
	const char *job; /* NULL: none */
	uint32_t attempt;
	uint32_t ordinal; /* of several draws in one run */
};

/* Of an object's keys ms, max_ms, dist, shape. */
int32_t sim_delay_read(const struct fields *r, struct sim_delay *ret);
uint64_t sim_delay_draw(const struct sim_delay *d, double u); /* u: [0, 1); ns */

/* In [0, 1). salt: which fault or operation. */
double sim_draw(uint64_t seed, uint64_t salt, const struct sim_occasion *o);

#endif
