/* SPDX-License-Identifier: Apache-2.0 */
/* The result of join() for a rank of a gang: compared with the request, and written to a file for
 * the job. */
#ifndef DEVICE_DRIVER_JOIN_CONTEXT_H
#define DEVICE_DRIVER_JOIN_CONTEXT_H

#include "base/error.h"
#include "dvsched/driver.h"

struct join_rank {
	int32_t device, rank, n_ranks;
};

/* -1 with err: a number, a name, a size or an alignment is not as requested, or a buffer is outside
 * the window or overlaps another one; err says which. */
int join_context_check(const struct dvs_join *asked, const struct dvs_context *given,
		       struct error *err);
/* Writes the file of DVSCHED_CONTEXT. Addresses and handles are texts, "0x…", because many
 * languages read JSON numbers as doubles. */
int join_context_write(const char *path, const struct join_rank *rank,
		       const struct dvs_context *given, struct error *err);

#endif
