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
#include "backends/chips/device_list.h"
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

/* ---- who can never run, and why somebody waits ---- */

static uint32_t n_units_that(const struct chips *c, bool (*is)(const struct unit *u))
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_units; i++)
		n += is(&c->units[i]);
	return n;
}

/* How many at most j could have at once. */
static uint32_t n_for(const struct chips_job *j, bool (*is)(const struct unit *u))
{
	const struct chips *c = j->chips;
	uint32_t most = 0;

	if (!j->request->same_domain || j->request->n_devices == 1)
		return n_units_that(c, is);
	for (uint32_t i = 0; i < c->n_units; i++) {
		uint32_t n = 0;

		for (uint32_t k = 0; k < c->n_units; k++)
			n += c->units[k].device->domain == c->units[i].device->domain &&
			     is(&c->units[k]);
		if (c->units[i].device->domain >= 0 && n > most)
			most = n;
	}
	return most;
}

static bool is_usable(const struct unit *u)
{
	return health_is_usable(&u->health);
}

static bool is_not_dead(const struct unit *u)
{
	return u->health.state != HEALTH_DEAD;
}

/* "; 0-3 quarantined" */
static void add_state(const struct chips *c, struct str *out, enum health_state state)
{
	int32_t *ids = xcalloc(c->n_units, sizeof(*ids));
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_units; i++)
		if (c->units[i].health.state == state)
			ids[n++] = c->units[i].device->id;
	if (n) {
		str_add(out, "; ");
		device_list_add(out, ids, n);
		str_printf(out, " %s", health_state_name(state));
	}
	free(ids);
}

/* "; device 0 is quarantined until …: why" */
static void add_only(const struct chips *c, struct str *out)
{
	for (uint32_t i = 0; i < c->n_units; i++) {
		const struct unit *u = &c->units[i];

		if (is_usable(u))
			continue;
		str_printf(out, "; device %d is ", u->device->id);
		health_add_state(out, &u->health);
		health_add_reason(out, &u->health);
	}
}

/* One is told in full; of more only which. */
static void add_unusable(const struct chips *c, struct str *out)
{
	if (c->n_units - n_units_that(c, is_usable) == 1) {
		add_only(c, out);
	} else {
		add_state(c, out, HEALTH_QUARANTINED);
		add_state(c, out, HEALTH_DEAD);
	}
	for (uint32_t i = 0; i < c->n_units; i++)
		if (is_usable(&c->units[i]) && c->units[i].locked_by[0])
			str_printf(out, "; %s", c->units[i].locked_by);
}

/* The reasons, a line for each device. */
static const char *why_unusable(const struct chips_job *j)
{
	const struct chips *c = j->chips;
	_cleanup_(str_done) struct str out = {0};

	for (uint32_t i = 0; i < c->n_units; i++) {
		const struct unit *u = &c->units[i];

		if (is_usable(u))
			continue;
		str_printf(&out, "%sdevice %d is ", out.len ? "\n" : "", u->device->id);
		health_add_state(&out, &u->health);
		health_add_reason(&out, &u->health);
	}
	return out.len ? arena_strdup(j->mem, out.s) : NULL;
}

void chips_job_end_unstarted(struct chips_job *j, enum job_reason reason, const char *text)
{
	const struct job_result result = {
		.status = JOB_KILLED,
		.reason = reason,
		.message = text,
		.context = why_unusable(j),
		.exit_status = -1,
	};

	sched_job_ended(j->job, &result);
	chips_job_free(j);
}

static const char *why_waiting(const struct chips_job *j)
{
	const struct chips *c = j->chips;
	_cleanup_(str_done) struct str out = {0};

	str_printf(&out, "needs %u of the %u devices of '%s', %u of them usable",
		   j->request->n_devices, c->n_units, c->s->name, n_units_that(c, is_usable));
	if (j->request->same_domain)
		str_add(&out, ", in one fault domain");
	add_unusable(c, &out);
	return arena_strdup(j->mem, out.s);
}

static bool is_unused(const struct chips *c)
{
	return list_is_empty(&c->gangs) && list_is_empty(&c->lends);
}

/* Nothing runs, nothing opens, nothing came back for a while: what cannot ever run is told so.
 * Idleness alone convicts nobody: a job that could run on usable devices goes on waiting. */
static bool is_quiet(const struct chips *c)
{
	if (!is_unused(c) || chips_now(c) < c->last_event_s + c->s->deadlock_s)
		return false;
	for (uint32_t i = 0; i < c->n_units; i++)
		if (c->units[i].state == UNIT_OPENING)
			return false;
	return true;
}

/* What all jobs that wait see alike: with many devices too much to find out for each. */
struct outlook {
	bool is_quiet;
	uint32_t n_usable, n_not_dead;
};

