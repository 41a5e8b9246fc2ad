/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that wait for devices. In the order in which they came, but: what does not fit keeps nobody
 * behind it waiting (backfill), until it has waited so long that the units which will be free first
 * are reserved for it; and a device that has a job's image loaded takes that job first, max_streak
 * times in a row.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/chips.h"
#include "base/mem.h"

/* How many waiting jobs are looked at for one that a device has loaded already. */
enum { AFFINITY_WINDOW = 256 };

void chips_job_free(struct chips_job *j)
{
	if (list_is_linked(&j->link)) {
		list_remove(&j->link);
		j->chips->n_queued--;
	}
	arena_free(j->mem);
	free(j);
}

/* ---- starting ---- */

static void start_on(struct chips_job *j, struct unit *const *units)
{
	list_remove(&j->link);
	j->chips->n_queued--;
	if (j->request->is_borrowed)
		lend_start(j, units);
	else
		gang_start(j, units);
}

static bool is_overdue(const struct chips_job *j)
{
	return j->chips->turn_s >= j->queued_s + j->chips->s->reserve_after_s;
}

/* It failed on one of these, and others that it has not tried will be free: for a while it waits
 * for them. A second end elsewhere tells a bad job from a bad device. */
static bool waits_for_others(const struct chips_job *j, struct unit *const *units)
{
	const struct chips *c = j->chips;
	uint32_t n_others = 0, n_tried = 0;

	if (c->n_past == 0 || is_overdue(j))
		return false;
	for (uint32_t i = 0; i < j->request->n_devices; i++)
		n_tried += past_has(c, j->job, units[i]->device->id);
	if (n_tried == 0)
		return false;
	for (uint32_t i = 0; i < c->n_units; i++)
		n_others += health_is_usable(&c->units[i].health) &&
			    !past_has(c, j->job, c->units[i].device->id);
	return n_others >= j->request->n_devices;
}

static bool start(struct chips_job *j, const bool *reserved)
{
	struct unit **units = xcalloc(j->request->n_devices, sizeof(*units));
	bool is_found = chips_choose(j->chips, j, reserved, units) && !waits_for_others(j, units);

	if (is_found)
		start_on(j, units);
	free(units);
	return is_found;
}

static bool has_overdue_gang(const struct chips *c)
{
	list_for_each (it, &c->queue) {
		const struct chips_job *j = list_entry(it, struct chips_job, link);

		if (!is_overdue(j))
			return false;
		if (j->request->n_devices > 1)
			return true;
	}
	return false;
}

/* A gang that has waited too long, and who waits before it, go first, whatever is loaded; the first
 * one that must still wait gets what it needs reserved. Jobs on one device alone need no such help:
 * a device leaves its image after max_streak of them. */
static void start_overdue(struct chips *c, struct reservation *r)
{
	if (!has_overdue_gang(c))
		return;
	list_for_each (it, &c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);

		if (!is_overdue(j)) /* they stand in the order in which they came */
			return;
		if (!start(j, NULL) && reserve_for(c, j, r))
			return;
	}
}

static struct chips_job *find_affine(struct chips *c, const struct unit *u)
{
	unsigned n = 0;

	list_for_each (it, &c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);

		if (n++ == AFFINITY_WINDOW)
			break;
		if (!j->request->is_borrowed && j->request->n_devices == 1 &&
		    j->request->image_key == u->image_key && !past_has(c, j->job, u->device->id))
			return j;
	}
	return NULL;
}

/* A unit that has loaded what somebody waits for. */
static void start_affine(struct chips *c, const struct reservation *r)
{
	for (uint32_t i = 0; i < c->n_units && c->s->has_affinity; i++) {
		struct unit *u = &c->units[i];
		struct chips_job *j;

		if (u->state != UNIT_IDLE || !unit_is_free(u, c->turn_s) ||
		    u->streak >= c->s->max_streak)
			continue;
		j = find_affine(c, u);
		if (!j || (r->job && r->units[i] && !reserve_ends_before(c, j, r)))
			continue;
		start_on(j, &u);
	}
}

static uint32_t n_free_now(const struct chips *c)
{
	double now_s = chips_now(c);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_units; i++)
		n += unit_is_free(&c->units[i], now_s);
	return n;
}

static void start_in_order(struct chips *c, const struct reservation *r)
{
	uint32_t n_free = n_free_now(c);

	list_for_each (it, &c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);
		bool is_free = !r->job || j == r->job || reserve_ends_before(c, j, r);

		if (n_free == 0)
			return;
		if (j->request->n_devices <= n_free && start(j, is_free ? NULL : r->units))
			n_free = n_free_now(c);
	}
}

/* ---- devices that nobody uses ---- */

/* Only if somebody waits who could use it. */
static bool may_probe(const struct unit *u)
{
	return u->state == UNIT_CLOSED && !u->gang && !u->lend &&
	       !list_is_empty(&u->chips->queue) && u->health.state != HEALTH_DEAD;
}

/* A quarantine has its time; what is only poisoned is looked at at once. */
static bool is_probe_due(const struct unit *u)
{
	return health_is_usable(&u->health)
		       ? u->wants_probe
		       : health_wants_probe(&u->health, clock_wall(u->chips->clock));
}

