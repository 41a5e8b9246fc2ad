/* SPDX-License-Identifier: Apache-2.0 */
#include "chips_history.h"

#include <math.h>

static bool is_held_by(const struct unit *u, const struct gang *g)
{
	return u->holder == &g->holder && u->place < g->n && g->ranks[u->place].unit == u &&
	       (g->ranks[u->place].state != RANK_ENDED || g->ranks[u->place].is_kept);
}

static void check_gang(const struct gang *g)
{
	for (uint32_t i = 0; i < g->n; i++) {
		const struct rank *r = &g->ranks[i];

		if (r->state != RANK_ENDED || r->is_kept)
			assert_true(is_held_by(r->unit, g) && r->unit->place == i);
		if (r->is_kept)
			assert_true(g->has_broken && r->state == RANK_ENDED);
		if (r->state >= RANK_SENT && r->state < RANK_ENDED)
			assert_true(r->unit->state == UNIT_BUSY || r->unit->state == UNIT_DYING);
	}
}

/* A rank that was asked to end is killed exactly when its grace is over. */
static void check_grace(const struct gang *g)
{
	const struct chips_settings *s = g->chips->s;

	if (!g->is_ending)
		return;
	if (isfinite(g->kill_at_s)) {
		assert_true(world.clock.now_s <= g->kill_at_s);
		assert_true(g->kill_at_s <= world.clock.now_s + fmax(s->grace_s, s->peer_grace_s));
		return;
	}
	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].state != RANK_ENDED)
			assert_int_equal(g->ranks[i].unit->state, UNIT_DYING);
}

/* The second attempt that breaks devices is the last one: the job is the cause. */
static void check_breaker(const struct fake_job *j)
{
	bool *has_broken = &h.has_broken[j->job.n];

	if (j->result.reason == REASON_WEDGE)
		assert_false(*has_broken);
	*has_broken |= j->result.reason == REASON_WEDGE;
}

/* A gang has all of its devices in every state, until it returns them. */
static void check_lend(const struct lend *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct lent *d = &l->devices[i];

		if (d->is_back) {
			assert_int_equal(l->state, LEND_PROBING);
			continue;
		}
		assert_true(d->unit->holder == &l->holder && d->unit->place == i);
		assert_int_equal(d->unit->state == UNIT_LENT, l->state == LEND_RUNNING);
		assert_int_equal(d->unit->is_probe, l->state == LEND_PROBING);
	}
	assert_int_equal(l->slot != NULL, l->state == LEND_RUNNING);
}

static void check_unit(const struct unit *u)
{
	static const unsigned has_worker = 1u << UNIT_OPENING | 1u << UNIT_IDLE | 1u << UNIT_BUSY |
					   1u << UNIT_CLOSING | 1u << UNIT_DYING;

	assert_int_equal(u->worker != NULL, (has_worker >> u->state) & 1);
	if (u->holder && u->holder->ops == &gang_holder_ops)
		assert_true(is_held_by(u, container_of(u->holder, struct gang, holder)));
	else
		assert_true(u->state != UNIT_BUSY && (u->holder || u->state != UNIT_LENT));
	if (u->state == UNIT_IDLE)
		assert_true(device_worker_is_idle(u->worker) &&
			    (u->holder || world.c->is_paused || health_is_usable(&u->health)));
}

static unsigned n_places(const struct fake_job *j)
{
	unsigned n = 0;

	list_for_each (it, &world.c->queue)
		n += list_entry(it, struct chips_job, link)->job == &j->job;
	list_for_each (it, &world.c->gangs)
		n += list_entry(it, struct gang, link)->job->job == &j->job;
	list_for_each (it, &world.c->lends)
		n += list_entry(it, struct lend, link)->job->job == &j->job;
	return n;
}

