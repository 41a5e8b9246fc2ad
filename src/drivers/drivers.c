/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/drivers.h"

#define DRIVER(name, help) &(const struct driver_type){#name, help, driver_##name##_get},
const struct driver_type *const driver_types[] = {
#include "drivers/list.h"
	NULL,
};

#define DRIVER_MODULE(name, is_built, help) {#name, help, is_built},
const struct driver_module driver_modules[] = {
#include "drivers/list.h"
	{NULL, NULL, false},
};
