/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a simulated device that outlives its process: <dir>/sim/dev<N>.json. */
#ifndef DRIVERS_SIM_DEVICE_STATE_H
#define DRIVERS_SIM_DEVICE_STATE_H

#include <stdint.h>

#include "dvsched/driver.h"

enum sim_wedge { SIM_SOUND, SIM_WEDGED_FOR_EVER, SIM_WEDGED_UNTIL_RESET };

struct sim_device_state {
	uint32_t wedge; /* enum sim_wedge */
	int64_t n_opens, n_runs, n_ecc;
};

/* All zero if there is no file, or dir is NULL. 0, or SIM_STATE. */
int32_t sim_device_state_read(const char *dir, int32_t device, struct sim_device_state *ret,
			      struct dvs_text *err);

/* Reads the state, calls change(), and writes the state, under a lock, so that no other change is
 * lost. */
typedef void sim_device_state_change(struct sim_device_state *s);
int32_t sim_device_state_change_to(const char *dir, int32_t device, sim_device_state_change *change,
				   struct dvs_text *err);

#endif