void history_check_books(void)
{
	uint32_t n_workers = 0;

	list_for_each (it, &world.c->gangs) {
		check_gang(list_entry(it, struct gang, link));
		check_grace(list_entry(it, struct gang, link));
	}
	list_for_each (it, &world.c->lends)
		check_lend(list_entry(it, struct lend, link));
	for (uint32_t i = 0; i < world.c->n_units; i++) {
		check_unit(&world.c->units[i]);
		n_workers += world.c->units[i].worker != NULL;
	}
	assert_int_equal(n_workers, world.c->n_workers);
	assert_int_equal(n_workers, world.n_workers);
	for (uint32_t i = 0; i < world.n_jobs; i++) {
		const struct fake_job *j = &world.jobs[i];
		bool is_there = j->state == FAKE_SUBMITTED || j->state == FAKE_STARTED;

		assert_int_equal(n_places(j), is_there);
		assert_int_equal(j->n_ended, j->attempt - is_there);
		assert_true(j->n_started <= j->attempt);
	}
}

static bool find_broken(const struct gang *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (probe_found_broken(&g->ranks[i].probe))
			return true;
	return false;
}

/* The class of the cause decides, by its row; that a device does not open any more goes before it.
 */
void history_check_row(struct fake_job *j)
{
	list_for_each (it, &world.c->gangs) {
		const struct gang *g = list_entry(it, struct gang, link);
		const struct class_fate *fate;

		if (g->job->job != &j->job || g->cause < 0 || g->was_killed)
			continue;
		fate = device_class_fate(find_broken(g) ? DVS_WEDGE : g->ranks[g->cause].end.class);
		assert_int_equal(j->result.status, g->is_started ? fate->status : JOB_KILLED);
		if (j->result.reason == REASON_BREAKS_DEVICES)
			assert_false(j->result.is_uncounted);
		else if (g->is_started)
			assert_int_equal(j->result.reason, fate->reason);
		if (j->result.is_uncounted && g->ranks[g->cause].end.was_read)
			assert_false(fate->is_counted);
		for (uint32_t i = 0; i < g->n; i++)
			if ((int)i != g->cause && g->job->request->fail_fast)
				assert_true(g->ranks[i].end.class == DVS_PEER ||
					    g->ranks[i].end.class == DVS_OK ||
					    g->ranks[i].is_given_up);
	}
	if (h.is_calm && j->result.status != JOB_PASSED)
		fail_msg("%s, and nothing went wrong: %s", j->id, j->message);
	check_breaker(j);
	h.n_passed += j->result.status == JOB_PASSED;
	h.n_other += j->result.status != JOB_PASSED;
}

/* Without faults, the first job in the queue that has waited too long starts when the current runs
 * are over. */
void history_check_patience(void)
{
	const struct chips_job *first;
	double since_s;

	if (!h.is_calm)
		return;
	if (list_is_empty(&world.c->queue)) {
		h.head = NULL;
		return;
	}
	first = list_entry(world.c->queue.next, struct chips_job, link);
	if (first->job != h.head) {
		h.head = first->job;
		h.head_since_s = world.clock.now_s;
	}
	since_s = fmax(h.head_since_s, first->queued_s + world.settings.reserve_after_s);
	if (world.clock.now_s > since_s + 120)
		fail_msg("%s, on %u devices, waits for ever", first->job->spec->id,
			 first->request->n_devices);
}

/* The backend holds the lock of a device exactly while one of its processes uses the device. */
static void check_lock(const struct unit *u)
{
	uint32_t i = (uint32_t)(u - world.c->units);

	if (u->worker || u->state == UNIT_LENT)
		assert_true(u->lock.is_held);
	else if (!u->holder && !world.woken)
		assert_false(u->lock.is_held);
	if (u->lock.is_held && !h.had_lock[i])
		assert_false(h.was_others[i]); /* an earlier process waits for it */
	h.had_lock[i] = u->lock.is_held;
}

void history_check_locks(void)
{
	for (uint32_t i = 0; i < world.c->n_units && world.settings.lock_dir; i++)
		check_lock(&world.c->units[i]);
}
