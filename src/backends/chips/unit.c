/* SPDX-License-Identifier: Apache-2.0 */
/* A device and its worker process: opened, used again, retired, killed. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/chips.h"
#include "base/mem.h"
#include "device/device_lock.h"

/* Without a budget of its own: a worker that is stopped must not keep us for ever. */
static const double unbudgeted_s = 900;
/* Somebody else has a device: tried again, less and less often. */
static const double locked_first_s = 0.2, locked_most_s = 5;

static void set_state(struct unit *u, enum unit_state next)
{
	u->state = next;
	u->changed_s = chips_now(u->chips);
}

void unit_store_health(struct unit *u)
{
	const struct chips_settings *s = u->chips->s;
	struct error err = {0};

	if (health_store(s->state_dir, u->device->family, u->device->id, &u->health, &err) == 0)
		return;
	free(u->chips->health_warning);
	u->chips->health_warning = xstrdup(err.msg);
	error_done(&err);
}

void unit_note_locked(struct unit *u, const char *text)
{
	double pause_s = locked_first_s * ldexp(1, (int)(u->n_locked < 6 ? u->n_locked : 6));

	u->n_locked++;
	u->retry_at_s = chips_now(u->chips) + fmin(pause_s, locked_most_s);
	snprintf(u->locked_by, sizeof(u->locked_by), "%s", text);
}

static void note_unlocked(struct unit *u)
{
	u->n_locked = 0;
	u->locked_by[0] = '\0';
}

/* ---- what the worker says ---- */

static void on_probe_opened(struct unit *u)
{
	struct chips *c = u->chips;

	u->is_probe = u->wants_probe = false;
	if (!health_is_usable(&u->health)) {
		health_probed(&u->health, &c->s->health, true, NULL, clock_wall(c->clock));
		unit_store_health(u);
		unit_close(u); /* the next probe, or job, gets a fresh process */
	}
	if (u->lend)
		lend_unit_probed(u, DVS_OK, NULL);
	chips_dispatch(c);
}

static void on_opened(struct device_worker *w, void *ctx)
{
	struct unit *u = ctx;
	struct chips *c = u->chips;

	(void)w;
	if (u->state == UNIT_DYING) /* its word and our kill were on the way together */
		return;
	assert(u->state == UNIT_OPENING);
	set_state(u, UNIT_IDLE);
	u->opened_s = c->last_event_s = chips_now(c);
	note_unlocked(u);
	if (u->is_probe)
		on_probe_opened(u);
	else if (u->gang)
		gang_rank_opened(u->gang, u->rank);
	else
		chips_dispatch(c);
}

/* The process is ending; what it means is told when it has. */
static void on_open_failed(struct device_worker *w, void *ctx, enum dvs_class class,
			   const char *text)
{
	struct unit *u = ctx;

	(void)w;
	if (u->state == UNIT_DYING) /* we killed it: our reason stands */
		return;
	u->open_class = class;
	snprintf(u->open_text, sizeof(u->open_text), "%s", text ? text : "");
}

static void on_phase(struct device_worker *w, void *ctx, uint64_t epoch, enum run_phase phase)
{
	struct unit *u = ctx;

	(void)w;
	if (u->gang && u->gang->epoch == epoch)
		gang_rank_phase(u->gang, u->rank, phase);
}

static void on_ended(struct device_worker *w, void *ctx, const struct device_result *result)
{
	struct unit *u = ctx;

	u->n_runs++;
	if (!device_worker_is_idle(w)) /* it failed, and then died: that comes next */
		set_state(u, UNIT_DYING);
	if (u->gang && u->gang->epoch == result->epoch)
		gang_rank_ended(u->gang, u->rank, result);
}

static void on_diagnosed(struct device_worker *w, void *ctx, const char *text)
{
	struct unit *u = ctx;

	(void)w;
	if (u->gang)
		gang_rank_diagnosed(u->gang, u->rank, text);
}

static void forget_worker(struct unit *u)
{
	device_worker_free(u->worker);
	u->worker = NULL;
	u->chips->n_workers--;
	free(u->open_options);
	u->open_options = NULL;
	u->image_key = 0;
	u->streak = 0;
}

static void finish_closing(struct chips *c)
{
	void (*closed)(void *ctx, const char *trouble) = c->closed;

	if (!closed || c->n_workers)
		return;
	c->closed = NULL;
	closed(c->closed_ctx, c->trouble.len ? c->trouble.s : NULL);
}

