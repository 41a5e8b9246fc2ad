/* SPDX-License-Identifier: Apache-2.0 */
/* Can a device be used? What its tool says, in one word and a line for people. */
#ifndef DRIVERS_COMMAND_VERDICT_H
#define DRIVERS_COMMAND_VERDICT_H

#include "drivers/command/listing.h"
#include "dvsched/driver.h"

struct smi_verdict {
	enum dvs_health health;
	int32_t code; /* enum smi_code; 0: it can be used */
	struct str text;
};
void smi_verdict_done(struct smi_verdict *v);

/* What the listing says of a device that is in it. */
void smi_verdict_of_listed(const struct smi_options *o, const struct smi_device *d,
			   struct smi_verdict *ret);
/* Asks the tool: open_check (if is_open, and there is one), else health, else probe. */
void smi_verdict_make(const struct smi_options *o, int32_t device, bool is_open,
		      struct smi_verdict *ret);

#endif
