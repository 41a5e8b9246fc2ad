/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices for a process that opens them itself. They are its own by their locks, all or none: held
 * by us and by the slot that runs it, so that they are free only when its last process is gone,
 * whoever of the two dies first. A slot serves one lend.
 *
 * If the process fails, each device is opened by a worker before anybody is told: one that does not
 * open any more makes it the device's failure, and is quarantined.
 */
#include "backends/chips/lend.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "backends/chips/device_list.h"
#include "base/mem.h"
#include "device/device_lock.h"

static void close_locks(struct lend *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		closep(&l->devices[i].lock_fd);
}

static void give_back(struct lent *d)
{
	if (d->is_back)
		return;
	d->is_back = true;
	unit_take_back(d->unit);
	d->unit->lend = NULL;
}

/* Nothing that we may give back is left with a process. */
void lend_free(struct lend *l)
{
	slot_free(l->slot);
	close_locks(l);
	for (uint32_t i = 0; i < l->n; i++)
		give_back(&l->devices[i]);
	list_remove(&l->link);
	if (l->job)
		chips_job_free(l->job);
	free(l->devices);
	free(l);
}

static void finish(struct lend *l)
{
	struct chips *c = l->chips;

	c->last_event_s = chips_now(c);
	if (l->job)
		lend_tell(l);
	lend_free(l);
	chips_dispatch(c);
}

/* Not its fault: it waits again, at the front. */
static void requeue(struct lend *l)
{
	struct chips *c = l->chips;
	struct chips_job *j = l->job;

	l->job = NULL;
	list_prepend(&c->queue, &j->link);
	c->n_queued++;
	finish(l);
}

static void end_unstarted(struct lend *l, enum job_reason reason, const char *text)
{
	chips_job_end_unstarted(l->job, reason, text);
	l->job = NULL;
	finish(l);
}

/* ---- can they still be opened? ---- */

static bool all_back(const struct lend *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!l->devices[i].is_back)
			return false;
	return true;
}

static void probe(struct lend *l)
{
	struct chips *c = l->chips;

	l->state = LEND_PROBING;
	for (uint32_t i = 0; i < l->n; i++) {
		struct unit *u = l->devices[i].unit;
		struct error err = {0};

		u->is_probe = true;
		if (unit_open(u, c->s->options, &err) < 0) {
			u->is_probe = false;
			error_done(&err);
			give_back(&l->devices[i]);
		}
	}
	if (all_back(l))
		finish(l);
	else
		chips_dispatch(c); /* the clock of the probes */
}

/* It ran, and did not pass, and nobody wanted its end. */
static bool wants_probe(const struct lend *l)
{
	return l->result.status != JOB_PASSED && l->result.reason != REASON_LAUNCH &&
	       !l->was_killed && !l->chips->is_closing;
}

static struct lent *lent_of(const struct unit *u)
{
	struct lend *l = u->lend;
	uint32_t i = 0;

	while (l->devices[i].unit != u)
		i++;
	return &l->devices[i];
}

void lend_unit_probed(struct unit *u, enum dvs_class class, const char *text)
{
	struct lend *l = u->lend;
	struct lent *d = lent_of(u);

	d->is_probed = true;
	d->class = class;
	d->text = text ? arena_strdup(l->job->mem, text) : NULL;
	give_back(d);
	if (lent_is_broken(d))
		outcome_mark(u, l->job->job, DVS_WEDGE, 0, d->text);
	if (all_back(l))
		finish(l);
}

/* ---- its process ---- */

static const char *keep(const struct lend *l, const char *text)
{
	return text ? arena_strdup(l->job->mem, text) : NULL;
}

static void on_ended(struct slot *slot, void *ctx, const struct job_result *result)
{
	struct lend *l = ctx;

	l->result = *result;
	l->result.message = keep(l, result->message);
	l->result.context = keep(l, result->context);
	if (result->measures)
		l->result.measures = job_measures_copy(result->measures, l->job->mem);
	slot_close(slot);
}

static void on_died(struct slot *slot, void *ctx, const char *why)
{
	struct lend *l = ctx;

	if (l->result.status == JOB_RUNNING)
		l->result = (struct job_result){
			.status = JOB_KILLED,
			.reason = slot_lost_reason(slot),
			.message = keep(l, why),
			.exit_status = -1,
		};
	slot_free(slot);
	l->slot = NULL;
	close_locks(l);
	for (uint32_t i = 0; i < l->n; i++)
		unit_take_back(l->devices[i].unit);
	if (wants_probe(l))
		probe(l);
	else
		finish(l);
}

static void on_noted(struct slot *slot, void *ctx, const char *text)
{
	const struct lend *l = ctx;

	(void)slot;
	if (l->chips->warn)
		l->chips->warn(text);
}

static const struct slot_handler handler = {.ended = on_ended, .died = on_died, .noted = on_noted};

/* "0,1" */
static const char *list_devices(const struct lend *l)
{
	_cleanup_(str_done) struct str ids = {0};

	for (uint32_t i = 0; i < l->n; i++)
		str_printf(&ids, "%s%d", i ? "," : "", l->devices[i].unit->device->id);
	return arena_strdup(l->job->mem, ids.s);
}

static const char *const *make_env(const struct lend *l)
{
	struct arena *mem = l->job->mem;
	const char **env = arena_array(mem, 3, sizeof(*env)), *ids = list_devices(l);

	env[0] = arena_printf(mem, "DVSCHED_DEVICES=%s", ids);
	env[1] = arena_printf(mem, "%s=%s", l->job->request->env_name, ids);
	return env;
}

