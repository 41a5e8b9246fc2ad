/* SPDX-License-Identifier: Apache-2.0 */
/* Which units a job gets: all or nothing, those that have to do the least first. */
#include <stdlib.h>

#include "backends/chips/chips.h"
#include "base/mem.h"

bool unit_is_free(const struct unit *u, double now_s)
{
	if (u->gang || u->lend || u->is_probe || u->wants_probe || !health_is_usable(&u->health) ||
	    u->retry_at_s > now_s)
		return false;
	return u->state == UNIT_CLOSED || u->state == UNIT_IDLE;
}

/* The smaller the better. */
static int cost_of(const struct chips *c, const struct chips_job *j, const struct unit *u)
{
	const struct chips_request *q = j->request;
	int cost = 0;

	if (past_has(c, j->job, u->device->id))
		cost += 1000; /* it failed there: elsewhere, if there is an elsewhere */
	if (u->health.state == HEALTH_SUSPECT)
		cost += 100;
	if (u->health.state == HEALTH_PROBATION)
		cost += q->n_devices > 1 ? 400 : 200;
	if (q->is_borrowed) /* who borrows opens it itself */
		return cost + (u->state == UNIT_CLOSED ? 0 : 20);
	if (u->state == UNIT_CLOSED)
		return cost + 20;
	if (!str_eq(u->open_options, q->open_options))
		return cost + 40; /* closed first, then opened */
	return cost + (u->image_key == q->image_key ? 0 : 10);
}

struct choice {
	struct unit *unit;
	int cost;
};

static int compare(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost - y->cost;
	return (x->unit > y->unit) - (x->unit < y->unit); /* two runs choose alike */
}

/* The n cheapest of one domain, if it has so many. */
static bool choose_in_domain(const struct choice *all, size_t n_all, int32_t domain, uint32_t n,
			     struct unit **ret)
{
	uint32_t found = 0;

	for (size_t i = 0; i < n_all && found < n; i++)
		if (all[i].unit->device->domain == domain)
			ret[found++] = all[i].unit;
	return found == n;
}

static bool choose_same_domain(const struct choice *all, size_t n_all, uint32_t n,
			       struct unit **ret)
{
	for (size_t i = 0; i < n_all; i++) {
		int32_t domain = all[i].unit->device->domain;

		if (domain < 0 ? n == 1 : choose_in_domain(all, n_all, domain, n, ret)) {
			if (domain < 0)
				ret[0] = all[i].unit;
			return true;
		}
	}
	return false;
}

bool chips_choose(const struct chips *c, const struct chips_job *j, const bool *reserved,
		  struct unit **ret)
{
	const struct chips_request *q = j->request;
	struct choice *all = xcalloc(c->n_units, sizeof(*all));
	double now_s = chips_now(c);
	size_t n = 0;
	bool is_found;

	for (uint32_t i = 0; i < c->n_units; i++)
		if (unit_is_free(&c->units[i], now_s) && !(reserved && reserved[i]))
			all[n++] = (struct choice){&c->units[i], cost_of(c, j, &c->units[i])};
	qsort(all, n, sizeof(*all), compare);
	is_found = n >= q->n_devices;
	if (is_found && q->same_domain)
		is_found = choose_same_domain(all, n, q->n_devices, ret);
	else if (is_found)
		for (uint32_t i = 0; i < q->n_devices; i++)
			ret[i] = all[i].unit;
	free(all);
	return is_found;
}
