/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that wait for devices, in the order of their arrival, with two exceptions. A job that does
 * not fit lets later jobs pass (backfill), until it has waited so long that the units that will be
 * free first are reserved for it. And a device that has a job's image loaded takes that job first,
 * max_streak times in a row.
 *
 * A job is bound to units only when all of them are open. Until then each pass over the queue sets
 * units aside for it, all or none, and opens closed ones: as many as waiting jobs need. Each pass
 * decides anew, so a job takes the units that are open first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/chips.h"
#include "backends/chips/gang.h"
#include "backends/chips/lend.h"
#include "base/mem.h"

/* How many waiting jobs are searched for one whose image a device has loaded. */
enum { AFFINITY_WINDOW = 256 };

/* ---- waiting jobs ---- */

void chips_job_free(struct chips_job *j)
{
	if (list_is_linked(&j->link)) {
		list_remove(&j->link);
		j->chips->n_queued--;
	}
	arena_free(j->mem);
	free(j);
}

struct chips_job *queue_find(const struct chips *c, const struct job *job)
{
	list_for_each (it, &c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);

		if (j->job == job)
			return j;
	}
	return NULL;
}

void queue_put_back(struct chips_job *j)
{
	list_prepend(&j->chips->queue, &j->link);
	j->chips->n_queued++;
}

void queue_refuse_job(struct chips_job *j, enum job_reason reason, const char *text)
{
	j->refused = reason;
	j->refused_text = text;
}

void queue_refuse(struct chips *c, const char *open_options, const char *text)
{
	list_for_each (it, &c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);

		if (j->refused || j->request->is_borrowed ||
		    !str_eq(j->request->open_options, open_options))
			continue;
		queue_refuse_job(j, REASON_LAUNCH, arena_strdup(j->mem, text));
	}
}

void queue_end_refused(struct chips *c)
{
	list_for_each (it, &c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);

		if (j->refused)
			chips_job_end_unstarted(j, j->refused, j->refused_text);
	}
}

void queue_note_started(struct chips *c)
{
	if (list_is_empty(&c->queue))
		c->has_said_waits = false;
}

void queue_resumed(struct chips *c, double pause_s)
{
	list_for_each (it, &c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);

		j->queued_s += pause_s;
		j->stuck_s += j->stuck_s > 0 ? pause_s : 0;
	}
	c->last_event_s += pause_s;
}

void queue_done(struct chips *c)
{
	list_for_each (it, &c->queue)
		chips_job_free(list_entry(it, struct chips_job, link));
}

/* ---- a pass over the queue ---- */

struct pass {
	struct chips *c;
	bool *taken; /* set aside for jobs that were served in this pass */
	struct reservation r;
};

static void start_on(struct chips_job *j, struct unit *const *units)
{
	list_remove(&j->link);
	j->chips->n_queued--;
	if (j->request->is_borrowed)
		lend_act(lend_new(j, units));
	else
		gang_act(gang_new(j, units));
}

static bool is_overdue(const struct chips_job *j)
{
	return j->chips->turn_s >= j->queued_s + j->chips->s->reserve_after_s;
}

/* j failed on one of these units, and enough units that it has not tried are usable: for a while it
 * waits for them. If it fails there, too, the job is at fault, not the device. */
static bool waits_for_others(const struct chips_job *j, struct unit *const *units)
{
	const struct chips *c = j->chips;
	uint32_t n_others = 0, n_tried = 0;

	if (c->past.n == 0 || is_overdue(j))
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

/* Sets u aside for j, and opens or closes it if necessary. */
static void get_ready(struct pass *p, const struct chips_job *j, struct unit *u)
{
	const struct chips_request *q = j->request;

	p->taken[u - p->c->units] = true;
	unit_set_aside(u, p->c->last_pass);
	if (u->state == UNIT_IDLE && !str_eq(u->open_options, q->open_options))
		unit_close(u);
	else if (u->state == UNIT_CLOSED && !unit_open(u, q->open_options, q->open_s))
		chips_wake(p->c); /* the next turn chooses other units */
}

/* Why one of them has no lock. */
static const char *find_lock_failure(struct unit *const *units, uint32_t n, struct arena *mem)
{
	for (uint32_t i = 0; i < n; i++)
		if (units[i]->is_locked)
			return arena_strdup(mem, units[i]->locked_by);
	return NULL;
}

/* Finds units that are free in this pool and whose locks can be taken. A unit that another process
 * holds is not free after the try, so others are chosen then. */
static bool find_units(struct chips_job *j, const bool *withheld, struct unit **units,
		       bool *ret_is_ready)
{
	uint32_t n = j->request->n_devices;
	enum unit_lock lock = UNIT_LOCK_BUSY;

	while (lock == UNIT_LOCK_BUSY && chips_choose(j->chips, j, withheld, units, ret_is_ready) &&
	       !waits_for_others(j, units))
		lock = unit_take_locks(units, n);
	if (lock != UNIT_LOCK_FAILED)
		return lock == UNIT_LOCK_OURS;
	queue_refuse_job(j, REASON_LAUNCH, find_lock_failure(units, n, j->mem));
	chips_wake(j->chips);
	return false;
}

/* j starts, or units are set aside for it; false: there are none. */
static bool queue_serve(struct pass *p, struct chips_job *j, const bool *reserved)
{
	struct chips *c = p->c;
	bool *withheld, is_ready, is_found;
	struct unit **units;

	if (j->refused)
		return false;
	withheld = xcalloc(c->n_units, sizeof(*withheld));
	units = xcalloc(j->request->n_devices, sizeof(*units));
	for (uint32_t i = 0; i < c->n_units; i++)
		withheld[i] = p->taken[i] || (reserved && reserved[i]);
	is_found = find_units(j, withheld, units, &is_ready);
	if (is_found && is_ready) {
		start_on(j, units);
	} else if (is_found) {
		j->served_by = c->last_pass;
		for (uint32_t i = 0; i < j->request->n_devices; i++)
			get_ready(p, j, units[i]);
	}
	free(units);
	free(withheld);
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

/* A gang that has waited too long, and the jobs before it, are served first, whatever images are
 * loaded. The first of these jobs that must still wait gets units reserved. Jobs on one device need
 * no reservation: a device changes its image after max_streak of them. */
static void serve_overdue(struct pass *p)
{
	if (!has_overdue_gang(p->c))
		return;
	list_for_each (it, &p->c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);

		if (!is_overdue(j)) /* the queue is in the order of arrival */
			return;
		if (!queue_serve(p, j, NULL) && reserve_for(p->c, j, &p->r))
			return;
	}
}

static bool may_use_reserved(const struct pass *p, const struct chips_job *j)
{
	return !p->r.job || j == p->r.job || reserve_ends_before(p->c, j, &p->r);
}

/* Gangs for which units were set aside keep them while the others open. */
static void serve_gangs_again(struct pass *p)
{
	list_for_each (it, &p->c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);

		if (j->served_by && j->served_by == p->c->last_pass - 1 &&
		    j->request->n_devices > 1)
			queue_serve(p, j, may_use_reserved(p, j) ? NULL : p->r.units);
	}
}

