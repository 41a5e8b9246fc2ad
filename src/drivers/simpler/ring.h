/* SPDX-License-Identifier: Apache-2.0 */
/* `ring`: sizes of a run's task rings. */
#ifndef DRIVERS_SIMPLER_RING_H
#define DRIVERS_SIMPLER_RING_H

#include "drivers/fields.h"
#include "drivers/simpler/codes.h"
#include "drivers/simpler/simpler_abi.h"

/* 0: the library's default. For heap, the default is passed explicitly, so that its size is known
 * for clearing. */
struct simpler_ring {
	uint64_t heap[SIMPLER_RINGS], window[SIMPLER_RINGS], dep_pool[SIMPLER_RINGS];
	int32_t aicpu_threads;
};

/* from: `ring` of a job or of the options, or NULL. Missing keys leave ret unchanged. */
int32_t simpler_ring_read(json_t *from, int32_t code, struct simpler_ring *ret,
			  struct dvs_text *err);
void simpler_ring_put(const struct simpler_ring *ring, struct simpler_call_config *ret);

#endif
