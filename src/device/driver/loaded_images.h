/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that a driver has loaded from temporary files, however it made them. */
#ifndef DEVICE_DRIVER_LOADED_IMAGES_H
#define DEVICE_DRIVER_LOADED_IMAGES_H

#include <stdint.h>

/* Records which are there, if any library has come or gone since *n_loads was counted. */
void loaded_images_note(uint64_t *n_loads);

#endif
