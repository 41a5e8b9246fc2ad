/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that a driver has loaded from temporary files, whatever function created these. */
#ifndef DEVICE_DRIVER_LOADED_IMAGES_H
#define DEVICE_DRIVER_LOADED_IMAGES_H

#include <stdint.h>

/* Records loaded libraries that match a pattern of the leftovers, if any was loaded or unloaded
 * since *n_loads was counted. Updates *n_loads. */
void loaded_images_note(uint64_t *n_loads);

#endif
