/* SPDX-License-Identifier: Apache-2.0 */
/* The options of driver command, read and checked; docs/reference/drivers.md has every one. */
#ifndef DRIVERS_COMMAND_OPTIONS_H
#define DRIVERS_COMMAND_OPTIONS_H

#include "base/text_pattern.h"

struct smi_options {
	struct arena *mem; /* of all texts */
	/* Commands for the shell; NULL: not given. */
	const char *probe, *health, *open_check;
	struct text_pattern *line;		   /* a line with a device in the output of probe */
	struct text_pattern *good, *suspect, *bad; /* for the output of health; NULL: not given */
	double timeout_s;
	const char *family;
	bool lends_name; /* commands get a device's name instead of its number */
};

/* json: an object. -1 with err, which names the option. */
int smi_options_read(const char *json, struct smi_options *ret, struct error *err);
/* Limit of probe, which is below that of the host, so that the driver can report the late command.
 */
double smi_options_probe_s(const struct smi_options *o);
void smi_options_done(struct smi_options *o);

#endif
