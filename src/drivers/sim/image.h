/* SPDX-License-Identifier: Apache-2.0 */
/* Images that a worker has loaded, identified by content, never by path. */
#ifndef DRIVERS_SIM_IMAGE_H
#define DRIVERS_SIM_IMAGE_H

#include <stddef.h>

#include "dvsched/driver.h"
#include "dvsched/sim_kernel.h"

typedef int sim_kernel_function(const struct dvs_kernel_args *args);

struct sim_image {
	char hash[33]; /* hexadecimal; "": the slot is free */
	uint64_t bytes;
	void *library;
	sim_kernel_function *kernel;
};

struct sim_images {
	struct sim_image *at; /* slot - 1 */
	size_t n, cap;
};

/* Slot 0 is for programs; an image's is 1 or more. The same content again: the same slot. */
int32_t sim_images_load(struct sim_images *im, const char *path, uint32_t *ret_slot,
			struct dvs_text *err);
/* NULL: no such slot. */
const struct sim_image *sim_images_get(const struct sim_images *im, uint32_t slot);
int32_t sim_images_unload(struct sim_images *im, uint32_t slot);
void sim_images_done(struct sim_images *im);

#endif
