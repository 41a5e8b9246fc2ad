/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the ranks of a gang meet: the memory that join() gives, a seat for each rank and then a
 * window for each. All ranks see all windows. A run that never joined meets nobody.
 */
#ifndef DRIVERS_SIM_MEET_H
#define DRIVERS_SIM_MEET_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/sim/bell.h"
#include "dvsched/driver.h"

struct sim_hall;

struct sim_meet {
	struct sim_hall *hall;
	size_t bytes;
	int32_t rank, n_ranks;
	uint64_t stride; /* between windows; what each has at least */
	struct dvs_buffer *buffers;
	uint32_t n_buffers;
	uint32_t n_runs; /* of this rank since it joined */
};

enum sim_meeting {
	SIM_MET,
	SIM_NOT_YET,
	SIM_NEVER,  /* *ret_rank has ended its run without having come */
	SIM_BROKEN, /* likewise, with an error */
};

/*
 * Maps the hall, takes the seat and waits for the others until the deadline, or until
 * is_cancelled(). 0, or a native code with err. Fills ret->buffers for the host.
 */
int32_t sim_meet_join(const struct dvs_join *join, const struct dvs_host *host,
		      struct sim_meet **ret, struct dvs_context *context, struct dvs_text *err);
void sim_meet_leave(struct sim_meet *m); /* accepts NULL */

/* This rank's bell. */
sim_bell *sim_meet_bell(struct sim_meet *m);
void *sim_meet_window(const struct sim_meet *m, int32_t rank);

/* A run of this rank begins, and ends: wakes the threads that wait for it. */
void sim_meet_begin(struct sim_meet *m);
void sim_meet_end(struct sim_meet *m, bool has_failed);
/* Comes to the next barrier; returns its number. */
uint32_t sim_meet_arrive(struct sim_meet *m);
/* Has everybody come to it? Those who have not are what a rank waits for. */
enum sim_meeting sim_meet_look(const struct sim_meet *m, uint32_t barrier, int32_t *ret_rank);
/* "waits for ranks 1, 3": for people. From any thread. */
void sim_meet_describe(const struct sim_meet *m, char *to, size_t size);

#endif
