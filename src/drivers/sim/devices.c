/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/devices.h"

#include <stdio.h>

#include "drivers/sim/codes.h"
#include "drivers/sim/device_state.h"
#include "drivers/sim/sim.h"

/* Injects faults into calls without an open device. Such faults are in no result. */
static int32_t strike_closed(const struct sim_options *options, enum sim_point on, int32_t device,
			     struct dvs_text *err)
{
	struct sim s = {.device = device, .options = *options, .faults = json_array()};
	int32_t code = sim_strike(&s, on, &(struct sim_occasion){.device = device}, err);

	json_decref(s.faults);
	return code;
}

static int32_t sim_devices_describe(const struct sim_options *o, int32_t device,
				    struct dvs_device *ret, struct dvs_text *err)
{
	struct sim_device_state state;
	int32_t code = sim_device_state_read(o->state_dir, device, &state, err);

	ret->id = device;
	ret->fault_domain = sim_options_fault_domain(o, device);
	ret->numa = -1;
	ret->health = state.wedge == SIM_SOUND ? DVS_HEALTH_GOOD : DVS_HEALTH_BAD;
	ret->mem_total = ret->mem_free = o->memory;
	snprintf(ret->model, sizeof(ret->model), "sim");
	if (state.wedge == SIM_SOUND)
		snprintf(ret->detail, sizeof(ret->detail), "opened %lld times, %lld runs",
			 (long long)state.n_opens, (long long)state.n_runs);
	else
		snprintf(ret->detail, sizeof(ret->detail), "wedged%s",
			 state.wedge == SIM_WEDGED_FOR_EVER ? " for ever"
							    : " until it is reset by force");
	return code;
}

int32_t sim_devices_probe(const char *options, struct dvs_device *devices, size_t cap,
			  size_t *ret_n, struct dvs_text *err)
{
	struct sim_options o;
	int32_t code = sim_options_read(options, &o, err);

	if (code != 0)
		return code;
	*ret_n = (size_t)o.n_devices;
	for (int32_t i = 0; i < o.n_devices && code == 0; i++) {
		code = strike_closed(&o, SIM_ON_PROBE, i, err);
		if (code == 0 && (size_t)i < cap)
			code = sim_devices_describe(&o, i, &devices[i], err);
	}
	sim_options_done(&o);
	return code;
}

int32_t sim_devices_health(int32_t device, const char *options, struct dvs_device *ret,
			   struct dvs_text *err)
{
	struct sim_options o;
	int32_t code = sim_options_read(options, &o, err);

	if (code != 0)
		return code;
	if (device < 0 || device >= o.n_devices)
		code = sim_fail(err, SIM_NO_DEVICE, "there is no device %d of %lld", device,
				(long long)o.n_devices);
	if (code == 0)
		code = strike_closed(&o, SIM_ON_HEALTH, device, err);
	if (code == 0)
		code = sim_devices_describe(&o, device, ret, err);
	sim_options_done(&o);
	return code;
}
