/* SPDX-License-Identifier: Apache-2.0 */
/* The units that a job which has waited too long will get: those that will be free first. */
#include <math.h>
#include <stdlib.h>

#include "backends/chips/chips.h"
#include "base/mem.h"

/* When u will be free, by the limit of its run. */
static double reserve_free_at(const struct chips *c, const struct unit *u)
{
	double now_s = chips_now(c);

	if (u->holder)
		return u->holder->ops->free_at(u->holder, now_s);
	if ((u->state == UNIT_OPENING || u->state == UNIT_CLOSING) && now_s >= unit_slow_at(u))
		return unit_late_at(u);
	return fmax(u->retry_at_s, now_s);
}

/* The unit that j may use and that is free first, of those that are not taken; n_units: none. */
static uint32_t next_free(const struct chips_job *j, const bool *taken, const int32_t *domain)
{
	const struct chips *c = j->chips;
	uint32_t best = c->n_units;

	for (uint32_t i = 0; i < c->n_units; i++) {
		const struct unit *u = &c->units[i];

		if (taken[i] || !health_is_usable(&u->health) || past_forbids(j, u) ||
		    (domain && u->device->domain != *domain))
			continue;
		if (best == c->n_units ||
		    reserve_free_at(c, u) < reserve_free_at(c, &c->units[best]))
			best = i;
	}
	return best;
}

/* Reserves n units, unless *r has ones that are free earlier. false: there are fewer than n. */
static bool reserve_among(const struct chips_job *j, const int32_t *domain, struct reservation *r)
{
	const struct chips *c = j->chips;
	uint32_t n = j->request->n_devices;
	bool *units = xcalloc(c->n_units, sizeof(*units));
	double at_s = 0;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t next = next_free(j, units, domain);

		if (next == c->n_units) {
			free(units);
			return false;
		}
		units[next] = true;
		at_s = fmax(at_s, reserve_free_at(c, &c->units[next]));
	}
	if (r->units && r->at_s <= at_s) {
		free(units);
		return true;
	}
	free(r->units);
	r->units = units;
	r->at_s = at_s;
	return true;
}

bool reserve_for(const struct chips *c, const struct chips_job *j, struct reservation *r)
{
	uint32_t n = j->request->n_devices;
	bool is_possible = false;

	if (!j->request->same_domain || n == 1)
		is_possible = reserve_among(j, NULL, r);
	else
		for (uint32_t i = 0; i < c->n_units; i++)
			if (c->units[i].device->domain >= 0)
				is_possible |= reserve_among(j, &c->units[i].device->domain, r);
	if (is_possible)
		r->job = j;
	return is_possible;
}

bool reserve_ends_before(const struct chips *c, const struct chips_job *j,
			 const struct reservation *r)
{
	return j->request->run_s > 0 && chips_now(c) + j->request->run_s <= r->at_s;
}