static struct chips_job *find_affine(const struct chips *c, const struct unit *u)
{
	unsigned n = 0;

	list_for_each (it, &c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);
		const struct chips_request *q = j->request;

		if (n++ == AFFINITY_WINDOW)
			break;
		if (!q->is_borrowed && q->n_devices == 1 && q->image_key == u->image_key &&
		    str_eq(q->open_options, u->open_options) && !chips_job_is_served(j) &&
		    !past_has(c, j->job, u->device->id))
			return j;
	}
	return NULL;
}

/* Gives each unit a waiting job whose image it has loaded. */
static void serve_affine(struct pass *p)
{
	const struct chips *c = p->c;

	for (uint32_t i = 0; i < c->n_units && c->s->has_affinity; i++) {
		struct unit *u = &c->units[i];
		struct chips_job *j;

		if (u->state != UNIT_IDLE || !unit_is_free(u, c->turn_s) || p->taken[i] ||
		    u->streak >= c->s->max_streak)
			continue;
		j = find_affine(c, u);
		if (j && (!p->r.job || !p->r.units[i] || reserve_ends_before(c, j, &p->r)))
			start_on(j, &u);
	}
}

static uint32_t n_left(const struct pass *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->c->n_units; i++)
		n += !p->taken[i] && unit_is_free(&p->c->units[i], p->c->turn_s);
	return n;
}

static void serve_in_order(struct pass *p)
{
	uint32_t n = n_left(p);

	list_for_each (it, &p->c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);

		if (n == 0)
			return;
		if (j->request->n_devices <= n && !chips_job_is_served(j) &&
		    queue_serve(p, j, may_use_reserved(p, j) ? NULL : p->r.units))
			n = n_left(p);
	}
}

static void queue_pass(struct chips *c)
{
	struct pass p = {.c = c, .taken = xcalloc(c->n_units, sizeof(bool))};

	c->last_pass++;
	serve_overdue(&p);
	serve_gangs_again(&p);
	serve_affine(&p);
	serve_in_order(&p);
	free(p.taken);
	free(p.r.units);
}

/* ---- clocks ---- */

static double job_next_s(const struct chips_job *j)
{
	const struct chips *c = j->chips;
	double at_s = INFINITY;

	if (j->request->queue_s > 0 && !chips_job_is_served(j))
		at_s = j->queued_s + j->request->queue_s;
	if (!is_overdue(j))
		at_s = fmin(at_s, j->queued_s + c->s->reserve_after_s);
	if (chips_is_unused(c) && outlook_n_usable(j) < j->request->n_devices &&
	    c->turn_s < c->last_event_s + c->s->deadlock_s)
		at_s = fmin(at_s, c->last_event_s + c->s->deadlock_s);
	return at_s;
}

/* When to report that the first job waits; reported once, until the queue is empty. */
static double waits_next_s(const struct chips *c)
{
	if (list_is_empty(&c->queue) || c->has_said_waits)
		return INFINITY;
	return list_entry(c->queue.next, struct chips_job, link)->queued_s +
	       sched_waits_after_s(c->base.sched);
}

static void say_waits(struct chips *c)
{
	if (waits_next_s(c) > c->turn_s)
		return;
	c->has_said_waits = true;
	outlook_say_waits(list_entry(c->queue.next, struct chips_job, link));
}

double queue_next_s(const struct chips *c)
{
	double at_s = waits_next_s(c);

	list_for_each (it, &c->queue)
		at_s = fmin(at_s, job_next_s(list_entry(it, struct chips_job, link)));
	return at_s;
}

void queue_act(struct chips *c)
{
	if (list_is_empty(&c->queue))
		return;
	for (uint32_t i = 0; i < c->n_units; i++)
		unit_look_at_health_again(&c->units[i]);
	queue_pass(c);
	outlook_end_hopeless(c);
	say_waits(c);
}
