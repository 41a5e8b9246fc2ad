/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health of a device without opening it, from the management interface DCMI, if libdcmi.so exists
 * and works (on some machines only for root). The health is only a hint: a device that is normal
 * here may still fail every run.
 */
#ifndef DRIVERS_ACL_DCMI_H
#define DRIVERS_ACL_DCMI_H

#include <stdint.h>

#include "dvsched/driver.h"

struct dcmi_facts {
	enum dvs_health health; /* UNKNOWN: text has the reason */
	int32_t card;		/* chips of one card fail together; -1: not known */
	char text[96];		/* "DCMI: critical, errors 0x80e01801" */
};

/* path: that of the library; NULL: the usual places; "": DCMI is not used. */
void dcmi_get(const char *path, int32_t device, struct dcmi_facts *ret);

#endif
