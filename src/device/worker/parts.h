/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of a worker, between its two files: worker.c talks to the process,
 * end.c sees it out. */
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
	ev_timer late;	       /* it should have ended by now */
	bool is_killed, is_eof;
	enum worker_state state;
	uint64_t epoch;		       /* of the run that is there; 0: none */
	struct job_wire_places places; /* what the process has */
	struct str cause;	       /* of a run that has failed and not ended */
};

/* end.c */
/* SIGKILL to all of its group. */
void worker_kill_group(const struct device_worker *w);
/* true: it has ended, that was told, and w may be gone. Never waits. */
bool worker_try_reap(struct device_worker *w);
/* It should have ended by then: else it is killed, or given up if it was. */
void worker_expect_end(struct device_worker *w, double within_s);
/* After SIGKILL. */
void worker_expect_death(struct device_worker *w);
void worker_on_late(struct ev_loop *loop, ev_timer *timer, int revents);
/* Waits for its end, some seconds at most, and tells nobody. */
void worker_wait_for_end(struct device_worker *w);
/* Stops watching it. */
void worker_forget_process(struct device_worker *w);

#endif
