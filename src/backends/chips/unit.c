/* SPDX-License-Identifier: Apache-2.0 */
/* A device and its worker process: opened, used again, retired, killed. Its events are in
 * unit_event.c. */
#include "backends/chips/unit.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/chips.h"
#include "backends/chips/unit_parts.h"
#include "backends/chips/watch.h"
#include "base/mem.h"

/* Limit of an open or close without a budget: a stopped worker must not be waited for forever. */
static const double unbudgeted_s = 900;
/* An open counts as slow after slow_part of its limit; after slow_s if it has none. */
static const double slow_s = 30, slow_part = 0.1;

static const unsigned may_go[UNIT_STATE_COUNT] = {
	[UNIT_CLOSED] = BIT(UNIT_OPENING) | BIT(UNIT_LENT),
	[UNIT_OPENING] = BIT(UNIT_IDLE) | BIT(UNIT_DYING) | BIT(UNIT_CLOSED),
	[UNIT_IDLE] = BIT(UNIT_BUSY) | BIT(UNIT_CLOSING) | BIT(UNIT_DYING) | BIT(UNIT_CLOSED),
	[UNIT_BUSY] = BIT(UNIT_IDLE) | BIT(UNIT_DYING) | BIT(UNIT_CLOSED),
	[UNIT_CLOSING] = BIT(UNIT_DYING) | BIT(UNIT_CLOSED),
	[UNIT_DYING] = BIT(UNIT_CLOSED),
	[UNIT_LENT] = BIT(UNIT_CLOSED),
};

void unit_set_state(struct unit *u, enum unit_state next)
{
	assert(may_go[u->state] & BIT(next));
	u->state = next;
	u->changed_s = chips_now(u->chips);
}

/* ---- begin and end ---- */

void unit_init(struct unit *u, struct chips *c, const struct chips_device *d)
{
	*u = (struct unit){.chips = c, .device = d};
	unit_lock_init(u);
	unit_read_health(u);
	unit_read_driver_health(u);
}

void unit_forget_worker(struct unit *u)
{
	device_worker_free(u->worker);
	u->worker = NULL;
	u->chips->n_workers--;
	free(u->open_options);
	u->open_options = NULL;
	u->image_key = 0; /* which is no job's: a streak is over, too */
	u->leave = LEAVE_NOT;
}

void unit_done(struct unit *u)
{
	if (u->worker)
		unit_forget_worker(u);
	unit_lock_done(u);
}

/* ---- opening ---- */

static int unit_check_health(struct unit *u, struct error *err)
{
	unit_look_at_health(u);
	if (u->is_probe || health_is_usable(&u->health))
		return 0;
	return error_plain(err, "device %d is %s: %s", u->device->id,
			   health_state_name(u->health.state), u->health.reason);
}

static int unit_start_worker(struct unit *u, const char *open_options, struct error *err)
{
	struct chips *c = u->chips;

	if (unit_take_lock(u) != UNIT_LOCK_OURS)
		return error_plain(err, "%s", u->locked_by);
	if (unit_check_health(u, err) < 0)
		return -1;
	u->options = (struct device_worker_options){
		.driver = c->s->driver,
		.device = u->device->id,
		.options = u->open_options = xstrdup(open_options),
		.scratch_root = c->scratch_root,
		.state_dir = c->s->state_dir,
		.cpus = u->device->cpus,
		.numa = u->device->numa,
		.lock_fd = u->lock.fd,
		.number = (uint32_t)(u - c->units),
	};
	u->worker = device_worker_new(c->loop, &u->options, &event_of_worker, u, err);
	if (u->worker)
		return 0;
	free(u->open_options);
	u->open_options = NULL;
	return -1;
}

bool unit_open(struct unit *u, const char *open_options, double limit_s)
{
	struct error err = {0};

	assert(u->state == UNIT_CLOSED && !u->worker);
	u->open_class = DVS_OK;
	if (unit_start_worker(u, open_options, &err) < 0) {
		if (!u->is_locked) /* the lock's failure has set the pause */
			unit_note_locked(u, err.msg);
		error_done(&err);
		return false;
	}
	u->chips->n_workers++;
	u->serial++;
	u->n_opened++;
	u->n_runs = 0;
	u->committed = 0;
	u->open_limit_s = limit_s > 0 ? limit_s : INFINITY;
	unit_set_state(u, UNIT_OPENING);
	return true;
}

bool unit_probe(struct unit *u)
{
	const struct chips_settings *s = u->chips->s;
	double limit_s = s->budget_s[CLOCK_OPEN];

	u->is_probe = true;
	if (!unit_open(u, s->options, limit_s > 0 ? limit_s : unbudgeted_s))
		u->is_probe = false;
	return u->is_probe;
}

/* ---- actions on its worker ---- */

void unit_send(struct unit *u, const struct device_request *r, uint64_t image_key)
{
	u->streak = u->image_key == image_key ? u->streak + 1 : 1;
	u->image_key = image_key;
	unit_note_used(u);
	unit_set_state(u, UNIT_BUSY);
	device_worker_run(u->worker, r);
}

