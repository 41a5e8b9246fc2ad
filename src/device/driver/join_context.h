/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank of a gang was given by join(): held against what it asked for, and written down for
 * the job. */
#ifndef DEVICE_DRIVER_JOIN_CONTEXT_H
#define DEVICE_DRIVER_JOIN_CONTEXT_H

#include "base/error.h"
#include "dvsched/driver.h"

struct join_rank {
	int32_t device, rank, n_ranks;
};

/* -1 with err: a number, a name, a size or an alignment is not what was asked for, or a buffer is
 * outside of the window or overlaps another one; it says which. */
int join_context_check(const struct dvs_join *asked, const struct dvs_context *given,
		       struct error *err);
/* The file of DVSCHED_CONTEXT. Addresses and handles are texts, "0x…": JSON's numbers are too small
 * for them in many languages. */
int join_context_write(const char *path, const struct join_rank *rank,
		       const struct dvs_context *given, struct error *err);

#endif
