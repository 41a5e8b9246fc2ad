/* SPDX-License-Identifier: Apache-2.0 */
/* The health of a device according to its tool, with a line of text for users. */
#ifndef DRIVERS_COMMAND_VERDICT_H
#define DRIVERS_COMMAND_VERDICT_H

#include "drivers/command/listing.h"
#include "dvsched/driver.h"

struct smi_verdict {
	enum dvs_health health;
	int32_t code; /* enum smi_code; 0: the device is usable */
	struct str text;
};
void smi_verdict_done(struct smi_verdict *v);

/* The health of a listed device, from its line. */
void smi_verdict_of_listed(const struct smi_options *o, const struct smi_device *d,
			   struct smi_verdict *ret);
/* Runs open_check (if is_open, and it is given), else health, else probe. */
void smi_verdict_make(const struct smi_options *o, int32_t device, bool is_open,
		      struct smi_verdict *ret);

#endif