/* It never opened: is it the device, the job's options, or somebody else who has it? */
static void open_has_failed(struct unit *u, const char *why)
{
	struct gang *g = u->gang;

	if (u->open_class == DVS_OK) { /* without a word */
		u->open_class = DVS_WEDGE;
		snprintf(u->open_text, sizeof(u->open_text), "while it opened device %d %s",
			 u->device->id, why);
	}
	if (u->open_class == DVS_BUSY || u->is_probe)
		unit_note_locked(u, u->open_class == DVS_BUSY ? u->open_text : "");
	u->is_probe = u->wants_probe = false;
	outcome_of_open(u, u->open_class, u->open_text);
	u->gang = NULL;
	if (g) /* and it may have been lent to the next one then */
		gang_rank_open_failed(g, u->rank, u->open_class, u->open_text);
	else if (u->lend)
		lend_unit_probed(u, u->open_class, u->open_text);
}

/* It opened and was gone before its first run: the next one would do the same. */
static bool has_died_fresh(const struct unit *u)
{
	return u->state == UNIT_IDLE && u->gang && u->n_runs == 0;
}

/* It is still there after SIGKILL, and so is what it has of the device. */
static void declare_dead(struct unit *u, const char *why)
{
	health_dead(&u->health, why, clock_wall(u->chips->clock));
	unit_store_health(u);
}

static void on_died(struct device_worker *w, void *ctx, int status, const char *why)
{
	struct unit *u = ctx;
	struct chips *c = u->chips;
	struct gang *g = u->gang;
	bool was_opening = u->state == UNIT_OPENING || u->open_class != DVS_OK || has_died_fresh(u);

	(void)w;
	if (g)
		gang_keep_board(g, u->rank);
	forget_worker(u);
	set_state(u, UNIT_CLOSED);
	c->last_event_s = chips_now(c);
	if (status == -1)
		declare_dead(u, why);
	if (was_opening || (status == -1 && g && g->ranks[u->rank].state < RANK_SENT)) {
		open_has_failed(u, why);
	} else if (u->lend) {
		u->is_probe = false;
		lend_unit_closed(u);
	} else if (g && g->ranks[u->rank].state < RANK_SENT) {
		gang_rank_opened(g, u->rank); /* it had other options, or died idle: a fresh one */
	} else if (g) {
		gang_rank_died(g, u->rank, status, why);
	}
	u->open_class = DVS_OK;
	chips_dispatch(c);
	finish_closing(c);
}

static const struct device_worker_handler handler = {
	.opened = on_opened,
	.open_failed = on_open_failed,
	.phase = on_phase,
	.ended = on_ended,
	.diagnosed = on_diagnosed,
	.died = on_died,
};

/* ---- what is done to it ---- */

static void read_health(struct unit *u)
{
	struct chips *c = u->chips;
	struct device_health h;
	struct error err = {0};

	if (health_load(c->s->state_dir, u->device->family, u->device->id, &h, &err) == 0) {
		u->health = h;
		return;
	}
	free(c->health_warning);
	c->health_warning = xstrdup(err.msg);
	error_done(&err);
}

void unit_init(struct unit *u, struct chips *c, const struct chips_device *d)
{
	*u = (struct unit){.chips = c, .device = d};
	if (c->s->lock_dir)
		u->lock_path = device_lock_path(c->s->lock_dir, d->family, d->id);
	read_health(u);
}

/* As long as it was closed, others may have had the device, or a person set it aside. What we could
 * not write is known to us alone. */
static int look_at_health(struct unit *u, struct error *err)
{
	if (!u->chips->health_warning)
		read_health(u);
	if (u->is_probe || health_is_usable(&u->health))
		return 0;
	return error_plain(err, "device %d is %s: %s", u->device->id,
			   health_state_name(u->health.state), u->health.reason);
}

void unit_done(struct unit *u)
{
	if (u->worker)
		forget_worker(u);
	free(u->lock_path);
}

