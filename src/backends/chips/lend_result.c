/* SPDX-License-Identifier: Apache-2.0 */
/* How a process that borrowed devices ended: by its own doing, or by a device's. */
#include <stdlib.h>

#include "backends/chips/device_list.h"
#include "backends/chips/lend.h"
#include "base/json_out.h"
#include "base/mem.h"

void lend_add_where(const struct lend *l, struct str *out)
{
	int32_t *ids = xcalloc(l->n, sizeof(*ids));

	for (uint32_t i = 0; i < l->n; i++)
		ids[i] = l->devices[i].unit->device->id;
	str_printf(out, "%s/", l->chips->s->name);
	device_list_add(out, ids, l->n);
	free(ids);
}

/* In somebody else's hands by now, or never to be opened by a worker as the pool is set up: that
 * says nothing of the device. */
bool lent_is_broken(const struct lent *d)
{
	return d->is_probed && d->class != DVS_OK && d->class != DVS_BUSY &&
	       d->class != DVS_CONFIG && d->class != DVS_UNSUPPORTED;
}

static const struct lent *find_broken(const struct lend *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (lent_is_broken(&l->devices[i]))
			return &l->devices[i];
	return NULL;
}

static void write_device(struct json_out *out, const struct lent *d)
{
	jout_object(out);
	jout_key_int(out, "device", d->unit->device->id);
	jout_key_string(out, "lent_as", d->unit->device->lent_as);
	if (d->is_probed)
		jout_key_string(out, "probe", device_class_name(d->class));
	if (d->is_probed && d->class != DVS_OK && d->text)
		jout_key_string(out, "text", d->text);
	jout_object_end(out);
}

static char *make_details(const struct lend *l, const char *blame)
{
	const struct chips_settings *s = l->chips->s;
	struct json_out out;

	jout_init(&out, -1, 0);
	jout_object(&out);
	jout_key_string(&out, "driver", s->driver_name);
	jout_key_string(&out, "driver_version", s->driver_version);
	jout_key_real(&out, "queue_s", l->started_s - l->job->queued_s, 6);
	if (blame)
		jout_key_string(&out, "blame", blame);
	jout_key(&out, "borrowed");
	jout_array(&out);
	for (uint32_t i = 0; i < l->n; i++)
		write_device(&out, &l->devices[i]);
	jout_array_end(&out);
	jout_object_end(&out);
	return str_take(&out.buf);
}

/* What the process ended with stays: it is the first that one wants to know. */
static void blame_device(struct lend *l)
{
	const struct class_fate *fate = device_class_fate(DVS_WEDGE);
	struct job_result *r = &l->result;
	_cleanup_(str_done) struct str text = {0};

	str_add(&text, r->message ? r->message : job_reason_name(r->reason));
	for (uint32_t i = 0; i < l->n; i++)
		if (lent_is_broken(&l->devices[i]))
			str_printf(&text, "; then device %d does not open any more: %s",
				   l->devices[i].unit->device->id, l->devices[i].text);
	r->status = fate->status;
	r->reason = fate->reason;
	r->is_uncharged = !fate->is_charged;
	r->message = arena_strdup(l->job->mem, text.s);
}

/* Two devices that do not fail together by themselves. */
static bool are_apart(const struct lent *a, const struct lent *b)
{
	int32_t domain = a->unit->device->domain;

	return domain < 0 || domain != b->unit->device->domain;
}

/* It left two devices like this: both now, or another one before. */
static bool is_the_job(const struct lend *l)
{
	const struct lent *first = find_broken(l);

	for (uint32_t i = 0; i < l->n; i++) {
		const struct lent *d = &l->devices[i];

		if (lent_is_broken(d) &&
		    ((d != first && are_apart(first, d)) ||
		     past_has_like(l->chips, l->job->job, d->unit->device->id, DVS_WEDGE)))
			return true;
	}
	return false;
}

static void blame_job(struct lend *l)
{
	outcome_blame_job(l->chips, l->job->job, DVS_WEDGE, false);
	l->result.status = JOB_FAILED;
	l->result.reason = REASON_BREAKS_DEVICES;
	l->result.is_uncharged = false;
	l->result.message = outcome_say_breaks(l->chips, l->job->job, DVS_WEDGE, l->result.message,
					       l->job->mem);
}

/* A retry goes elsewhere, if there is an elsewhere. */
static void note_past(const struct lend *l)
{
	const struct job *job = l->job->job;

	for (uint32_t i = 0; i < l->n; i++) {
		const struct lent *d = &l->devices[i];

		if (!past_has(l->chips, job, d->unit->device->id))
			past_add(l->chips, job, d->unit->device->id,
				 lent_is_broken(d) ? DVS_WEDGE : DVS_JOB);
	}
}

static void settle_devices(const struct lend *l)
{
	if (l->result.status != JOB_PASSED) {
		note_past(l);
		return;
	}
	past_forget(l->chips, l->job->job);
	for (uint32_t i = 0; i < l->n; i++)
		unit_note_passed(l->devices[i].unit);
}

void lend_tell(struct lend *l)
{
	const char *blame = l->result.status == JOB_PASSED || l->was_killed ? NULL : "job";
	bool breaks_devices = is_the_job(l);
	_cleanup_(freep) char *details = NULL;

	settle_devices(l);
	if (find_broken(l)) {
		blame_device(l);
		blame = "device";
	}
	if (breaks_devices) {
		blame_job(l);
		blame = "job";
	}
	l->result.details = details = make_details(l, blame);
	sched_job_ended(l->job->job, &l->result);
}
