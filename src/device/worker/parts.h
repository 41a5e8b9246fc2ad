/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of a worker. Shared by worker.c (messages) and end.c (the end of the
 * process). */
#ifndef DEVICE_WORKER_PARTS_H
#define DEVICE_WORKER_PARTS_H

#include "base/link.h"
#include "device/worker/wire.h"
#include "device/worker/worker.h"
#include "io/port.h"

enum worker_state { WORKER_OPENING, WORKER_IDLE, WORKER_RUNS, WORKER_ENDING };

struct device_worker {
	struct ev_loop *loop;
	const struct device_worker_options *options;
	const struct device_worker_handler *handler;
	void *ctx;
	pid_t pid; /* 0: reaped */
	int pid_fd;
	struct link link; /* to the process */
	struct board *board;
	struct port port, end; /* end: pid_fd's */
	ev_timer late;	       /* the process should have ended */
	bool is_killed, is_eof;
	enum worker_state state;
	uint64_t epoch;		       /* of the current run; 0: none */
	struct job_wire_places places; /* rules that the process has */
	struct str cause;	       /* frame CAUSE of a run that has not ended */
};

/* end.c */
/* Sends SIGKILL to its process group. */
void worker_kill_group(const struct device_worker *w);
/* true: the process has ended, died() was called, and w may be freed. Never blocks. */
bool worker_try_reap(struct device_worker *w);
/* If the process has not ended by then, it is killed, or given up if it was killed before. */
void worker_expect_end(struct device_worker *w, double within_s);
/* The same after SIGKILL. */
void worker_expect_death(struct device_worker *w);
void worker_on_late(struct ev_loop *loop, ev_timer *timer, int revents);
/* Waits a few seconds for the worker to end; does not call the handler. */
void worker_wait_for_end(struct device_worker *w);
/* Stops watching the process, and closes its descriptors. */
void worker_forget_process(struct device_worker *w);

#endif