void unit_close(struct unit *u)
{
	unit_set_state(u, UNIT_CLOSING);
	device_worker_close(u->worker);
}

void unit_kill(struct unit *u)
{
	if (!u->worker || u->state == UNIT_DYING)
		return;
	unit_set_state(u, UNIT_DYING);
	device_worker_kill(u->worker);
}

void unit_lend(struct unit *u)
{
	unit_note_unlocked(u);
	unit_note_used(u);
	unit_set_state(u, UNIT_LENT);
}

void unit_take_back(struct unit *u)
{
	if (u->state == UNIT_LENT)
		unit_set_state(u, UNIT_CLOSED);
}

void unit_act(struct unit *u)
{
	enum unit_leave leave = u->leave;

	if (u->holder)
		return;
	if (u->chips->is_closing && leave == LEAVE_NOT)
		leave = LEAVE_NICELY;
	if (leave == LEAVE_NOT)
		return;
	if (u->state == UNIT_IDLE && leave == LEAVE_NICELY)
		unit_close(u);
	else if (u->state == UNIT_IDLE || (u->state == UNIT_OPENING && u->chips->is_closing))
		unit_kill(u);
}

/* ---- held ---- */

void unit_hold(struct unit *u, struct holder *h, uint32_t place)
{
	assert(!u->holder);
	u->holder = h;
	u->place = place;
}

static bool unit_is_worn_out(struct unit *u)
{
	const struct chips_settings *s = u->chips->s;
	const struct board *board = device_worker_board(u->worker);
	uint64_t committed = atomic_load(&board->committed_bytes);

	if (u->n_runs <= 1)
		u->committed = committed;
	return atomic_load(&board->is_worn) || (s->max_runs && u->n_runs >= s->max_runs) ||
	       (s->max_age_s > 0 && chips_now(u->chips) - u->opened_s >= s->max_age_s) ||
	       (s->max_growth && committed > u->committed + s->max_growth);
}

void unit_let_go(struct unit *u, bool worker_goes_on)
{
	assert(u->holder);
	u->holder = NULL;
	if (u->state == UNIT_BUSY)
		unit_set_state(u, UNIT_IDLE);
	if (u->state != UNIT_IDLE)
		return;
	if (!worker_goes_on)
		u->leave = LEAVE_KILLED;
	else if (unit_is_worn_out(u) || !health_is_usable(&u->health))
		u->leave = LEAVE_NICELY;
}

bool unit_is_held(const struct unit *u)
{
	return u->holder;
}

/* ---- late ---- */

double unit_late_at(const struct unit *u)
{
	double limit_s = u->chips->s->budget_s[CLOCK_RESET];

	if (u->state == UNIT_OPENING)
		return fmax(u->changed_s, u->chips->back_s) + u->open_limit_s;
	if (u->state != UNIT_CLOSING)
		return INFINITY;
	return fmax(u->changed_s, u->chips->back_s) + (limit_s > 0 ? limit_s : unbudgeted_s);
}

double unit_slow_at(const struct unit *u)
{
	double limit_s = u->open_limit_s;

	return u->changed_s + (isfinite(limit_s) ? slow_part * limit_s : slow_s);
}

/* The device becomes suspect: the next worker will show whether it still opens. */
static void unit_tell_hang_in_close(struct unit *u, const char *text)
{
	struct chips *c = u->chips;

	unit_suspect(u, text);
	str_printf(&c->trouble, "%s%s/%d: %s", c->trouble.len ? "; " : "", c->s->name,
		   u->device->id, text);
}

static void unit_add_lateness(const struct unit *u, struct str *text)
{
	const struct board *b = device_worker_board(u->worker);
	enum driver_call call = (enum driver_call)atomic_load(&b->call);
	bool is_open = u->state == UNIT_OPENING;
	double reset_s = u->chips->s->budget_s[CLOCK_RESET];

	str_printf(text, "device %d did not %s within %gs", u->device->id,
		   is_open ? "open" : "close",
		   is_open	 ? u->open_limit_s
		   : reset_s > 0 ? reset_s
				 : unbudgeted_s);
	if (call != CALL_NONE)
		str_printf(text, "; driver %s is in %s() for %.1fs", u->chips->s->driver_name,
			   board_call_name(call),
			   (double)(board_now_ns() - atomic_load(&b->call_since_ns)) * 1e-9);
}

void unit_is_late(struct unit *u, bool is_silent)
{
	_cleanup_(str_done) struct str text = {0};

	if (is_silent) {
		str_printf(&text, "while it opened device %d its worker gave ", u->device->id);
		watch_add_silence(&text);
	} else {
		unit_add_lateness(u, &text);
	}
	if (u->state == UNIT_OPENING) {
		u->open_class = DVS_WEDGE;
		snprintf(u->open_text, sizeof(u->open_text), "%s", text.s);
	} else {
		unit_tell_hang_in_close(u, text.s);
	}
	unit_kill(u);
}
