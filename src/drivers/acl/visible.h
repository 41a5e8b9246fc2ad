/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASCEND_RT_VISIBLE_DEVICES: if a process sees only some devices, it counts them from 0. The ids on
 * the machine (those of `npu-smi` and of this variable) are called physical here, the process's own
 * numbers logical. Locks and health use the physical ids.
 */
#ifndef DRIVERS_ACL_VISIBLE_H
#define DRIVERS_ACL_VISIBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define VISIBLE_VARIABLE "ASCEND_RT_VISIBLE_DEVICES"

enum { VISIBLE_MOST = 256 };

struct visible {
	bool is_limited; /* false: all devices are visible, and both numbers are the same */
	unsigned n;
	int32_t ids[VISIBLE_MOST];
};

/* text: "2,5"; "" for none; NULL for all. */
int visible_read(const char *text, struct visible *ret, struct error *err);
/* -1: not visible. */
int32_t visible_logical(const struct visible *v, int32_t physical);
int32_t visible_physical(const struct visible *v, int32_t logical);

#endif
