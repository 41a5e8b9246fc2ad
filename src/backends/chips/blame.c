/* SPDX-License-Identifier: Apache-2.0 */
/* Whether it was the job or the device: where a job has failed before. */
#include <stdlib.h>

#include "backends/chips/device_list.h"
#include "backends/chips/gang.h"
#include "base/mem.h"

bool past_has(const struct chips *c, const struct job *job, int32_t device)
{
	for (size_t i = 0; i < c->n_past; i++)
		if (c->past[i].job == job->n && c->past[i].device == device)
			return true;
	return false;
}

static bool past_has_end(const struct chips *c, const struct job *job, int32_t device,
			 enum dvs_class class)
{
	for (size_t i = 0; i < c->n_past; i++)
		if (c->past[i].job == job->n && c->past[i].device == device &&
		    c->past[i].class == class)
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

/* ---- devices that a job broke ---- */

static struct unit *unit_of(struct chips *c, int32_t device)
{
	for (uint32_t i = 0; i < c->n_units; i++)
		if (c->units[i].device->id == device)
			return &c->units[i];
	return NULL;
}

void outcome_blame_job(struct chips *c, const struct job *job, enum dvs_class class,
		       bool probes_now)
{
	for (size_t i = 0; i < c->n_past; i++) {
		const struct past *p = &c->past[i];
		struct unit *u = unit_of(c, p->device);

		if (p->job == job->n && p->class == class && u)
			unit_take_marks_back(u, job, probes_now);
	}
}

const char *outcome_say_breaks(const struct chips *c, const struct job *job, enum dvs_class class,
			       const char *text, struct arena *mem)
{
	_cleanup_(str_done) struct str out = {0};
	int32_t *ids = xcalloc(c->n_units, sizeof(*ids));
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_units; i++)
		if (past_has_end(c, job, c->units[i].device->id, class))
			ids[n++] = c->units[i].device->id;
	str_add(&out, "the job breaks devices (");
	device_list_add(&out, ids, n);
	str_printf(&out, "): %s", text);
	free(ids);
	return arena_strdup(mem, out.s);
}
