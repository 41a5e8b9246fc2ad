/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that run one after another in the slots of pilots. A pilot is an allocation of the batch
 * system, one submission of the farm, with a fixed number of slots; each slot is a slot of this
 * scheduler at the other end of a TCP connection. Pilots are submitted while jobs wait, and leave
 * when no job has needed them for a while.
 */
#ifndef BACKENDS_FARM_PILOTS_H
#define BACKENDS_FARM_PILOTS_H

#include "backends/farm/farm.h"

struct pilots;

struct pilots_options {
	struct farm *farm; /* borrowed */
	uint32_t n_slots;  /* of one pilot */
	uint32_t n_most;   /* pilots at a time */
	double idle_s;	   /* a pilot without a job leaves after this time */
	const char *host;  /* the scheduler's address for the nodes; NULL: found out */
	/* A job that waits is about to be lost because no pilot can be had: true if it is run in
	 * another way instead. NULL: it is lost. */
	bool (*instead)(void *ctx, const struct job *job, uint32_t attempt);
	void *instead_ctx;
};

struct pilots *pilots_new(const struct farm_options *farm, const struct pilots_options *options);
/* Accepts NULL. */
void pilots_free(struct pilots *p);
/* As the operations of a backend. */
enum submit pilots_submit(struct pilots *p, const struct job *job, uint32_t attempt,
			  struct error *why);
void pilots_kill(struct pilots *p, const struct job *job, enum kill_level level,
		 enum job_reason reason);
/* No job will follow: ends all connections and allocations. over() is called when Slurm has ended
 * them, or after some time. */
void pilots_close(struct pilots *p, void (*over)(void *ctx), void *ctx);
void pilots_tell(const struct pilots *p, struct json_out *json);

#endif
