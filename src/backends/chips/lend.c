/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/lend.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "backends/chips/lend_names.h"
#include "backends/chips/numa_place.h"
#include "backends/console.h"
#include "base/mem.h"

static struct lend *lend_of(struct holder *h)
{
	return container_of(h, struct lend, holder);
}

/* ---- given back ---- */

static void give_back(struct lent *d)
{
	if (d->is_back)
		return;
	d->is_back = true;
	unit_take_back(d->unit);
	unit_let_go(d->unit, true);
}

/* slot_free() comes first: no process may use a device that is given back. */
void lend_free(struct lend *l)
{
	slot_free(l->slot);
	for (uint32_t i = 0; i < l->n; i++)
		give_back(&l->devices[i]);
	list_remove(&l->link);
	if (l->job)
		chips_job_free(l->job);
	free(l->devices);
	free(l);
}

static void lend_finish(struct lend *l)
{
	l->chips->last_event_s = chips_now(l->chips);
	if (l->job)
		lend_tell(l);
	lend_free(l);
}

/* The job was not started. It waits again, at the front, and the next turn may find other devices
 * for it. */
static void lend_put_back(struct lend *l)
{
	struct chips *c = l->chips;

	queue_put_back(l->job);
	l->job = NULL;
	lend_finish(l);
	chips_wake(c);
}

static void lend_end_unstarted(struct lend *l, enum job_reason reason, const char *text)
{
	chips_job_end_unstarted(l->job, reason, text);
	l->job = NULL;
	lend_finish(l);
}

static bool all_back(const struct lend *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!l->devices[i].is_back)
			return false;
	return true;
}

/* ---- events of its units ---- */

static void note_probe(struct lend *l, struct unit *u, enum dvs_class class, const char *text)
{
	struct lent *d = &l->devices[u->place];

	assert(l->state == LEND_PROBING); /* it has none that opens before */
	d->probe = (struct device_probe){true, class, arena_strdup_or_null(l->job->mem, text)};
	give_back(d);
	if (probe_found_broken(&d->probe))
		unit_mark(u, l->job->job, DVS_WEDGE, 0, d->probe.text);
}

static void on_lend_opened(struct holder *h, struct unit *u)
{
	note_probe(lend_of(h), u, DVS_OK, NULL);
}

static void on_lend_open_failed(struct holder *h, struct unit *u, enum dvs_class class,
				const char *text)
{
	note_probe(lend_of(h), u, class, text);
}

/* An idle worker that was closed, or a probe that was killed. */
static void on_lend_died(struct holder *h, struct unit *u, bool is_stuck, const char *why)
{
	struct lend *l = lend_of(h);

	(void)is_stuck;
	(void)why;
	if (l->state == LEND_PROBING)
		give_back(&l->devices[u->place]);
}

static double free_at(const struct holder *h, double now_s)
{
	const struct lend *l = container_of(h, const struct lend, holder);
	double run_s = l->job->request->run_s;

	if (run_s <= 0)
		return INFINITY;
	return (l->state == LEND_CLEARING ? now_s : l->started_s) + run_s;
}

static const struct holder_ops lend_holder_ops = {
	.opened = on_lend_opened,
	.open_failed = on_lend_open_failed,
	.died = on_lend_died,
	.free_at = free_at,
};

/* ---- events of its slot ---- */

void lend_handle_ended(struct lend *l, const struct job_result *result)
{
	job_result_copy(&l->result, result, l->job->mem);
}

void lend_handle_died(struct lend *l, enum job_reason lost_reason, const char *why)
{
	if (l->result.status == JOB_RUNNING)
		l->result = (struct job_result){
			.status = JOB_KILLED,
			.reason = lost_reason,
			.message = arena_strdup_or_null(l->job->mem, why),
			.exit_status = -1,
		};
	l->state = LEND_SETTLING;
}

