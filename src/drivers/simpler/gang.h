/* SPDX-License-Identifier: Apache-2.0 */
/* One rank's part in a communicator: its window, and the job's buffers in it. */
#ifndef DRIVERS_SIMPLER_GANG_H
#define DRIVERS_SIMPLER_GANG_H

#include "drivers/simpler/session.h"

struct simpler_gang {
	void *comm, *stream; /* comm NULL: not in a gang */
	int32_t rank, n_ranks;
	uint64_t handle; /* the communicator for kernels */
	uint64_t base, bytes;
	struct dvs_buffer *buffers;
	uint32_t n_buffers;
	char *root; /* path of the file through which the ranks find each other, if the library
		       makes one */
};

/* Joins the gang; all ranks must call it. A failed join leaves nothing behind. */
int32_t simpler_gang_join(struct simpler_session *s, const char *rendezvous,
			  const struct dvs_join *join, const struct dvs_host *host,
			  struct simpler_gang *ret, struct dvs_context *context,
			  struct dvs_text *err);
/* Leaves the gang. No effect if in none. */
int32_t simpler_gang_leave(struct simpler_session *s, struct simpler_gang *g);
const struct dvs_buffer *simpler_gang_buffer(const struct simpler_gang *g, const char *name);

#endif
