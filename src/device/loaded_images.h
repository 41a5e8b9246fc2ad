/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that a driver has loaded from temporary files: they would outlive a crash. */
#ifndef DEVICE_LOADED_IMAGES_H
#define DEVICE_LOADED_IMAGES_H

#include "device/board.h"

/* Tells the board which are there, if any library has come or gone since *n_loads was counted. */
void loaded_images_show(struct board *b, uint64_t *n_loads);

#endif