void lend_kill(struct lend *l, enum kill_level level, enum job_reason reason)
{
	l->was_killed = l->must_kill = true;
	l->kill_level = level;
	l->kill_reason = reason;
}

static bool has_console(const struct lend *l)
{
	const struct job_rules *rules = l->job->job->spec->rules;

	return l->slot && (rules->is_interactive || rules->is_shown);
}

/* ---- probing after a failure ---- */

/* The command ran and did not pass, and was not killed on request. */
static bool wants_probe(const struct lend *l)
{
	return l->result.status != JOB_PASSED && l->result.reason != REASON_LAUNCH &&
	       !l->was_killed && !l->chips->is_closing;
}

static void lend_settle(struct lend *l)
{
	if (has_console(l))
		console_release(l->chips->console);
	slot_free(l->slot);
	l->slot = NULL;
	for (uint32_t i = 0; i < l->n; i++)
		unit_take_back(l->devices[i].unit);
	l->state = LEND_PROBING;
	for (uint32_t i = 0; i < l->n; i++)
		if (!wants_probe(l) || !unit_probe(l->devices[i].unit))
			give_back(&l->devices[i]);
}

/* ---- the command ---- */

/* "0,1": the ids of the devices or, with is_lent_as, their names for the borrower. */
static const char *list_devices(const struct lend *l, bool is_lent_as)
{
	_cleanup_(str_done) struct str ids = {0};

	for (uint32_t i = 0; i < l->n; i++) {
		const struct chips_device *d = l->devices[i].unit->device;

		str_add(&ids, i ? "," : "");
		if (is_lent_as)
			str_add(&ids, d->lent_as);
		else
			str_printf(&ids, "%d", d->id);
	}
	return arena_strdup(l->job->mem, ids.s);
}

static const char *const *lend_make_env(const struct lend *l)
{
	struct arena *mem = l->job->mem;
	const char *own = l->job->request->env_name, *lent_as = list_devices(l, true);
	const char *const *names = own ? lend_names_variables(mem, own)
				       : l->chips->s->lend_variables;
	const char *const *of_job = sched_job_env(l->job->job);
	const char **env;
	size_t n = 0, n_more = 0;

	while (names[n])
		n++;
	while (of_job && of_job[n_more])
		n_more++;
	env = arena_array(mem, n + n_more + 2, sizeof(*env));
	env[0] = arena_printf(mem, "DVSCHED_DEVICES=%s", list_devices(l, false));
	for (size_t i = 0; i < n; i++)
		env[i + 1] = arena_printf(mem, "%s=%s", names[i], lent_as);
	for (size_t i = 0; i < n_more; i++)
		env[n + 1 + i] = of_job[i];
	return env;
}

/* The CPUs of its devices' nodes; NULL: any, since they are too few for the job or not known. */
static const char *find_cpus(const struct lend *l, int32_t *ret_node)
{
	_cleanup_(freep) const struct chips_device **devices = xcalloc(l->n, sizeof(*devices));

	for (uint32_t i = 0; i < l->n; i++)
		devices[i] = l->devices[i].unit->device;
	return numa_place_of(l->job->mem, devices, l->n, l->job->job->spec->rules->cpus, ret_node);
}

static struct slot *make_slot(struct lend *l, struct error *err)
{
	const struct chips *c = l->chips;
	_cleanup_(freep) int *fds = xcalloc(l->n, sizeof(*fds));
	struct slot_options options = {
		.scratch_root = c->scratch_root,
		.default_grace_s = c->s->grace_s,
		.job_nofile = c->job_nofile,
		.cgroup_dir = c->cgroup_dir,
		.number = (uint32_t)(l->devices[0].unit - c->units),
		.kept = fds,
	};

	for (uint32_t i = 0; i < l->n; i++)
		if (l->devices[i].unit->lock.is_held)
			fds[options.n_kept++] = l->devices[i].unit->lock.fd;
	options.cpus = find_cpus(l, &options.numa);
	return slot_new(c->loop, &options, &event_of_slot, l, err);
}

