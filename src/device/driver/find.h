/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name or a path to a driver's table. Only processes that may die call it: workers and
 * probes.
 *
 * In device/driver/: finding drivers by name, loading one, and which files and libraries it
 * makes this process use. Entry: driver_find().
 */
#ifndef DEVICE_DRIVER_FIND_H
#define DEVICE_DRIVER_FIND_H

#include "base/error.h"
#include "dvsched/driver.h"

/* word: as for driver_locate(). A library is opened by dlopen() and kept. Checks ABI, size and the
 * entries that must be there. NULL with err, which names it. */
const struct dvs_driver *driver_find(const char *word, struct error *err);
/* It has lend_as(), which drivers built with an older header have not. */
bool driver_can_lend_as(const struct dvs_driver *d);

#endif