static struct slot *make_slot(struct lend *l, struct error *err)
{
	const struct chips *c = l->chips;
	_cleanup_(freep) int *fds = xcalloc(l->n, sizeof(*fds));
	struct slot_options options = {
		.scratch_root = c->scratch_root,
		.default_grace_s = c->s->grace_s,
		.job_nofile = c->job_nofile,
		.number = (uint32_t)(l->devices[0].unit - c->units),
		.kept = fds,
	};

	for (uint32_t i = 0; i < l->n; i++)
		if (l->devices[i].lock_fd >= 0)
			fds[options.n_kept++] = l->devices[i].lock_fd;
	return slot_new(c->loop, &options, &handler, l, err);
}

static void run(struct lend *l)
{
	const struct job_needs needs = sched_job_needs(l->job->job);
	struct chips *c = l->chips;
	_cleanup_(str_done) struct str where = {0};
	struct error err = {0};

	l->slot = make_slot(l, &err);
	if (!l->slot) {
		end_unstarted(l, REASON_LAUNCH, keep(l, err.msg));
		error_done(&err);
		return;
	}
	l->state = LEND_RUNNING;
	l->started_s = chips_now(c);
	for (uint32_t i = 0; i < l->n; i++)
		unit_lend(l->devices[i].unit);
	lend_add_where(l, &where);
	sched_job_started(l->job->job, where.s);
	chips_queue_started(l->chips);
	slot_run(l->slot, l->job->job->spec, l->job->attempt, make_env(l), &needs);
}

/* ---- all, or none ---- */

static bool take_lock(struct lent *d, enum dvs_class *ret_class, struct str *why)
{
	const struct unit *u = d->unit;
	pid_t holder;

	if (!u->lock_path)
		return true;
	d->lock_fd = device_lock_take(u->lock_path, &holder);
	if (d->lock_fd >= 0)
		return true;
	*ret_class = errno == EWOULDBLOCK ? DVS_BUSY : DVS_CONFIG;
	device_lock_explain(why, u->lock_path, u->device->id, holder);
	return false;
}

/* Not chosen any more since a worker had trouble to leave. */
static bool has_unusable(const struct lend *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!health_is_usable(&l->devices[i].unit->health))
			return true;
	return false;
}

static bool take_locks(struct lend *l, enum dvs_class *ret_class, struct str *why)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (take_lock(&l->devices[i], ret_class, why))
			continue;
		if (*ret_class == DVS_BUSY)
			unit_note_locked(l->devices[i].unit, why->s);
		return false;
	}
	return true;
}

static void take_locks_and_run(struct lend *l)
{
	_cleanup_(str_done) struct str why = {0};
	enum dvs_class class = DVS_OK;

	if (has_unusable(l))
		requeue(l);
	else if (take_locks(l, &class, &why))
		run(l);
	else if (class == DVS_BUSY)
		requeue(l);
	else
		end_unstarted(l, REASON_LAUNCH, keep(l, why.s));
}

static bool is_clear(const struct lend *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->devices[i].unit->state != UNIT_CLOSED)
			return false;
	return true;
}

void lend_unit_closed(struct unit *u)
{
	struct lend *l = u->lend;

	if (l->state == LEND_CLEARING) {
		if (is_clear(l))
			take_locks_and_run(l);
		return;
	}
	give_back(lent_of(u));
	if (all_back(l))
		finish(l);
}

void lend_start(struct chips_job *j, struct unit *const *units)
{
	struct lend *l = xcalloc(1, sizeof(*l));
	struct chips *c = j->chips;

	*l = (struct lend){.chips = c, .job = j, .n = j->request->n_devices};
	l->result.status = JOB_RUNNING;
	l->devices = xcalloc(l->n, sizeof(*l->devices));
	list_append(&c->lends, &l->link);
	for (uint32_t i = 0; i < l->n; i++) {
		l->devices[i] = (struct lent){.unit = units[i], .lock_fd = -1};
		units[i]->lend = l;
		if (units[i]->state == UNIT_IDLE)
			unit_close(units[i]);
	}
	if (is_clear(l))
		take_locks_and_run(l);
}

/* ---- looked at, and killed ---- */

void lend_kill(struct lend *l, enum kill_level level, enum job_reason reason)
{
	l->was_killed = true;
	if (l->state == LEND_CLEARING) {
		end_unstarted(l, reason, "killed while it waited for devices");
	} else if (l->state == LEND_RUNNING) {
		slot_kill(l->slot, level == KILL_NOW, reason);
	} else { /* its end is known; what is known of the devices is enough */
		for (uint32_t i = 0; i < l->n; i++)
			if (!l->devices[i].is_back)
				unit_kill(l->devices[i].unit);
	}
}

void lend_suspend(struct lend *l, bool is_suspended)
{
	if (l->slot)
		slot_pause(l->slot, is_suspended);
}

struct lend *lend_find(const struct chips *c, const struct job *job)
{
	list_for_each (it, &c->lends) {
		struct lend *l = list_entry(it, struct lend, link);

		if (l->job->job == job)
			return l;
	}
	return NULL;
}

struct lend *lend_first(const struct chips *c)
{
	return list_is_empty(&c->lends) ? NULL : list_entry(c->lends.next, struct lend, link);
}

bool lend_measure(const struct lend *l, struct job_load *ret)
{
	return l->slot && slot_measure(l->slot, ret);
}

double lend_ends_at(const struct lend *l)
{
	double run_s = l->job->request->run_s;

	if (run_s <= 0)
		return INFINITY;
	return (l->state == LEND_CLEARING ? chips_now(l->chips) : l->started_s) + run_s;
}
