/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a worker: its end of the socket. Either thread may read: the driver thread while it has
 * nothing better to do (so that a short run needs no hand-over), the main thread while a run or an
 * open takes long. Who reads what the other waits for wakes it.
 */
#ifndef DEVICE_PROCESS_CHANNEL_H
#define DEVICE_PROCESS_CHANNEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/link.h"
#include "device/worker/wire.h"
#include "judge/job_kind.h"

enum { CHANNEL_DESCRIPTORS = 8 };

struct channel {
	pthread_mutex_t in_lock, out_lock;
	int nudge_fd; /* wakes the driver thread */
	int wake_fd;  /* wakes the main thread */
	_Atomic uint64_t go_epoch, cancel_epoch;
	_Atomic bool wants_diagnosis, is_closing;
	_Atomic bool is_shared; /* the main thread reads, too; set by it, see channel_share() */

	struct link link; /* read by who holds in_lock, sent on by who holds out_lock */

	/* ---- by who holds in_lock ---- */
	bool has_hello, has_run;
	bool has_lock;	       /* a copy of the device's lock came before the hello */
	struct str hello, run; /* frames */
	struct str needs;      /* what came for run */
	int hello_fd, run_fd;  /* what came with them; -1: nothing */
	struct job_kind rules[JOB_WIRE_PLACES]; /* of an idle worker; else the driver thread's */
	const char *const *base_env;		/* what rules are laid over */
};

void channel_init(struct channel *l);
/* Waits until there is something for the caller, or so long (ns; < 0: no limit), and reads it. A
 * socket that is closed ends the process. */
void channel_wait(struct channel *l, int64_t most_ns);
/* Of a driver thread with nothing to do: it reads alone, if the main thread does not. */
void channel_wait_idle(struct channel *l);
/* The main thread reads from now on, if the driver thread is busy, which is_busy says; or not. */
void channel_share(struct channel *l, const _Atomic bool *is_busy);
/* Reads what is there, for the main thread. */
void channel_read(struct channel *l);
/* Takes the request that came; false: none. Its strings point into *frame; needs: what came before
 * it, for needs_write(). */
bool channel_take_run(struct channel *l, struct str *frame, struct str *needs,
		      struct device_run *ret, int *ret_shared_fd);
void channel_send(struct channel *l, const struct str *frames);

void eventfd_post(int fd);
void eventfd_clear(int fd);
/* The end of the process and of all in its group: nobody is there to tell anything to. */
_noreturn_ void channel_lost(void);
/* Our own bug, or a scheduler of another version. */
_noreturn_ void channel_confused(void);

#endif
