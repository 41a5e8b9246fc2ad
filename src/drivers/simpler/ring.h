/* SPDX-License-Identifier: Apache-2.0 */
/* `ring`: how much room a run's task rings have. */
#ifndef DRIVERS_SIMPLER_RING_H
#define DRIVERS_SIMPLER_RING_H

#include "drivers/fields.h"
#include "drivers/simpler/codes.h"
#include "drivers/simpler/simpler_abi.h"

/* 0: the library's own; of heap: as much as its own, but said, so that we know how much to clear.
 */
struct simpler_ring {
	uint64_t heap[SIMPLER_RINGS], window[SIMPLER_RINGS], dep_pool[SIMPLER_RINGS];
	int32_t aicpu_threads;
};

/* from: `ring` of a job or of the options, or NULL. What it does not say stays. */
int32_t simpler_ring_read(json_t *from, int32_t code, struct simpler_ring *ret,
			  struct dvs_text *err);
void simpler_ring_put(const struct simpler_ring *ring, struct simpler_call_config *ret);

#endif
