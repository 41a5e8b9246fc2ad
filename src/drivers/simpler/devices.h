/* SPDX-License-Identifier: Apache-2.0 */
/* Lists devices and the library's time limits, without opening the library. */
#ifndef DRIVERS_SIMPLER_DEVICES_H
#define DRIVERS_SIMPLER_DEVICES_H

#include "dvsched/driver.h"

/* As in struct dvs_driver. Checks that the library's files exist, and opens none. */
int32_t simpler_probe(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
		      struct dvs_text *err);
uint64_t simpler_inner_watch_ns(const char *options);

#endif
