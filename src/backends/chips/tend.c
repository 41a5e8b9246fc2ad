/* SPDX-License-Identifier: Apache-2.0 */
/* Unused units: idle ones are closed, and quarantined ones are probed when their time is over and a
 * job waits. */
#include <math.h>

#include "backends/chips/chips.h"

/* Only while a job waits for devices. */
static bool may_probe(const struct unit *u)
{
	return u->state == UNIT_CLOSED && !u->holder && !u->is_wanted &&
	       !list_is_empty(&u->chips->queue) && u->health.state == HEALTH_QUARANTINED;
}

static bool can_be_idle(const struct unit *u)
{
	return u->state == UNIT_IDLE && !u->holder && u->chips->s->idle_s > 0 &&
	       list_is_empty(&u->chips->queue);
}

/* A process that came before us waits for it, and no job of ours is about to use it. */
static bool is_wanted_by_others(const struct unit *u)
{
	return u->is_wanted &&
	       (list_is_empty(&u->chips->queue) || u->aside_by != u->chips->last_pass);
}

static void tend_unit(struct unit *u)
{
	const struct chips *c = u->chips;

	if (u->state == UNIT_IDLE && !u->holder &&
	    (!health_is_usable(&u->health) || is_wanted_by_others(u) ||
	     (can_be_idle(u) && c->turn_s >= u->changed_s + c->s->idle_s)))
		unit_close(u);
	if (may_probe(u) && c->turn_s >= u->retry_at_s &&
	    health_wants_probe(&u->health, clock_wall(c->clock)))
		unit_probe(u);
}

void tend_units(struct chips *c)
{
	for (uint32_t i = 0; i < c->n_units; i++)
		tend_unit(&c->units[i]);
}

/* When tend_unit() has something to do for u next. */
static double unit_next_s(const struct unit *u)
{
	const struct chips *c = u->chips;
	double now_s = c->turn_s, at_s = unit_reread_at(u);

	if (can_be_idle(u))
		return u->changed_s + c->s->idle_s;
	if (list_is_empty(&c->queue))
		return INFINITY;
	if (may_probe(u))
		at_s = fmin(at_s, fmax(u->retry_at_s,
				       now_s + u->health.until_wall_s - clock_wall(c->clock)));
	else if (u->retry_at_s > now_s)
		at_s = fmin(at_s, u->retry_at_s);
	if ((u->state == UNIT_OPENING || u->state == UNIT_CLOSING) && unit_slow_at(u) > now_s)
		at_s = fmin(at_s, unit_slow_at(u));
	return at_s;
}

double tend_next_s(const struct chips *c)
{
	double at_s = INFINITY;

	for (uint32_t i = 0; i < c->n_units; i++)
		at_s = fmin(at_s, unit_next_s(&c->units[i]));
	return at_s;
}
