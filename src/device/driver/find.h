/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a driver's table by name or path. Loads code of the driver, so only processes that may
 * crash call it: workers and probes.
 *
 * In device/driver/: finding drivers by name, loading one, and which files and libraries it makes
 * this process use. Entry: driver_find().
 */
#ifndef DEVICE_DRIVER_FIND_H
#define DEVICE_DRIVER_FIND_H

#include "base/error.h"
#include "dvsched/driver.h"

/* word: as for driver_locate(). A library is opened with dlopen() and never closed. Checks the ABI,
 * the size and the required entries. NULL with err, which names the driver. */
const struct dvs_driver *driver_find(const char *word, struct error *err);
/* d has lend_as(); drivers built with an older header lack it. */
bool driver_can_lend_as(const struct dvs_driver *d);

#endif
