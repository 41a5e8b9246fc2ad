/* SPDX-License-Identifier: Apache-2.0 */
/* Which units a job gets: all or none, preferably those that need the least work first. */
#include <stdlib.h>
#include <string.h>

#include "backends/chips/chips.h"
#include "base/mem.h"

/* A unit that opens or closes slowly is not waited for; if it opens after all, it is free again. */
bool unit_is_free(const struct unit *u, double now_s)
{
	if (unit_is_held(u) || u->is_probe || u->leave == LEAVE_KILLED ||
	    !health_is_usable(&u->health) || u->retry_at_s > now_s || unit_must_yield(u))
		return false;
	if (u->state == UNIT_OPENING || u->state == UNIT_CLOSING)
		return now_s < unit_slow_at(u);
	return u->state == UNIT_CLOSED || u->state == UNIT_IDLE;
}

static bool has_options(const struct unit *u, const struct chips_request *q)
{
	return u->open_options && str_eq(u->open_options, q->open_options);
}

/* j can be bound to u at once. A borrower opens the device itself. */
static bool is_ready_for(const struct unit *u, const struct chips_job *j)
{
	return j->request->is_borrowed || (u->state == UNIT_IDLE && has_options(u, j->request));
}

static bool can_serve(const struct unit *u, const struct chips_job *j, double now_s)
{
	if (!unit_is_free(u, now_s) || past_forbids(j, u))
		return false;
	if (u->state == UNIT_OPENING)
		return !j->request->is_borrowed && has_options(u, j->request);
	return u->state != UNIT_CLOSING || !j->request->is_borrowed;
}

/* How much work it takes until a rank can run there. */
static int cost_of_state(const struct unit *u, const struct chips_request *q)
{
	if (q->is_borrowed)
		return u->state == UNIT_CLOSED ? 0 : 20;
	switch (u->state) {
	case UNIT_OPENING:
		return 15;
	case UNIT_CLOSED:
		return 20;
	case UNIT_CLOSING: /* then opened */
		return 25;
	default:
		if (!has_options(u, q))
			return 40; /* closed first, then opened */
		return u->image_key == q->image_key ? 0 : 10;
	}
}

/* The smaller the better. */
static int cost_of(const struct chips *c, const struct chips_job *j, const struct unit *u)
{
	const struct chips_request *q = j->request;
	int cost = cost_of_state(u, q);

	if (past_has(c, j->job, u->device->id))
		cost += 1000; /* it failed there: prefer other units */
	if (!past_was_well(c, j->job, u->device->id))
		cost += 500; /* prefer devices that survived this job, if it breaks devices */
	if (u->health.state == HEALTH_SUSPECT)
		cost += 100;
	if (u->health.state == HEALTH_PROBATION)
		cost += q->n_devices > 1 ? 400 : 200;
	return cost;
}

struct choice {
	struct unit *unit;
	int cost;
};

static int choose_compare(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost - y->cost;
	return (x->unit > y->unit) - (x->unit < y->unit); /* two runs choose the same */
}

/* The n cheapest units of one domain. Returns their total cost; -1: it has fewer. */
static int choose_in_domain(const struct choice *all, size_t n_all, int32_t domain, uint32_t n,
			    struct unit **ret)
{
	uint32_t found = 0;
	int cost = 0;

	for (size_t i = 0; i < n_all && found < n; i++) {
		if (all[i].unit->device->domain != domain)
			continue;
		ret[found++] = all[i].unit;
		cost += all[i].cost;
	}
	return found == n ? cost : -1;
}

/* The units of the domain with the smallest total cost. */
static bool choose_same_domain(const struct choice *all, size_t n_all, uint32_t n,
			       struct unit **ret)
{
	struct unit **some = xcalloc(n, sizeof(*some));
	int best = -1;

	for (size_t i = 0; i < n_all; i++) {
		int cost = choose_in_domain(all, n_all, all[i].unit->device->domain, n, some);

		if (all[i].unit->device->domain < 0 || cost < 0 || (best >= 0 && cost >= best))
			continue;
		best = cost;
		memcpy(ret, some, n * sizeof(*some));
	}
	free(some);
	return best >= 0;
}

bool chips_choose(const struct chips *c, const struct chips_job *j, const bool *withheld,
		  struct unit **ret, bool *ret_is_ready)
{
	const struct chips_request *q = j->request;
	struct choice *all = xcalloc(c->n_units, sizeof(*all));
	double now_s = chips_now(c);
	size_t n = 0;
	bool is_found;

	for (uint32_t i = 0; i < c->n_units; i++)
		if (can_serve(&c->units[i], j, now_s) && !(withheld && withheld[i]))
			all[n++] = (struct choice){&c->units[i], cost_of(c, j, &c->units[i])};
	qsort(all, n, sizeof(*all), choose_compare);
	is_found = n >= q->n_devices;
	if (is_found && q->same_domain && q->n_devices > 1)
		is_found = choose_same_domain(all, n, q->n_devices, ret);
	else if (is_found)
		for (uint32_t i = 0; i < q->n_devices; i++)
			ret[i] = all[i].unit;
	*ret_is_ready = is_found;
	for (uint32_t i = 0; i < q->n_devices && *ret_is_ready; i++)
		*ret_is_ready = is_ready_for(ret[i], j);
	free(all);
	return is_found;
}
