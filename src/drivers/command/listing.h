/* SPDX-License-Identifier: Apache-2.0 */
/* The list that `probe` prints: each line that the pattern `line` matches is a device. */
#ifndef DRIVERS_COMMAND_LISTING_H
#define DRIVERS_COMMAND_LISTING_H

#include <stdint.h>

#include "drivers/command/options.h"
#include "drivers/command/tool.h"

struct smi_device {
	int32_t id;
	const char *name, *model, *pci, *domain, *health; /* NULL: not in the line */
	uint64_t memory;				  /* bytes; 0: not known */
	int32_t numa;					  /* -1: not known */
};

struct smi_listing {
	struct smi_device *devices;
	size_t n;
};

/* Runs probe for at most limit_s and reads its output. Texts are in mem. Returns 0, or an enum
 * smi_code with err. */
int32_t smi_listing_make(const struct smi_options *o, double limit_s, struct arena *mem,
			 struct smi_listing *ret, struct error *err);
const struct smi_device *smi_listing_find(const struct smi_listing *l, int32_t id);

#endif
