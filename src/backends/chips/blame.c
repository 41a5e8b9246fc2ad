/* SPDX-License-Identifier: Apache-2.0 */
/* What an end says of a device: its marks, its neighbours, and whether it was the job: where a job
 * has failed before. */
#include <stdio.h>
#include <stdlib.h>

#include "backends/chips/gang.h"
#include "base/mem.h"

/* ---- where a job has failed before ---- */

bool past_has(const struct chips *c, const struct job *job, int32_t device)
{
	for (size_t i = 0; i < c->n_past; i++)
		if (c->past[i].job == job->n && c->past[i].device == device)
			return true;
	return false;
}

bool past_has_like(const struct chips *c, const struct job *job, int32_t device,
		   enum dvs_class class)
{
	for (size_t i = 0; i < c->n_past; i++) {
		const struct past *p = &c->past[i];

		if (p->job == job->n && p->class == class && p->device != device)
			return true;
	}
	return false;
}

void past_add(struct chips *c, const struct job *job, int32_t device, enum dvs_class class)
{
	c->past = xreallocarray(c->past, c->n_past + 1, sizeof(*c->past));
	c->past[c->n_past++] = (struct past){job->n, device, class};
}

void past_forget(struct chips *c, const struct job *job)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_past; i++)
		if (c->past[i].job != job->n)
			c->past[n++] = c->past[i];
	c->n_past = n;
}

/* ---- health ---- */

static struct unit *unit_of(struct chips *c, int32_t device)
{
	for (uint32_t i = 0; i < c->n_units; i++)
		if (c->units[i].device->id == device)
			return &c->units[i];
	return NULL;
}

static void suspect_neighbours(struct unit *u)
{
	struct chips *c = u->chips;
	char text[96];

	if (u->device->domain < 0)
		return;
	snprintf(text, sizeof(text), "device %d of the same fault domain broke", u->device->id);
	for (uint32_t i = 0; i < c->n_units; i++)
		if (&c->units[i] != u && c->units[i].device->domain == u->device->domain &&
		    health_suspect(&c->units[i].health, text, clock_wall(c->clock)))
			unit_store_health(&c->units[i]);
}

void outcome_mark(struct unit *u, const struct job *job, enum dvs_class class, int32_t code,
		  const char *text)
{
	struct chips *c = u->chips;
	enum device_mark kind = device_class_fate(class)->mark;
	struct health_mark m = {.wall_s = clock_wall(c->clock), .class = class, .code = code};

	if (kind == MARK_NONE)
		return;
	snprintf(m.job, sizeof(m.job), "%s", job->spec->id);
	health_mark(&u->health, &c->s->health, kind, &m, text);
	unit_store_health(u);
	if (kind == MARK_QUARANTINE)
		suspect_neighbours(u);
}

void outcome_of_open(struct unit *u, enum dvs_class class, const char *text)
{
	struct chips *c = u->chips;

	/* Somebody else's device, or a request that no device could open with: not its health. */
	if (class == DVS_BUSY || class == DVS_CONFIG || class == DVS_UNSUPPORTED)
		return;
	health_probed(&u->health, &c->s->health, false, text, clock_wall(c->clock));
	unit_store_health(u);
	suspect_neighbours(u);
}

void outcome_passed(struct unit *u)
{
	struct chips *c = u->chips;

	if (health_passed(&u->health, &c->s->health, clock_wall(c->clock)))
		unit_store_health(u);
}

/* ---- devices that a job broke ---- */

static void take_marks_back(struct unit *u, const struct job *job, bool probes_now)
{
	struct chips *c = u->chips;
	double wall_s = clock_wall(c->clock);
	struct device_health without = u->health;

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

void outcome_blame_job(struct chips *c, const struct job *job, enum dvs_class class,
		       bool probes_now)
{
	for (size_t i = 0; i < c->n_past; i++) {
		const struct past *p = &c->past[i];
		struct unit *u = unit_of(c, p->device);

		if (p->job == job->n && p->class == class && u)
			take_marks_back(u, job, probes_now);
	}
}

void outcome_acquit(struct unit *u)
{
	struct chips *c = u->chips;

	health_unmark(&u->health, &c->s->health, u->broken_by, clock_wall(c->clock));
	u->broken_by[0] = '\0';
	unit_store_health(u);
}
