/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the devices, and of the library's clocks, while nothing is open. */
#ifndef DRIVERS_SIMPLER_DEVICES_H
#define DRIVERS_SIMPLER_DEVICES_H

#include "dvsched/driver.h"

/* As in struct dvs_driver. Looks whether the library's files are there, and opens none. */
int32_t simpler_probe(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
		      struct dvs_text *err);
uint64_t simpler_inner_watch_ns(const char *options);

#endif