static void lend_run(struct lend *l)
{
	const struct job_needs needs = sched_job_needs(l->job->job);
	struct chips *c = l->chips;
	_cleanup_(str_done) struct str where = {0};
	struct error err = {0};

	l->slot = make_slot(l, &err);
	if (!l->slot || console_take(c->console, l->slot, l->job->job->spec->rules, &err) < 0) {
		lend_end_unstarted(l, REASON_LAUNCH, arena_strdup_or_null(l->job->mem, err.msg));
		error_done(&err);
		return;
	}
	l->state = LEND_RUNNING;
	l->started_s = chips_now(c);
	for (uint32_t i = 0; i < l->n; i++)
		unit_lend(l->devices[i].unit);
	lend_add_where(l, &where);
	sched_job_started(l->job->job, where.s);
	queue_note_started(c);
	slot_run(l->slot, l->job->job->spec, l->job->attempt, lend_make_env(l), &needs);
}

/* ---- before the command ---- */

/* A device became unusable after it was chosen: its worker did not close well. */
static bool has_unusable(const struct lend *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!health_is_usable(&l->devices[i].unit->health))
			return true;
	return false;
}

static void lend_begin(struct lend *l)
{
	if (has_unusable(l))
		lend_put_back(l);
	else
		lend_run(l);
}

static void lend_clear(struct lend *l)
{
	bool is_clear = true;

	if (l->must_kill) {
		lend_end_unstarted(l, l->kill_reason, "killed while it waited for devices");
		return;
	}
	for (uint32_t i = 0; i < l->n; i++) {
		struct unit *u = l->devices[i].unit;

		if (u->state == UNIT_IDLE)
			unit_close(u);
		is_clear &= u->state == UNIT_CLOSED;
	}
	if (is_clear)
		lend_begin(l);
}

/* The job's end is known; no more results of probes are needed. */
static void lend_kill_probes(struct lend *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!l->devices[i].is_back)
			unit_kill(l->devices[i].unit);
}

static void lend_attend(struct lend *l)
{
	bool has_ended = l->result.status != JOB_RUNNING;

	if (has_ended && !l->is_slot_closed) {
		if (has_console(l))
			console_release(l->chips->console);
		l->is_slot_closed = true;
		slot_close(l->slot);
	}
	if (l->must_kill && !has_ended && has_console(l))
		console_hurry(l->chips->console);
	if (l->must_kill && !has_ended)
		slot_kill(l->slot, l->kill_level == KILL_NOW, l->kill_reason);
	l->must_kill = false;
}

void lend_act(struct lend *l)
{
	if (l->state == LEND_CLEARING) {
		lend_clear(l);
		return;
	}
	if (l->state == LEND_RUNNING)
		lend_attend(l);
	if (l->state == LEND_SETTLING)
		lend_settle(l);
	if (l->state != LEND_PROBING)
		return;
	if (l->must_kill)
		lend_kill_probes(l);
	l->must_kill = false;
	if (all_back(l))
		lend_finish(l);
}

struct lend *lend_new(struct chips_job *j, struct unit *const *units)
{
	struct lend *l = xcalloc(1, sizeof(*l));

	*l = (struct lend){.holder = {&lend_holder_ops},
			   .chips = j->chips,
			   .job = j,
			   .n = j->request->n_devices};
	l->result.status = JOB_RUNNING;
	l->devices = xcalloc(l->n, sizeof(*l->devices));
	list_append(&j->chips->lends, &l->link);
	for (uint32_t i = 0; i < l->n; i++) {
		l->devices[i] = (struct lent){.unit = units[i]};
		unit_hold(units[i], &l->holder, i);
	}
	return l;
}

/* ---- queries ---- */

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

bool lend_measure(const struct lend *l, struct job_load *ret)
{
	return l->slot && slot_measure(l->slot, ret);
}
