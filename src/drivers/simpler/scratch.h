/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap of a device's task rings, where the results of one kernel wait for the next one. The
 * library keeps it from run to run as it is: a kernel that writes nothing would hand on what the
 * run before had computed. So each run finds it as a fresh process does.
 */
#ifndef DRIVERS_SIMPLER_SCRATCH_H
#define DRIVERS_SIMPLER_SCRATCH_H

#include "drivers/simpler/session.h"

/* After prepare, which makes the heap, and before launch. heap: bytes of each ring. */
int32_t simpler_scratch_clear(struct simpler_session *s, const uint64_t heap[SIMPLER_RINGS],
			      struct dvs_text *err);

#endif
