/* SPDX-License-Identifier: Apache-2.0 */
/* The health of a unit's device: read, marked and stored. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/chips.h"
#include "backends/chips/unit_parts.h"
#include "base/mem.h"

/* Shortest time between two reads of a health file. */
static const double reread_s = 1;

/* ---- the file ---- */

static void unit_warn_of_health(struct unit *u, struct error *err)
{
	free(u->chips->health_warning);
	u->chips->health_warning = xstrdup(err->msg);
	error_done(err);
}

static void unit_store_health(struct unit *u)
{
	const struct chips_settings *s = u->chips->s;
	struct error err = {0};

	u->knows_more = health_store(s->state_dir, u->device->family, u->device->machine_id,
				     &u->health, &err) < 0;
	if (u->knows_more)
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

/* Another process may have had the device, or a user may have quarantined it. Changes that could
 * not be written are only in memory, and must not be overwritten. */
void unit_look_at_health(struct unit *u)
{
	if (!u->knows_more)
		unit_read_health(u);
}

/* Reads the health before a change, and takes the lock of its file. No other process changes it
 * while the returned descriptor is open. -1: no lock. Called in a turn, which must not block: if
 * the lock is not free within the time that a change takes, later changes do not wait for it
 * again. */
static int unit_lock_health(struct unit *u)
{
	const struct chips_settings *s = u->chips->s;
	int fd = health_lock(s->state_dir, u->device->family, u->device->machine_id,
			     u->has_no_lock ? 0 : HEALTH_LOCK_MS);

	if (fd < 0 && !u->has_no_lock && !u->chips->health_warning)
		u->chips->health_warning = xasprintf(
			"cannot lock the health of %s/%d (another process holds the lock, or its "
			"name "
			"in %s is not a regular file): changes by other processes may be lost",
			s->name, u->device->id, s->state_dir);
	u->has_no_lock = fd < 0;
	unit_look_at_health(u);
	return fd;
}

static bool unit_is_between_jobs(const struct unit *u)
{
	return (u->state == UNIT_IDLE || u->state == UNIT_CLOSED) && !u->holder;
}

/* A user may quarantine or clear the device during a run. Read between two jobs. */
void unit_look_at_health_again(struct unit *u)
{
	if (unit_is_between_jobs(u) && u->chips->turn_s >= u->health_read_s + reread_s)
		unit_look_at_health(u);
}

double unit_reread_at(const struct unit *u)
{
	bool may_read = unit_is_between_jobs(u) && !u->knows_more;

	return may_read && !health_is_usable(&u->health) ? u->health_read_s + reread_s : INFINITY;
}

/* The driver's report, made without an open. A command that borrowed such a device would not find
 * it, and might pass without it. */
void unit_read_driver_health(struct unit *u)
{
	const struct dvs_device *facts = u->device->facts;
	char text[sizeof(facts->detail) + 32];
	_cleanup_(closep) int lock = -1;

	if (!facts || facts->health != DVS_HEALTH_BAD || !health_is_usable(&u->health))
		return;
	snprintf(text, sizeof(text), "its driver reports it as bad%s%s",
		 facts->detail[0] ? ": " : "", facts->detail);
	lock = unit_lock_health(u);
	health_probed(&u->health, &u->chips->s->health, false, text, clock_wall(u->chips->clock));
	unit_store_health(u);
}

/* ---- marks ---- */

void unit_suspect(struct unit *u, const char *text)
{
	_cleanup_(closep) int lock = unit_lock_health(u);

	(void)lock;
	if (health_suspect(&u->health, text, clock_wall(u->chips->clock)))
		unit_store_health(u);
}

static void unit_suspect_neighbours(struct unit *u)
{
	struct chips *c = u->chips;
	char text[96];

	if (u->device->domain < 0)
		return;
	snprintf(text, sizeof(text), "device %d of the same fault domain broke", u->device->id);
	for (uint32_t i = 0; i < c->n_units; i++) {
		if (&c->units[i] != u && c->units[i].device->domain == u->device->domain)
			unit_suspect(&c->units[i], text);
	}
}

void unit_mark(struct unit *u, const struct job *job, enum dvs_class class, int32_t code,
	       const char *text)
{
	struct chips *c = u->chips;
	enum device_mark kind = device_class_fate(class)->mark;
	struct health_mark m = {.wall_s = clock_wall(c->clock), .class = class, .code = code};
	_cleanup_(closep) int lock = -1;

	if (kind == MARK_NONE)
		return;
	snprintf(m.job, sizeof(m.job), "%s", job->spec->id);
	lock = unit_lock_health(u);
	health_mark(&u->health, &c->s->health, kind, &m, text);
	unit_store_health(u);
	if (kind == MARK_QUARANTINE)
		unit_suspect_neighbours(u);
}

void unit_note_open_failed(struct unit *u, enum dvs_class class, const char *text)
{
	struct chips *c = u->chips;
	_cleanup_(closep) int lock = -1;

	/* The device is in use elsewhere, or no device opens with these options: no sign of bad
	 * health. */
	if (class == DVS_BUSY || class == DVS_CONFIG || class == DVS_UNSUPPORTED)
		return;
	lock = unit_lock_health(u);
	health_probed(&u->health, &c->s->health, false, text, clock_wall(c->clock));
	unit_store_health(u);
	unit_suspect_neighbours(u);
}

void unit_note_passed(struct unit *u)
{
	struct chips *c = u->chips;
	struct device_health after = u->health;
	_cleanup_(closep) int lock = -1;

	if (!health_passed(&after, &c->s->health, clock_wall(c->clock)))
		return;
	lock = unit_lock_health(u);
	if (health_passed(&u->health, &c->s->health, clock_wall(c->clock)))
		unit_store_health(u);
}

/* ---- devices that a job broke ---- */

void unit_note_opened_again(struct unit *u, const struct job *job)
{
	struct chips *c = u->chips;
	char text[HEALTH_TEXT];
	_cleanup_(closep) int lock = unit_lock_health(u);

	(void)lock;
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
	_cleanup_(closep) int lock = unit_lock_health(u);

	(void)lock;
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

bool unit_note_probed_well(struct unit *u)
{
	struct chips *c = u->chips;
	double wall_s = clock_wall(c->clock);
	_cleanup_(closep) int lock = unit_lock_health(u); /* a user may have quarantined it */

	(void)lock;
	if (u->broken_by[0]) {
		health_unmark(&u->health, &c->s->health, u->broken_by, wall_s);
		u->broken_by[0] = '\0';
		unit_store_health(u);
	}
	if (health_is_usable(&u->health))
		return true;
	health_probed(&u->health, &c->s->health, true, NULL, wall_s);
	unit_store_health(u);
	return false;
}

void unit_note_dead(struct unit *u, const char *why)
{
	_cleanup_(closep) int lock = unit_lock_health(u);

	(void)lock;
	health_dead(&u->health, why, clock_wall(u->chips->clock));
	unit_store_health(u);
}
