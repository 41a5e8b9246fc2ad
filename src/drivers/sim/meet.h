/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared memory of the ranks of a gang (shared_fd of join()): a slot for each rank, then a window
 * for each rank. Every rank maps all of it. A run that has not joined a gang has none.
 */
#ifndef DRIVERS_SIM_MEET_H
#define DRIVERS_SIM_MEET_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/sim/bell.h"
#include "dvsched/driver.h"

struct sim_shared;

struct sim_meet {
	struct sim_shared *shared;
	size_t bytes;
	int32_t rank, n_ranks;
	uint64_t stride; /* size of each window, rounded up to pages */
	struct dvs_buffer *buffers;
	uint32_t n_buffers;
	uint32_t n_runs; /* of this rank since it joined */
};

enum sim_meeting {
	SIM_MET,
	SIM_NOT_YET,
	SIM_NEVER,  /* *ret_rank has ended its run before the barrier */
	SIM_BROKEN, /* likewise, with an error */
};

/*
 * Maps the shared memory, takes this rank's slot and waits for the other ranks until the deadline,
 * or until is_cancelled(). 0, or a native code with err. Fills context for the host.
 */
int32_t sim_meet_join(const struct dvs_join *join, const struct dvs_host *host,
		      struct sim_meet **ret, struct dvs_context *context, struct dvs_text *err);
void sim_meet_leave(struct sim_meet *m); /* accepts NULL */

/* This rank's bell. */
sim_bell *sim_meet_bell(struct sim_meet *m);
void *sim_meet_window(const struct sim_meet *m, int32_t rank);

/* A run of this rank begins or ends. The end wakes the ranks that wait for this one. */
void sim_meet_begin(struct sim_meet *m);
void sim_meet_end(struct sim_meet *m, bool has_failed);
/* This rank arrives at the next barrier. Returns the number of the barrier. */
uint32_t sim_meet_arrive(struct sim_meet *m);
/* Whether all ranks have arrived at the barrier; *ret_rank: a rank that has not. */
enum sim_meeting sim_meet_look(const struct sim_meet *m, uint32_t barrier, int32_t *ret_rank);
/* Writes the ranks that this one waits for, as "1, 3". May be called from any thread. */
void sim_meet_describe(const struct sim_meet *m, char *to, size_t size);

#endif
