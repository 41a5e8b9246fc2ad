/* SPDX-License-Identifier: Apache-2.0 */
/* The drivers that come with dvsched. A new driver is a directory, a line in list.h and a line in
 * meson.build. */
#ifndef DRIVERS_DRIVERS_H
#define DRIVERS_DRIVERS_H

#include <stdbool.h>

#include "dvsched/driver.h"

struct driver_type {
	const char *name, *help;
	dvs_driver_get_function *get;
};

extern const struct driver_type *const driver_types[]; /* built in; NULL-terminated */

/* A driver that is a library, found by its name in the directories of drivers
 * (device/driver/names.h). */
struct driver_module {
	const char *name, *help;
	bool is_built; /* in the same build as this program */
};

extern const struct driver_module driver_modules[]; /* the last one's name is NULL */

#define DRIVER(name, help) const struct dvs_driver *driver_##name##_get(uint32_t host_abi);
#include "drivers/list.h"

#endif
