/* SPDX-License-Identifier: Apache-2.0 */
/* Random delays. The same seed and occasion give the same delay, at any time. */
#ifndef DRIVERS_SIM_DELAY_H
#define DRIVERS_SIM_DELAY_H

#include <stdint.h>

#include "drivers/fields.h"

enum sim_dist { SIM_FIXED, SIM_UNIFORM, SIM_PARETO };

struct sim_delay {
	enum sim_dist dist;
	double ms;     /* fixed: the delay; otherwise the shortest one */
	double max_ms; /* uniform, pareto: the longest delay */
	double shape;  /* pareto: the smaller, the heavier the tail */
};

/* A random value depends on the seed and on these. */
struct sim_occasion {
	int32_t device, rank;
	const char *job; /* NULL: none */
	uint32_t attempt;
	uint32_t ordinal; /* number of the draw in one run */
};

/* Reads the keys ms, max_ms, dist and shape of an object. */
int32_t sim_delay_read(const struct fields *r, struct sim_delay *ret);
uint64_t sim_delay_draw(const struct sim_delay *d, double u); /* u: [0, 1); ns */

/* A random value in [0, 1). salt: the fault or operation. */
double sim_draw(uint64_t seed, uint64_t salt, const struct sim_occasion *o);

#endif
