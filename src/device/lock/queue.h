/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool's place among all processes that want devices of this machine: first come, first served.
 * Who waits has a file (waiter.h), and others leave alone what somebody who came before them
 * would take. Nobody holds a device while he waits for another: so no two processes can block each
 * other, and large gangs do not starve.
 *
 * Nothing is asked while nothing happens: inotify tells when somebody begins or ends to wait, or
 * gives a lock back. Where that does not work, the directory is looked at once a second.
 */
#ifndef DEVICE_LOCK_QUEUE_H
#define DEVICE_LOCK_QUEUE_H

#include <ev.h>
#include <stdbool.h>

#include "base/str.h"

struct device_queue;

/* changed: somebody else may want what we have, or a device that we wait for may be free; called
 * from the loop. dir is borrowed. */
struct device_queue *device_queue_new(struct ev_loop *loop, const char *dir,
				      void (*changed)(void *ctx), void *ctx);
void device_queue_free(struct device_queue *q); /* accepts NULL */

/* Somebody who came before us would take it ("sim-0"): we must not, and give it back if we have it.
 * Who does not wait came after all that do. */
bool device_queue_is_others(struct device_queue *q, const char *device);
/* We wait for these ("sim-0\nsim-3\n") from now on; if we did, our place stays. Without a file of
 * our own we are behind everybody, and try again at the next call. */
void device_queue_wait(struct device_queue *q, const char *devices);
void device_queue_leave(struct device_queue *q);
bool device_queue_waits(const struct device_queue *q);

#endif
