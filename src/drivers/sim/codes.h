/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of driver sim: codes of its own, and codes of a real device with the same meaning. */
#ifndef DRIVERS_SIM_CODES_H
#define DRIVERS_SIM_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "dvsched/driver.h"

/* Below 1000: codes of a kernel or of `fail`. */
enum sim_code {
	SIM_WRONG = 1, /* the first of the codes that a kernel may return: 1 … 999 */
	SIM_KERNEL_LAST = 999,
	SIM_MISMATCH = 1001, /* a result is not what was expected */
	SIM_BAD_JOB = 1002,  /* the job's or the backend's JSON */
	SIM_NO_IMAGE = 1003,
	SIM_NO_DEVICE = 1004,
	SIM_MISUSE = 1005, /* calls in the wrong order */
	SIM_DEADLOCK = 1006,
	SIM_PEER = 1007,
	SIM_CANCELLED = 1008,
	SIM_MEMORY = 1009,
	SIM_STATE = 1010, /* the file of the device's state */

	SIM_LATCHED_STALL = -100, /* the inner watchdog's */
	SIM_SYNC_LATE = 507046,
	SIM_OUT_OF_MEMORY = 207018,
	SIM_CPU_FAULT = 507018,	     /* code of `poison`, unless the fault has a code */
	SIM_POISONED = 507899,	     /* every later call */
	SIM_SETUP_FAILED = 507033,   /* open of a wedged device in a fresh process */
	SIM_HEARTBEAT_LOST = 507010, /* the run that wedges the device */
};

enum dvs_class sim_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint);

/* After this code the process can no longer use the device, whatever the class. */
bool sim_code_poisons(int32_t code);

/* Writes the text, if err has room for it, and returns code. */
int32_t sim_fail(struct dvs_text *err, int32_t code, const char *fmt, ...) _printf_(3, 4);

#endif
