/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a worker: its end of the socket. Either thread may read: the driver thread while it is idle
 * (so that a short run needs no hand-over), the main thread during a long run or open. A thread
 * that reads a frame for the other one wakes it.
 */
#ifndef DEVICE_PROCESS_CHANNEL_H
#define DEVICE_PROCESS_CHANNEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/link.h"
#include "device/worker/wire.h"
#include "judge/shared_rules.h"

enum { CHANNEL_DESCRIPTORS = 8 };

struct channel {
	pthread_mutex_t in_lock, out_lock;
	int nudge_fd; /* wakes the driver thread */
	int wake_fd;  /* wakes the main thread */
	_Atomic uint64_t go_epoch, cancel_epoch;
	_Atomic bool wants_diagnosis, is_closing;
	_Atomic bool is_shared; /* the main thread reads, too; see channel_share() */

	struct link link; /* reading needs in_lock, sending out_lock */

	/* ---- with in_lock ---- */
	bool has_hello, has_run;
	bool has_lock;	       /* a copy of the device's lock came before the hello */
	struct str hello, run; /* frames */
	struct str needs;      /* the frame that came for run */
	int hello_fd, run_fd;  /* their descriptors; -1: none */
	struct shared_rules
		rules[JOB_WIRE_PLACES]; /* while idle; during a run the driver thread's */
	const char *const *base_env;	/* the environment that rules add to */
};

void channel_init(struct channel *l);
/* Waits for input or a wake-up of the driver thread, at most most_ns (< 0: no limit), and reads it.
 * If the socket was closed, the process ends. */
void channel_wait(struct channel *l, int64_t most_ns);
/* For an idle driver thread: reads in one blocking call, if the main thread does not read. */
void channel_wait_idle(struct channel *l);
/* By the main thread: it reads from now on if *is_busy (of the driver thread), else it stops. */
void channel_share(struct channel *l, const _Atomic bool *is_busy);
/* By the main thread: reads what is there. */
void channel_read(struct channel *l);
/* Takes the request that arrived; false: none. Its strings point into *frame. needs: the needs that
 * preceded it, for needs_prepare(). */
bool channel_take_run(struct channel *l, struct str *frame, struct str *needs,
		      struct device_run *ret, int *ret_shared_fd);
void channel_send(struct channel *l, const struct str *frames);

void eventfd_clear(int fd);
/* For an invalid frame (our bug, or a scheduler of another version): ends the process. */
_noreturn_ void channel_confused(void);

#endif