static bool end_if_hopeless(struct chips_job *j, const struct outlook *o)
{
	struct chips *c = j->chips;
	uint32_t n = j->request->n_devices, n_not_dead, n_usable;

	if (j->request->queue_s > 0 && chips_now(c) >= j->queued_s + j->request->queue_s) {
		chips_job_end_unstarted(j, REASON_QUEUE_TIMEOUT,
					arena_printf(j->mem, "waited %gs for devices: it %s",
						     j->request->queue_s, why_waiting(j)));
		return true;
	}
	n_not_dead = j->request->same_domain ? n_for(j, is_not_dead) : o->n_not_dead;
	n_usable = j->request->same_domain ? n_for(j, is_usable) : o->n_usable;
	if (n_not_dead >= n && !(o->is_quiet && n_usable < n))
		return false;
	chips_job_end_unstarted(
		j, REASON_NO_DEVICE,
		arena_printf(j->mem, "no usable device is left: it %s", why_waiting(j)));
	return true;
}

static void end_hopeless(struct chips *c)
{
	const struct outlook o = {
		.is_quiet = is_quiet(c),
		.n_usable = n_units_that(c, is_usable),
		.n_not_dead = n_units_that(c, is_not_dead),
	};

	list_for_each (it, &c->queue)
		end_if_hopeless(list_entry(it, struct chips_job, link), &o);
}

/* ---- reservation ---- */

struct reservation {
	const struct chips_job *job; /* NULL: none */
	bool *units;
	double at_s; /* when they will be free, as far as limits tell; INFINITY: not known */
};

/* When the run that is on u must be over, as far as its limit tells. */
static double free_at(const struct chips *c, const struct unit *u)
{
	const struct gang *g = u->gang;

	if (u->lend)
		return lend_ends_at(u->lend);
	if (!g)
		return u->retry_at_s > chips_now(c) ? u->retry_at_s : chips_now(c);
	if (g->job->request->run_s <= 0)
		return INFINITY;
	return (g->is_released ? g->released_s : chips_now(c)) + g->job->request->run_s;
}

/* The usable unit that is free first, of those that are not taken; n_units: none. */
static uint32_t next_free(const struct chips *c, const bool *taken, const int32_t *domain)
{
	uint32_t best = c->n_units;

	for (uint32_t i = 0; i < c->n_units; i++) {
		const struct unit *u = &c->units[i];

		if (taken[i] || !is_usable(u) || (domain && u->device->domain != *domain))
			continue;
		if (best == c->n_units || free_at(c, u) < free_at(c, &c->units[best]))
			best = i;
	}
	return best;
}

/* n units; false: there are not so many, and none is kept. */
static bool reserve_among(const struct chips *c, const int32_t *domain, uint32_t n,
			  struct reservation *r)
{
	bool *units = xcalloc(c->n_units, sizeof(*units));
	double at_s = 0;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t next = next_free(c, units, domain);

		if (next == c->n_units) {
			free(units);
			return false;
		}
		units[next] = true;
		at_s = fmax(at_s, free_at(c, &c->units[next]));
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

/* What will be free first; false: it cannot run on what is usable, however long it waits. */
static bool reserve(const struct chips *c, const struct chips_job *j, struct reservation *r)
{
	uint32_t n = j->request->n_devices;
	bool is_possible = false;

	if (!j->request->same_domain || n == 1)
		is_possible = reserve_among(c, NULL, n, r);
	else
		for (uint32_t i = 0; i < c->n_units; i++)
			if (c->units[i].device->domain >= 0)
				is_possible |= reserve_among(c, &c->units[i].device->domain, n, r);
	if (is_possible)
		r->job = j;
	return is_possible;
}

/* It will be gone before the reservation is due. */
static bool ends_in_time(const struct chips *c, const struct chips_job *j,
			 const struct reservation *r)
{
	return j->request->run_s > 0 && chips_now(c) + j->request->run_s <= r->at_s;
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
		n_others += is_usable(&c->units[i]) && !past_has(c, j->job, c->units[i].device->id);
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
		if (!start(j, NULL) && reserve(c, j, r))
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
		if (!j || (r->job && r->units[i] && !ends_in_time(c, j, r)))
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
		bool is_free = !r->job || j == r->job || ends_in_time(c, j, r);

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

	if (u->state == UNIT_IDLE && !u->gang && (!is_usable(u) || is_long_idle(u)))
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
	if (is_unused(c) && n_for(j, is_usable) < j->request->n_devices &&
	    c->turn_s < c->last_event_s + c->s->deadlock_s)
		at_s = fmin(at_s, c->last_event_s + c->s->deadlock_s);
	return at_s;
}

static double next_appointment(const struct chips *c)
{
	double at_s = INFINITY;

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
	for (uint32_t i = 0; i < c->n_units; i++)
		at_s = fmin(at_s, unit_look(&c->units[i]));
	ev_timer_stop(c->loop, &c->tick);
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
	end_hopeless(c);
	start_overdue(c, &r);
	start_affine(c, &r);
	start_in_order(c, &r);
	free(r.units);
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
