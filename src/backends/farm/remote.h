/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of pilots.c that remote.c needs, and a slot at the other end of a connection. */
#ifndef BACKENDS_FARM_REMOTE_H
#define BACKENDS_FARM_REMOTE_H

#include "backends/farm/pilots.h"
#include "backends/farm/post.h"
#include "base/link.h"
#include "base/list.h"
#include "base/map.h"
#include "exec/slot.h"
#include "io/port.h"
#include "job/job_wire.h"

struct remote;
struct submission;

/* A job that waits for a slot, or runs in one. */
struct pilot_job {
	struct list at; /* in pilots.waiting, pilots.running or allocation.lost */
	const struct job *job;
	uint32_t attempt;
	struct str needs;      /* its frames */
	struct remote *remote; /* NULL: it waits */
	struct str node;       /* where it runs, or ran */
	double queued_s, started_s;
	bool is_killed;
	enum job_reason kill_reason;
	struct str details; /* once it has run in a slot that is gone */
	double lost_s;	    /* when its connection ended */
	double give_up_s;   /* if is_killed: when its connection is dropped */
	/* Its result in allocation.lost, unless the batch system has another reason; in doubt_mem.
	 */
	struct job_result doubtful;
	struct arena *doubt_mem; /* NULL: it has no result */
};

struct allocation {
	struct list at; /* pilots.allocations */
	struct pilots *pilots;
	struct submission *submission;
	struct list remotes;
	/* Jobs whose connection ended, or that TERM ended: the batch system may know why. */
	struct list lost;
	unsigned n_busy;
	double idle_s;	    /* since when it has no job */
	bool was_connected; /* one of its slots was */
	bool is_leaving;
	bool is_avoided; /* its node gets no more jobs */
};

struct remote {
	struct list at;	  /* allocation.remotes */
	struct list free; /* pilots.idle */
	struct allocation *allocation;
	struct link link;
	struct port port;
	struct job_wire_places places;
	struct pilot_job *job; /* NULL: idle */
	struct str node, batch_id, where;
};

struct pilots {
	struct arena *mem;
	struct farm_options farm_options;
	struct pilots_options options;
	struct post *post; /* NULL: no job was submitted yet */
	VEC(const char *) hosts;
	ev_timer tick;
	struct list waiting, running; /* jobs */
	struct list idle;	      /* slots */
	struct list allocations;
	struct map by_job;
	uint32_t n_jobs;
	unsigned n_failures; /* pilots in a row that never connected */
	void (*over)(void *ctx);
	void *over_ctx;
	double close_by_s;
};

/* ---- pilots.c ---- */

void pilots_end_job(struct pilots *p, struct pilot_job *pj, const struct job_result *result);
/* A job without a result. */
void pilots_end_lost(struct pilots *p, struct pilot_job *pj, enum job_reason reason,
		     const char *message);
/* Its connection ended: it ends with the allocation, or a moment later. */
void pilots_lose_job(struct allocation *a, struct pilot_job *pj);
/* Keeps a copy of the result of a job that TERM ended until it is known whether the allocation goes
 * on. */
void pilots_doubt_job(struct allocation *a, struct pilot_job *pj, const struct job_result *result);
/* After the end of its job. */
void pilots_remote_is_idle(struct pilots *p, struct remote *r);

/* ---- remote.c ---- */

/* Takes ownership of fd. It is in allocation.remotes, and not in pilots.idle. */
struct remote *remote_new(struct allocation *a, int fd, const struct pilot_hello *hello);
/* The connection was ended by the other side: its job is one of allocation.lost. */
void remote_lose(struct remote *r);
/* Closes the connection: the slot kills its job, and ends. Its job is lost. */
void remote_drop(struct remote *r);
/* The same without an end of its job. */
void remote_free(struct remote *r);
void remote_run(struct remote *r, struct pilot_job *pj);
void remote_kill(struct remote *r, bool now, enum job_reason reason);

#endif
