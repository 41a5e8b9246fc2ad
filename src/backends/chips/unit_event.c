/* SPDX-License-Identifier: Apache-2.0 */
/* Events of a unit's worker, while events are drained: the unit's state changes, and its holder is
 * called. Nothing is sent and nothing is started here. */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "backends/chips/chips.h"
#include "backends/chips/unit_parts.h"

/* Pauses between tries while another process has the device: they double each time. */
static const double locked_first_s = 0.2, locked_most_s = 5;

void unit_note_locked(struct unit *u, const char *text)
{
	double pause_s = locked_first_s * ldexp(1, (int)(u->n_locked < 6 ? u->n_locked : 6));

	u->n_locked++;
	u->retry_at_s = chips_now(u->chips) + fmin(pause_s, locked_most_s);
	snprintf(u->locked_by, sizeof(u->locked_by), "%s", text);
}

void unit_note_unlocked(struct unit *u)
{
	u->n_locked = 0;
	u->locked_by[0] = '\0';
}

/* ---- it opens ---- */

static void unit_handle_probe(struct unit *u)
{
	u->is_probe = false;
	if (!unit_note_probed_well(u)) /* the next probe, or job, gets a fresh process */
		u->leave = LEAVE_NICELY;
}

static void unit_handle_opened(struct unit *u)
{
	double now_s = chips_now(u->chips);

	if (u->state == UNIT_DYING) /* the message was sent before our kill */
		return;
	u->open_took_s = now_s - u->changed_s;
	unit_set_state(u, UNIT_IDLE);
	u->opened_s = u->chips->last_event_s = now_s;
	unit_note_unlocked(u);
	if (u->is_probe)
		unit_handle_probe(u);
	if (!health_is_usable(&u->health))
		u->leave = LEAVE_NICELY;
	if (u->holder && u->holder->ops->opened)
		u->holder->ops->opened(u->holder, u);
}

/* The process is ending; the outcome is reported when it has ended. */
static void unit_handle_open_failed(struct unit *u, const struct event *e)
{
	if (u->state == UNIT_DYING) /* we killed it, and the reason is set */
		return;
	u->open_class = e->class;
	snprintf(u->open_text, sizeof(u->open_text), "%s", e->text);
}

/* The request itself is wrong, so it would fail on every device. */
static bool is_request_error(enum dvs_class class)
{
	return class == DVS_CONFIG || class == DVS_UNSUPPORTED || class == DVS_JOB;
}

/* The open failed: because of the device, of the options, or of another process that has it. */
static void unit_settle_failed_open(struct unit *u, const char *why)
{
	if (u->open_class == DVS_OK) { /* the worker reported no error */
		u->open_class = DVS_WEDGE;
		snprintf(u->open_text, sizeof(u->open_text), "while it opened device %d %s",
			 u->device->id, why);
	}
	if (u->open_class == DVS_BUSY || u->is_probe)
		unit_note_locked(u, u->open_class == DVS_BUSY ? u->open_text : "");
	unit_note_open_failed(u, u->open_class, u->open_text);
	if (u->holder)
		u->holder->ops->open_failed(u->holder, u, u->open_class, u->open_text);
	else if (!u->is_probe && is_request_error(u->open_class))
		queue_refuse(u->chips, u->open_options, u->open_text);
}

/* ---- it runs ---- */

static void unit_handle_ended(struct unit *u, const struct event *e)
{
	u->n_runs++;
	if (!e->flag && u->state != UNIT_DYING) /* it failed and will die: EVENT_DIED follows */
		unit_set_state(u, UNIT_DYING);
	if (u->holder && u->holder->ops->ended)
		u->holder->ops->ended(u->holder, u, e->run);
}

/* ---- it is gone ---- */

/* A worker that opened and died before its first run counts, too: the next one would do the
 * same. */
static bool has_failed_to_open(const struct unit *u)
{
	return u->state == UNIT_OPENING || u->open_class != DVS_OK ||
	       (u->state == UNIT_IDLE && u->n_runs == 0);
}

static void unit_handle_died(struct unit *u, const struct event *e)
{
	struct chips *c = u->chips;
	bool never_opened = has_failed_to_open(u);

	unit_set_state(u, UNIT_CLOSED);
	c->last_event_s = chips_now(c);
	if (e->flag) /* it still exists after SIGKILL, and may use the device */
		unit_note_dead(u, e->text);
	if (never_opened)
		unit_settle_failed_open(u, e->text);
	else if (u->holder)
		u->holder->ops->died(u->holder, u, e->flag, e->text);
	u->is_probe = false;
	u->open_class = DVS_OK;
	unit_forget_worker(u);
}

void unit_handle_event(struct unit *u, const struct event *e)
{
	assert(u->worker && e->serial == u->serial);
	switch (e->kind) {
	case EVENT_OPENED:
		unit_handle_opened(u);
		break;
	case EVENT_OPEN_FAILED:
		unit_handle_open_failed(u, e);
		break;
	case EVENT_PHASE:
		if (u->holder && u->holder->ops->phase)
			u->holder->ops->phase(u->holder, u, e->epoch, e->phase);
		break;
	case EVENT_RUN_ENDED:
		unit_handle_ended(u, e);
		break;
	case EVENT_DIAGNOSED:
		if (u->holder && u->holder->ops->diagnosed)
			u->holder->ops->diagnosed(u->holder, u, e->text);
		break;
	default: /* EVENT_DIED */
		unit_handle_died(u, e);
		break;
	}
}
