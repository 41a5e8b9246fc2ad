/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which of the classes that compete for resources may start a job. Classes are visited in
 * the order of their best jobs. A class that lacks a resource is next in line for it if no better
 * class lacks the same resource. Then everything that it needs is reserved for it, and later
 * classes get what is left. So it waits only for jobs that run already, not for narrow jobs that
 * come later. Classes behind it in a line reserve nothing; otherwise one licence that is not
 * available would leave many others idle. A class that needs more than the limit reserves nothing
 * either: it waits until the limit is raised.
 *
 * A reservation is only a matter of order: a better class may still take the units. So the best
 * class never waits for a worse one, and no two classes wait for each other. Reservations of CPUs
 * are in ready.c.
 *
 * When something changes, this is computed again for all classes connected by resources. They are
 * few, and only the best job of each class is considered.
 */
#include <assert.h>
#include <string.h>

#include "base/vec.h"
#include "scheduler/state.h"

/* ---- sets of rivals ---- */

static struct rivals *rivals_of(struct resource *r)
{
	struct rivals *all = &r->rivals;

	while (all->joined)
		all = all->joined;
	if (all != &r->rivals)
		r->rivals.joined = all; /* shortens the path for the next call */
	return all;
}

static struct rivals *class_rivals(const struct ready_class *c)
{
	return rivals_of(c->needs[0].resource);
}

void rivals_join(struct ready_class *c)
{
	for (uint32_t i = 0; i < c->n_needs; i++) {
		struct rivals *all = class_rivals(c), *more = rivals_of(c->needs[i].resource);

		assert(all->n == 0 && more->n == 0);
		if (all->n_resources == 0)
			all->n_resources = 1;
		if (more == all)
			continue;
		more->joined = all;
		all->n_resources += more->n_resources ? more->n_resources : 1;
	}
}

/* ---- their order ---- */

static void set_changed(struct sched *s, struct rivals *all)
{
	if (!list_is_linked(&all->link))
		list_append(&s->unsettled, &all->link);
}

void rivals_changed(struct sched *s, struct resource *r)
{
	set_changed(s, rivals_of(r));
}

/* Binary search for the place of c in all->at. */
static uint32_t place_of(const struct sched *s, const struct rivals *all,
			 const struct ready_class *c)
{
	uint32_t low = 0, high = all->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (priority_first(s, ready_head(all->at[mid]), ready_head(c)))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void rivals_shift(struct rivals *all, uint32_t from, uint32_t to, uint32_t n)
{
	memmove(all->at + to, all->at + from, n * sizeof(struct ready_class *));
	for (uint32_t i = to; i < to + n; i++)
		all->at[i]->place = i;
}

static void rivals_insert(const struct sched *s, struct rivals *all, struct ready_class *c)
{
	uint32_t place = place_of(s, all, c);

	vec_add(all);
	rivals_shift(all, place, place + 1, all->n - 1 - place);
	all->at[place] = c;
	c->place = place;
}

static void take_out(struct rivals *all, const struct ready_class *c)
{
	assert(all->at[c->place] == c);
	all->n--;
	rivals_shift(all, c->place + 1, c->place, all->n - c->place);
}

static void set_open(struct rivals *all, struct ready_class *c, bool is_open)
{
	if (is_open == heap_is_in(&c->node))
		return;
	if (is_open) {
		heap_push(&c->lane->classes, &c->node);
		all->n_open++;
	} else {
		heap_remove(&c->lane->classes, &c->node);
		all->n_open--;
	}
}

void rivals_add(struct sched *s, struct ready_class *c)
{
	struct rivals *all = class_rivals(c);

	rivals_insert(s, all, c);
	set_changed(s, all);
}

void rivals_remove(struct sched *s, struct ready_class *c)
{
	struct rivals *all = class_rivals(c);

	set_open(all, c, false);
	waits_set(s, c, false);
	take_out(all, c);
	set_changed(s, all);
}

void rivals_moved(struct sched *s, struct ready_class *c)
{
	struct rivals *all = class_rivals(c);

	take_out(all, c);
	rivals_insert(s, all, c);
	set_changed(s, all);
}

/* ---- which classes may start a job ---- */

static bool is_possible(const struct class_need *need)
{
	const struct resource *r = need->resource;

	return r->limit == RESOURCE_UNLIMITED || r->is_soft ||
	       (need->count != RESOURCE_UNLIMITED && need->count <= r->limit);
}

static bool is_there(const struct class_need *need)
{
	const struct resource *r = need->resource;

	return r->limit == RESOURCE_UNLIMITED || r->in_use + r->kept + need->count <= r->limit ||
	       (r->is_soft && r->in_use + r->kept == 0);
}

static void begin_round(const struct ready_class *c, uint64_t round)
{
	for (uint32_t i = 0; i < c->n_needs; i++) {
		struct resource *r = c->needs[i].resource;

		if (r->round == round)
			continue;
		r->round = round;
		r->kept = 0;
		r->is_closed = false;
	}
}

enum standing { MAY_GO, NEXT_IN_LINE, BEHIND };

static enum standing standing_of(const struct ready_class *c)
{
	enum standing ret = MAY_GO;

	for (uint32_t i = 0; i < c->n_needs; i++) {
		if (!is_possible(&c->needs[i]))
			return BEHIND;
		if (is_there(&c->needs[i]))
			continue;
		if (c->needs[i].resource->is_closed)
			ret = BEHIND;
		else if (ret == MAY_GO)
			ret = NEXT_IN_LINE;
	}
	return ret;
}

/* Reserves everything that c needs. Returns the number of resources for which it is
 * next in line. */
static uint32_t keep_all(const struct ready_class *c)
{
	uint32_t n_closed = 0;

	for (uint32_t i = 0; i < c->n_needs; i++) {
		struct resource *r = c->needs[i].resource;

		if (!is_there(&c->needs[i])) {
			r->is_closed = true;
			n_closed++;
		}
		r->kept += c->needs[i].count == RESOURCE_UNLIMITED ? 0 : c->needs[i].count;
	}
	return n_closed;
}

/* Stops when each resource has a class next in line and all open classes were visited: the rest
 * waits already. */
static void settle_rivals(struct sched *s, struct rivals *all, uint64_t round)
{
	uint32_t n_closed = 0, n_open = all->n_open;

	for (uint32_t i = 0; i < all->n && (n_closed < all->n_resources || n_open); i++) {
		struct ready_class *c = all->at[i];
		enum standing standing;

		n_open -= heap_is_in(&c->node);
		begin_round(c, round);
		standing = standing_of(c);
		if (standing == NEXT_IN_LINE)
			n_closed += keep_all(c);
		waits_set(s, c, standing == NEXT_IN_LINE);
		set_open(all, c, standing == MAY_GO);
	}
}

void rivals_settle(struct sched *s)
{
	list_for_each (it, &s->unsettled) {
		list_remove(it);
		settle_rivals(s, list_entry(it, struct rivals, link), ++s->n_rounds);
	}
}
