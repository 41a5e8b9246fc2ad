/* SPDX-License-Identifier: Apache-2.0 */
/* Lists devices and their health, without opening any. */
#ifndef DRIVERS_SIM_DEVICES_H
#define DRIVERS_SIM_DEVICES_H

#include <stddef.h>
#include <stdint.h>

#include "dvsched/driver.h"

/* As dvs_driver's probe() and health(). */
int32_t sim_devices_probe(const char *options, struct dvs_device *devices, size_t cap,
			  size_t *ret_n, struct dvs_text *err);
int32_t sim_devices_health(int32_t device, const char *options, struct dvs_device *ret,
			   struct dvs_text *err);

#endif
