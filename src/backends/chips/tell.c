/* SPDX-License-Identifier: Apache-2.0 */
/* The report about devices after the last job: which are not healthy, and why. */
#include <string.h>

#include "backends/chips/chips.h"

/* "device   chips/3 is quarantined until 2026-11-25T12:30:00Z: … (first code 507018; 2 jobs: a, b)"
 */
static void add_line(struct str *out, const struct unit *u)
{
	const struct device_health *h = &u->health;

	str_printf(out, "device   %s/%d is ", u->chips->s->name, u->device->id);
	health_add_state(out, h, clock_wall(u->chips->clock));
	health_add_reason(out, h);
	str_addc(out, '\n');
}

static void tell_write_device(struct json_out *json, const struct unit *u)
{
	jout_object(json);
	jout_key_int(json, "id", u->device->id);
	health_add_json(&u->health, json);
	jout_key_int(json, "opened", u->n_opened);
	jout_object_end(json);
}

void chips_tell(struct backend *b, struct str *notes, struct json_out *json)
{
	const struct chips *c = chips_of(b);

	jout_key_string(json, "driver", c->s->driver_name);
	jout_key_string(json, "driver_version", c->s->driver_version);
	jout_key(json, "devices");
	jout_array(json);
	for (uint32_t i = 0; i < c->n_units; i++) {
		const struct unit *u = &c->units[i];

		tell_write_device(json, u);
		if (u->health.state != HEALTH_HEALTHY && u->health.state != HEALTH_UNKNOWN)
			add_line(notes, u);
	}
	jout_array_end(json);
	if (c->health_warning)
		str_printf(notes, "health   %s\n", c->health_warning);
}
