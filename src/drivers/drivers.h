/* SPDX-License-Identifier: Apache-2.0 */
/* The drivers that are part of dvsched. A new one is a folder, a line in list.h, a line in
 * meson.build. */
#ifndef DRIVERS_DRIVERS_H
#define DRIVERS_DRIVERS_H

#include "dvsched/driver.h"

struct driver_type {
	const char *name, *help;
	dvs_driver_get_function *get;
};

extern const struct driver_type *const driver_types[]; /* NULL-terminated */

#define DRIVER(name, help) const struct dvs_driver *driver_##name##_get(uint32_t host_abi);
#include "drivers/list.h"
#undef DRIVER

#endif
