/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who of those that want the same resources may go. Classes are gone through in the order of their
 * best jobs. One that lacks something is next in line for it if no better one lacks the same: then
 * all that it asks for is kept for it, and worse ones get what is left. So it waits only for jobs
 * that run already, however many narrow ones come after it. Those behind it in a line keep nothing,
 * or a licence that is not to be had would leave many others idle. One that asks for more than
 * there is at all keeps nothing either: it waits for the limit.
 *
 * What is kept is a matter of order, and nobody holds it: a better class takes it, so the best one
 * never waits for a worse one, and no two wait for each other. CPUs are another matter, see
 * ready.c.
 *
 * All is worked out anew where anything changed, among classes that are connected by resources,
 * which are few; of the jobs that wait, only the first of a class is looked at.
 */
#include <assert.h>
#include <string.h>

#include "base/vec.h"
#include "scheduler/state.h"

/* ---- who are rivals ---- */

static struct rivals *rivals_of(struct resource *r)
{
	struct rivals *all = &r->rivals;

	while (all->joined)
		all = all->joined;
	if (all != &r->rivals)
		r->rivals.joined = all; /* the next time it is one step */
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

/* The place of c among the n that are in order. */
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

static void shift(struct rivals *all, uint32_t from, uint32_t to, uint32_t n)
{
	memmove(all->at + to, all->at + from, n * sizeof(struct ready_class *));
	for (uint32_t i = to; i < to + n; i++)
		all->at[i]->place = i;
}

static void insert(const struct sched *s, struct rivals *all, struct ready_class *c)
{
	uint32_t place = place_of(s, all, c);

	vec_add(all);
	shift(all, place, place + 1, all->n - 1 - place);
	all->at[place] = c;
	c->place = place;
}

static void take_out(struct rivals *all, const struct ready_class *c)
{
	assert(all->at[c->place] == c);
	all->n--;
	shift(all, c->place + 1, c->place, all->n - c->place);
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

	insert(s, all, c);
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
	insert(s, all, c);
	set_changed(s, all);
}

/* ---- who may go ---- */

static bool is_possible(const struct class_need *need)
{
	const struct resource *r = need->resource;

	return r->limit == RESOURCE_UNLIMITED ||
	       (need->count != RESOURCE_UNLIMITED && need->count <= r->limit);
}

static bool is_there(const struct class_need *need)
{
	const struct resource *r = need->resource;

	return r->limit == RESOURCE_UNLIMITED || r->in_use + r->kept + need->count <= r->limit;
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

/* Returns how many resources were closed by it. */
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

/* When each resource has somebody next in line, all others wait; most of them do already. */
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