int unit_open(struct unit *u, const char *open_options, struct error *err)
{
	struct chips *c = u->chips;

	assert(u->state == UNIT_CLOSED && !u->worker);
	if (look_at_health(u, err) < 0)
		return -1;
	u->options = (struct device_worker_options){
		.driver = c->s->driver,
		.device = u->device->id,
		.options = u->open_options = xstrdup(open_options),
		.scratch_root = c->scratch_root,
		.state_dir = c->s->state_dir,
		.lock_path = u->lock_path,
		.number = (uint32_t)(u - c->units),
	};

	u->open_class = DVS_OK;
	u->worker = device_worker_new(c->loop, &u->options, &handler, u, err);
	if (!u->worker) {
		free(u->open_options);
		u->open_options = NULL;
		return -1;
	}
	c->n_workers++;
	u->n_opened++;
	u->n_runs = 0;
	u->committed = 0;
	set_state(u, UNIT_OPENING);
	return 0;
}

void unit_close(struct unit *u)
{
	assert(u->state == UNIT_IDLE);
	set_state(u, UNIT_CLOSING);
	device_worker_close(u->worker);
}

void unit_kill(struct unit *u)
{
	if (!u->worker || u->state == UNIT_DYING)
		return;
	set_state(u, UNIT_DYING);
	device_worker_kill(u->worker);
}

void unit_fail_open(struct unit *u, enum dvs_class class, const char *text)
{
	u->open_class = class;
	snprintf(u->open_text, sizeof(u->open_text), "%s", text);
	unit_kill(u);
}

/* Nothing is lost but time: the next process will show whether the device still opens. */
static void tell_hang_in_close(struct unit *u, const char *text)
{
	struct chips *c = u->chips;

	if (health_suspect(&u->health, text, clock_wall(c->clock)))
		unit_store_health(u);
	str_printf(&c->trouble, "%s%s/%d: %s", c->trouble.len ? "; " : "", c->s->name,
		   u->device->id, text);
}

void unit_is_late(struct unit *u, double limit_s)
{
	const struct board *b = device_worker_board(u->worker);
	enum driver_call call = (enum driver_call)atomic_load(&b->call);
	bool is_open = u->state == UNIT_OPENING;
	_cleanup_(str_done) struct str text = {0};

	str_printf(&text, "device %d did not %s within %gs", u->device->id,
		   is_open ? "open" : "close", limit_s);
	if (call != CALL_NONE)
		str_printf(&text, "; driver %s is in %s() for %.1fs", u->chips->s->driver_name,
			   board_call_name(call),
			   (double)(board_now_ns() - atomic_load(&b->call_since_ns)) * 1e-9);
	if (is_open) {
		unit_fail_open(u, DVS_WEDGE, text.s);
		return;
	}
	tell_hang_in_close(u, text.s);
	unit_kill(u);
}

double unit_look(struct unit *u)
{
	const double *budget_s = u->chips->s->budget_s;
	bool is_open = u->state == UNIT_OPENING;
	double limit_s = budget_s[is_open ? CLOCK_OPEN : CLOCK_RESET], due_s;

	if (u->state != UNIT_CLOSING && (!is_open || u->gang))
		return INFINITY;
	if (limit_s <= 0)
		limit_s = unbudgeted_s;
	due_s = fmax(u->changed_s, u->chips->back_s) + limit_s;
	if (chips_now(u->chips) < due_s)
		return due_s;
	unit_is_late(u, limit_s);
	return INFINITY;
}

void unit_lend(struct unit *u)
{
	assert(u->state == UNIT_CLOSED && !u->worker);
	note_unlocked(u);
	set_state(u, UNIT_LENT);
}

void unit_take_back(struct unit *u)
{
	if (u->state == UNIT_LENT)
		set_state(u, UNIT_CLOSED);
}

static bool is_worn_out(struct unit *u)
{
	const struct chips_settings *s = u->chips->s;
	uint64_t committed = atomic_load(&device_worker_board(u->worker)->committed_bytes);

	if (u->n_runs <= 1)
		u->committed = committed;
	return (s->max_runs && u->n_runs >= s->max_runs) ||
	       (s->max_age_s > 0 && chips_now(u->chips) - u->opened_s >= s->max_age_s) ||
	       (s->max_growth && committed > u->committed + s->max_growth);
}

/* Closing: what nobody will need any more leaves. */
static bool is_wanted(struct unit *u)
{
	return !u->chips->is_closing && health_is_usable(&u->health);
}

void unit_release(struct unit *u, bool may_go_on)
{
	u->gang = NULL;
	if (u->state != UNIT_BUSY && u->state != UNIT_IDLE)
		return;
	set_state(u, UNIT_IDLE);
	if (!may_go_on)
		unit_kill(u);
	else if (is_worn_out(u) || !is_wanted(u))
		unit_close(u);
}
