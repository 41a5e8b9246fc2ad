/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap of a device's task rings, which has the intermediate results of kernels. The library
 * does not clear it between runs, so a kernel that writes nothing would pass on the results of the
 * previous run. Clearing gives each run the heap of a fresh process.
 */
#ifndef DRIVERS_SIMPLER_SCRATCH_H
#define DRIVERS_SIMPLER_SCRATCH_H

#include "drivers/simpler/session.h"

/* Call it after prepare, which makes the heap, and before launch. heap: bytes of each ring. */
int32_t simpler_scratch_clear(struct simpler_session *s, const uint64_t heap[SIMPLER_RINGS],
			      struct dvs_text *err);

#endif
