/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a command that borrowed devices: whether it failed by itself or because of a
 * device. */
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

static uint32_t list_broken(const struct lend *l, struct unit **ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		if (probe_found_broken(&l->devices[i].probe))
			ret[n++] = l->devices[i].unit;
	return n;
}

static void lend_write_device(struct json_out *out, const struct lent *d)
{
	jout_object(out);
	jout_key_int(out, "device", d->unit->device->id);
	jout_key_string(out, "lent_as", d->unit->device->lent_as);
	if (d->probe.is_done)
		jout_key_string(out, "probe", device_class_name(d->probe.class));
	if (d->probe.is_done && d->probe.class != DVS_OK && d->probe.text)
		jout_key_string(out, "text", d->probe.text);
	jout_object_end(out);
}

static char *lend_make_details(const struct lend *l, const char *at_fault)
{
	const struct chips_settings *s = l->chips->s;
	struct json_out out;

	jout_init(&out, -1, 0);
	jout_object(&out);
	jout_key_string(&out, "driver", s->driver_name);
	jout_key_string(&out, "driver_version", s->driver_version);
	jout_key_real(&out, "queue_s", l->started_s - l->job->queued_s, 6);
	if (at_fault)
		jout_key_string(&out, "blame", at_fault);
	jout_key(&out, "borrowed");
	jout_array(&out);
	for (uint32_t i = 0; i < l->n; i++)
		lend_write_device(&out, &l->devices[i]);
	jout_array_end(&out);
	jout_object_end(&out);
	return str_take(&out.buf);
}

/* The command's own message comes first; the devices that do not open follow. */
static void lend_fail_for_device(struct lend *l)
{
	const struct class_fate *fate = device_class_fate(DVS_WEDGE);
	struct job_result *r = &l->result;
	_cleanup_(str_done) struct str text = {0};

	str_add(&text, r->message ? r->message : job_reason_name(r->reason));
	for (uint32_t i = 0; i < l->n; i++)
		probe_add_broken(&text, l->devices[i].unit, &l->devices[i].probe);
	r->status = fate->status;
	r->reason = fate->reason;
	r->is_uncounted = !fate->is_counted;
	r->message = arena_strdup(l->job->mem, text.s);
}

static void lend_fail_for_job(struct lend *l)
{
	past_take_marks_back(l->chips, l->job->job, DVS_WEDGE, false);
	l->result.status = JOB_FAILED;
	l->result.reason = REASON_BREAKS_DEVICES;
	l->result.is_uncounted = false;
	l->result.message = past_say_breaks(l->chips, l->job->job, DVS_WEDGE, l->result.message,
					    l->job->mem);
}

/* A retry prefers other devices. */
static void note_past(const struct lend *l)
{
	const struct job *job = l->job->job;

	for (uint32_t i = 0; i < l->n; i++) {
		const struct lent *d = &l->devices[i];

		past_add(l->chips, job, d->unit->device->id,
			 probe_found_broken(&d->probe) ? DVS_WEDGE : DVS_JOB);
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
	const char *at_fault = l->result.status == JOB_PASSED || l->was_killed ? NULL : "job";
	_cleanup_(freep) struct unit **broken = xcalloc(l->n, sizeof(*broken));
	uint32_t n_broken = list_broken(l, broken);
	bool breaks_devices = past_shows_the_job(l->chips, l->job->job, broken, n_broken);
	_cleanup_(freep) char *details = NULL;

	settle_devices(l);
	if (n_broken) {
		lend_fail_for_device(l);
		at_fault = "device";
	}
	if (breaks_devices) {
		lend_fail_for_job(l);
		at_fault = "job";
	}
	l->result.details = details = lend_make_details(l, at_fault);
	sched_job_ended(l->job->job, &l->result);
}
