/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/drivers.h"

#define DRIVER(name, help) &(const struct driver_type){#name, help, driver_##name##_get},
const struct driver_type *const driver_types[] = {
#include "drivers/list.h"
	NULL,
};
#undef DRIVER
