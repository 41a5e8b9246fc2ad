/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/delay.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "drivers/sim/codes.h"

static const char *const dist_names[] = {"fixed", "uniform", "pareto"};
/* Usual values, as reported for opens of real devices: most are near the shortest, one in ten takes
 * ten times as long. */
static const double usual_shape = 1.0, usual_reach = 100.0;

static int32_t read_dist(const struct fields *r, enum sim_dist *ret)
{
	const char *name = dist_names[*ret];

	if (fields_text(r, "dist", &name) != 0)
		return SIM_BAD_JOB;
	for (size_t i = 0; i < ARRAY_LEN(dist_names); i++)
		if (strcmp(dist_names[i], name) == 0) {
			*ret = (enum sim_dist)i;
			return 0;
		}
	return sim_fail(r->err, SIM_BAD_JOB, "%s: 'dist' must be fixed, uniform or pareto",
			r->where);
}

int32_t sim_delay_read(const struct fields *r, struct sim_delay *ret)
{
	const double day_ms = 86400e3;

	*ret = (struct sim_delay){.shape = usual_shape};
	if (read_dist(r, &ret->dist) != 0 || fields_real(r, "ms", &ret->ms) != 0)
		return SIM_BAD_JOB;
	ret->max_ms = ret->dist == SIM_PARETO ? fmin(ret->ms * usual_reach, day_ms) : ret->ms;
	if (fields_real(r, "max_ms", &ret->max_ms) != 0 ||
	    fields_real(r, "shape", &ret->shape) != 0)
		return SIM_BAD_JOB;
	if (ret->ms > day_ms || ret->max_ms > day_ms || ret->max_ms < ret->ms)
		return sim_fail(r->err, SIM_BAD_JOB, "%s: 'ms' <= 'max_ms' <= a day must hold",
				r->where);
	if (ret->dist == SIM_PARETO && !(ret->shape > 0))
		return sim_fail(r->err, SIM_BAD_JOB, "%s: 'shape' must be more than 0", r->where);
	return 0;
}

uint64_t sim_delay_draw(const struct sim_delay *d, double u)
{
	double ms = d->ms;

	if (d->dist == SIM_UNIFORM)
		ms += u * (d->max_ms - d->ms);
	else if (d->dist == SIM_PARETO)
		ms = fmin(d->ms / pow(1.0 - u, 1.0 / d->shape), d->max_ms);
	return (uint64_t)(ms * 1e6);
}

/* Steele, Lea, Flood: the finaliser of SplitMix64. */
static uint64_t delay_mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

double sim_draw(uint64_t seed, uint64_t salt, const struct sim_occasion *o)
{
	uint64_t h = delay_mix(seed ^ delay_mix(salt));

	h = delay_mix(h ^ (uint64_t)(uint32_t)o->device);
	for (const char *c = o->job ? o->job : ""; *c; c++)
		h = delay_mix(h ^ (unsigned char)*c);
	h = delay_mix(h ^ o->attempt);
	h = delay_mix(h ^ o->ordinal);
	return (double)(h >> 11) * 0x1p-53;
}
