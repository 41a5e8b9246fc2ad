/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of driver command. */
#ifndef DRIVERS_COMMAND_CODES_H
#define DRIVERS_COMMAND_CODES_H

#include <stdint.h>

#include "base/error.h"
#include "dvsched/driver.h"

enum smi_code {
	SMI_E_OPTIONS = 1, /* the backend's options */
	SMI_E_TOOL,	   /* a command cannot be started, or its list has no usable device */
	SMI_E_GONE,	   /* the device is not listed */
	SMI_E_BAD,	   /* the health of the device is bad */
	SMI_E_LATE,	   /* the command did not end in time */
	SMI_E_END
};

enum dvs_class smi_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint);
/* Writes the message of why, frees why, and returns code. */
int32_t smi_fail(struct dvs_text *err, int32_t code, struct error *why);

#endif
