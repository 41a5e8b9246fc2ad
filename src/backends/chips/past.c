/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the job or the device is at fault, from where the job failed before. */
#include <stdlib.h>

#include "backends/chips/device_list.h"
#include "backends/chips/gang.h"
#include "base/mem.h"
#include "base/vec.h"

bool past_has(const struct chips *c, const struct job *job, int32_t device)
{
	for (size_t i = 0; i < c->past.n; i++)
		if (c->past.at[i].job == job->n && c->past.at[i].device == device &&
		    c->past.at[i].class != DVS_OK)
			return true;
	return false;
}

static bool class_breaks_devices(enum dvs_class class)
{
	return device_class_fate(class)->mark == MARK_QUARANTINE;
}

static bool past_has_end(const struct chips *c, const struct job *job, int32_t device,
			 enum dvs_class class)
{
	for (size_t i = 0; i < c->past.n; i++)
		if (c->past.at[i].job == job->n && c->past.at[i].device == device &&
		    c->past.at[i].class == class)
			return true;
	return false;
}

bool past_has_like(const struct chips *c, const struct job *job, int32_t device,
		   enum dvs_class class)
{
	for (size_t i = 0; i < c->past.n; i++) {
		const struct past *p = &c->past.at[i];

		if (p->job == job->n && p->class == class &&
		    (p->device != device || class_breaks_devices(class)))
			return true;
	}
	return false;
}

bool past_was_well(const struct chips *c, const struct job *job, int32_t device)
{
	return past_has_end(c, job, device, DVS_OK);
}

bool past_has_broken(const struct chips *c, const struct job *job, int32_t device)
{
	return past_has_end(c, job, device, DVS_WEDGE);
}

bool past_forbids(const struct chips_job *j, const struct unit *u)
{
	return past_has_broken(j->chips, j->job, u->device->id) &&
	       outlook_n_unbroken(j) >= j->request->n_devices;
}

void past_add(struct chips *c, const struct job *job, int32_t device, enum dvs_class class)
{
	vec_push(&c->past, (struct past){job->n, device, class});
}

void past_forget(struct chips *c, const struct job *job)
{
	size_t n = 0;

	for (size_t i = 0; i < c->past.n; i++)
		if (c->past.at[i].job != job->n)
			c->past.at[n++] = c->past.at[i];
	c->past.n = n;
}

/* ---- devices that are opened again after a failure ---- */

bool probe_found_broken(const struct device_probe *p)
{
	return p->is_done && p->class != DVS_OK && p->class != DVS_BUSY && p->class != DVS_CONFIG &&
	       p->class != DVS_UNSUPPORTED;
}

void probe_add_broken(struct str *out, const struct unit *u, const struct device_probe *p)
{
	if (probe_found_broken(p))
		str_printf(out, "; then device %d does not open any more: %s", u->device->id,
			   p->text);
}

/* Two devices that are not in one fault domain. */
static bool units_are_apart(const struct unit *a, const struct unit *b)
{
	return a->device->domain < 0 || a->device->domain != b->device->domain;
}

bool past_shows_the_job(const struct chips *c, const struct job *job, struct unit *const *broken,
			uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if ((i > 0 && units_are_apart(broken[0], broken[i])) ||
		    past_has_like(c, job, broken[i]->device->id, DVS_WEDGE))
			return true;
	return false;
}

/* ---- devices that a job broke ---- */

static struct unit *find_suspect_unit(struct chips *c, int32_t device)
{
	for (uint32_t i = 0; i < c->n_units; i++)
		if (c->units[i].device->id == device)
			return &c->units[i];
	return NULL;
}

void past_take_marks_back(struct chips *c, const struct job *job, enum dvs_class class,
			  bool probes_now)
{
	for (size_t i = 0; i < c->past.n; i++) {
		const struct past *p = &c->past.at[i];
		struct unit *u = find_suspect_unit(c, p->device);

		if (p->job == job->n && p->class == class && u)
			unit_take_marks_back(u, job, probes_now);
	}
}

const char *past_say_breaks(const struct chips *c, const struct job *job, enum dvs_class class,
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