static bool is_long_idle(const struct unit *u)
{
	const struct chips *c = u->chips;

	return c->s->idle_s > 0 && list_is_empty(&c->queue) &&
	       chips_now(c) >= u->changed_s + c->s->idle_s;
}

/* Closing what is idle, probing what was quarantined or poisoned. */
static void tend(struct unit *u)
{
	struct chips *c = u->chips;
	struct error err = {0};

	if (u->state == UNIT_IDLE && !u->gang && (!health_is_usable(&u->health) || is_long_idle(u)))
		unit_close(u);
	if (!may_probe(u) || c->turn_s < u->retry_at_s || !is_probe_due(u))
		return;
	u->is_probe = true;
	if (unit_open(u, c->s->options, &err) < 0) {
		u->is_probe = false;
		unit_note_locked(u, err.msg);
		error_done(&err);
	}
}

/* What dispatch_once() will do then, and has not done now. */
static double unit_appointment(const struct unit *u)
{
	const struct chips *c = u->chips;
	double now_s = c->turn_s;

	if (u->state == UNIT_IDLE && !u->gang && c->s->idle_s > 0 && list_is_empty(&c->queue))
		return u->changed_s + c->s->idle_s;
	if (list_is_empty(&c->queue))
		return INFINITY;
	if (may_probe(u) && u->health.state == HEALTH_QUARANTINED)
		return fmax(u->retry_at_s, now_s + u->health.until_wall_s - clock_wall(c->clock));
	return u->retry_at_s > now_s ? u->retry_at_s : INFINITY;
}

static double job_appointment(const struct chips_job *j)
{
	const struct chips *c = j->chips;
	double at_s = INFINITY;

	if (j->request->queue_s > 0)
		at_s = j->queued_s + j->request->queue_s;
	if (!is_overdue(j))
		at_s = fmin(at_s, j->queued_s + c->s->reserve_after_s);
	if (chips_is_unused(c) && outlook_n_usable(j) < j->request->n_devices &&
	    c->turn_s < c->last_event_s + c->s->deadlock_s)
		at_s = fmin(at_s, c->last_event_s + c->s->deadlock_s);
	return at_s;
}

/* The first job waits, and others with it: said once, until all have started. */
static double waits_appointment(const struct chips *c)
{
	if (list_is_empty(&c->queue) || c->has_said_waits)
		return INFINITY;
	return list_entry(c->queue.next, struct chips_job, link)->queued_s +
	       sched_waits_after_s(c->base.sched);
}

static void say_waits(struct chips *c)
{
	if (waits_appointment(c) > c->turn_s)
		return;
	c->has_said_waits = true;
	outlook_say_waits(list_entry(c->queue.next, struct chips_job, link));
}

static double next_appointment(const struct chips *c)
{
	double at_s = waits_appointment(c);

	for (uint32_t i = 0; i < c->n_units; i++)
		at_s = fmin(at_s, unit_appointment(&c->units[i]));
	list_for_each (it, &c->queue)
		at_s = fmin(at_s, job_appointment(list_entry(it, struct chips_job, link)));
	return at_s;
}

/* The clocks of units run on in a pause, and until the last has left. */
static void set_tick(struct chips *c)
{
	double at_s;

	c->turn_s = chips_now(c);
	at_s = c->is_paused || c->is_closing ? INFINITY : next_appointment(c);
	if (watch_is_quiet(c, c->tick_due_s))
		at_s = fmin(at_s, c->turn_s + 1);
	else
		for (uint32_t i = 0; i < c->n_units; i++)
			at_s = fmin(at_s, unit_look(&c->units[i]));
	ev_timer_stop(c->loop, &c->tick);
	c->tick_due_s = at_s;
	if (!isfinite(at_s))
		return;
	ev_timer_set(&c->tick, fmax(at_s - c->turn_s, 0.001), 0);
	ev_timer_start(c->loop, &c->tick);
}

static void dispatch_once(struct chips *c)
{
	struct reservation r = {0};

	c->turn_s = chips_now(c);
	if (c->is_paused || c->is_closing)
		return;
	outlook_end_hopeless(c);
	start_overdue(c, &r);
	start_affine(c, &r);
	start_in_order(c, &r);
	free(r.units);
	say_waits(c);
	for (uint32_t i = 0; i < c->n_units; i++)
		tend(&c->units[i]);
}

void chips_dispatch(struct chips *c)
{
	/* What is done here may call back: once more then, when this is done. */
	c->must_dispatch = true;
	if (c->is_dispatching)
		return;
	c->is_dispatching = true;
	while (c->must_dispatch) {
		c->must_dispatch = false;
		dispatch_once(c);
	}
	c->is_dispatching = false;
	set_tick(c);
}

void chips_queue_started(struct chips *c)
{
	if (list_is_empty(&c->queue))
		c->has_said_waits = false;
}

void chips_queue_resumed(struct chips *c, double pause_s)
{
	list_for_each (it, &c->queue)
		list_entry(it, struct chips_job, link)->queued_s += pause_s;
	c->last_event_s += pause_s;
}

void chips_queue_done(struct chips *c)
{
	list_for_each (it, &c->queue)
		chips_job_free(list_entry(it, struct chips_job, link));
}
