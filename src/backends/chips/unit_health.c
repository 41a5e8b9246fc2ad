/* SPDX-License-Identifier: Apache-2.0 */
/* The health of a unit's device: read, marked and stored. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/chips.h"
#include "backends/chips/unit_parts.h"
#include "base/mem.h"

/* What others write is read so often at most. */
static const double reread_s = 1;

/* ---- the file ---- */

static void unit_warn_of_health(struct unit *u, struct error *err)
{
	free(u->chips->health_warning);
	u->chips->health_warning = xstrdup(err->msg);
	error_done(err);
}

void unit_store_health(struct unit *u)
{
	const struct chips_settings *s = u->chips->s;
	struct error err = {0};

	if (health_store(s->state_dir, u->device->family, u->device->machine_id, &u->health, &err) <
	    0)
		unit_warn_of_health(u, &err);
}

void unit_read_health(struct unit *u)
{
	const struct chips_settings *s = u->chips->s;
	struct device_health h;
	struct error err = {0};

	u->health_read_s = chips_now(u->chips);
	if (health_load_both(s->state_dir, s->machine_dir, u->device->family, u->device->machine_id,
			     clock_wall(u->chips->clock), &h, &err) == 0)
		u->health = h;
	else
		unit_warn_of_health(u, &err);
}

/* As long as it was closed, others may have had the device, or a person set it aside. What we could
 * not write is known to us alone. */
void unit_look_at_health(struct unit *u)
{
	if (!u->chips->health_warning)
		unit_read_health(u);
}

/* A person may set it aside, or clear it, while we use it: heard between two jobs. */
void unit_look_at_health_again(struct unit *u)
{
	bool is_between = u->state == UNIT_IDLE || u->state == UNIT_CLOSED;

	if (is_between && !u->holder && u->chips->turn_s >= u->health_read_s + reread_s)
		unit_look_at_health(u);
}

/* What its driver knows without opening it: a command that borrowed it would not find it, and might
 * well pass without. */
void unit_hear_driver(struct unit *u)
{
	const struct dvs_device *facts = u->device->facts;
	char text[sizeof(facts->detail) + 32];

	if (!facts || facts->health != DVS_HEALTH_BAD || !health_is_usable(&u->health))
		return;
	snprintf(text, sizeof(text), "its driver calls it bad%s%s", facts->detail[0] ? ": " : "",
		 facts->detail);
	health_probed(&u->health, &u->chips->s->health, false, text, clock_wall(u->chips->clock));
	unit_store_health(u);
}

/* ---- marks ---- */

static void unit_suspect_neighbours(struct unit *u)
{
	struct chips *c = u->chips;
	char text[96];

	if (u->device->domain < 0)
		return;
	snprintf(text, sizeof(text), "device %d of the same fault domain broke", u->device->id);
	for (uint32_t i = 0; i < c->n_units; i++) {
		if (&c->units[i] == u || c->units[i].device->domain != u->device->domain)
			continue;
		unit_look_at_health(&c->units[i]);
		if (health_suspect(&c->units[i].health, text, clock_wall(c->clock)))
			unit_store_health(&c->units[i]);
	}
}

void unit_mark(struct unit *u, const struct job *job, enum dvs_class class, int32_t code,
	       const char *text)
{
	struct chips *c = u->chips;
	enum device_mark kind = device_class_fate(class)->mark;
	struct health_mark m = {.wall_s = clock_wall(c->clock), .class = class, .code = code};

	if (kind == MARK_NONE)
		return;
	snprintf(m.job, sizeof(m.job), "%s", job->spec->id);
	unit_look_at_health(u);
	health_mark(&u->health, &c->s->health, kind, &m, text);
	unit_store_health(u);
	if (kind == MARK_QUARANTINE)
		unit_suspect_neighbours(u);
}

void unit_note_open_failed(struct unit *u, enum dvs_class class, const char *text)
{
	struct chips *c = u->chips;

	/* Somebody else's device, or a request that no device could open with: not its health. */
	if (class == DVS_BUSY || class == DVS_CONFIG || class == DVS_UNSUPPORTED)
		return;
	unit_look_at_health(u);
	health_probed(&u->health, &c->s->health, false, text, clock_wall(c->clock));
	unit_store_health(u);
	unit_suspect_neighbours(u);
}

void unit_note_passed(struct unit *u)
{
	struct chips *c = u->chips;
	struct device_health after = u->health;

	if (!health_passed(&after, &c->s->health, clock_wall(c->clock)))
		return;
	unit_look_at_health(u);
	if (health_passed(&u->health, &c->s->health, clock_wall(c->clock)))
		unit_store_health(u);
}

/* ---- devices that a job broke ---- */

void unit_note_opened_again(struct unit *u, const struct job *job)
{
	struct chips *c = u->chips;
	char text[HEALTH_TEXT];

	snprintf(text, sizeof(text), "wedged by job '%s', and opened well after it", job->spec->id);
	if (!health_opened_again(&u->health, &c->s->health, job->spec->id, text,
				 clock_wall(c->clock)))
		return;
	if (health_is_usable(&u->health))
		u->leave = LEAVE_NOT;
	unit_store_health(u);
}

void unit_take_marks_back(struct unit *u, const struct job *job, bool probes_now)
{
	struct chips *c = u->chips;
	double wall_s = clock_wall(c->clock);
	struct device_health without;

	unit_look_at_health(u);
	without = u->health;
	if (!health_unmark(&without, &c->s->health, job->spec->id, wall_s))
		return;
	if (health_is_usable(&without) && !health_is_usable(&u->health)) {
		snprintf(u->broken_by, sizeof(u->broken_by), "%s", job->spec->id);
		if (probes_now)
			health_probe_now(&u->health, wall_s);
	} else {
		u->health = without;
	}
	unit_store_health(u);
}

void unit_acquit(struct unit *u)
{
	struct chips *c = u->chips;

	health_unmark(&u->health, &c->s->health, u->broken_by, clock_wall(c->clock));
	u->broken_by[0] = '\0';
	unit_store_health(u);
}
