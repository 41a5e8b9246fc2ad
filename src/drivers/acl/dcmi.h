/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health of a device without opening it, from the management interface DCMI where libdcmi.so is
 * there and answers (some machines give it to root only). What it says is a hint: a device that is
 * normal here may still fail every run.
 */
#ifndef DRIVERS_ACL_DCMI_H
#define DRIVERS_ACL_DCMI_H

#include <stdint.h>

#include "dvsched/driver.h"

struct dcmi_facts {
	enum dvs_health health; /* UNKNOWN: text says why */
	int32_t card;		/* chips of one card fail together; -1: not known */
	char text[96];		/* "DCMI: critical, errors 0x80e01801" */
};

/* path: of the library; NULL: the usual places; "": do not ask. */
void dcmi_get(const char *path, int32_t device, struct dcmi_facts *ret);

#endif
