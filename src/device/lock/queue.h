/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool's place among all processes that wait for devices of this machine: first come, first
 * served. Each waiting process has a file (waiter.h), and others do not take devices that a process
 * before them would take. No process holds a device while it waits for another one: so processes
 * cannot block each other, and large gangs do not starve.
 *
 * There is no polling: inotify reports when a process begins or ends to wait, or gives back a lock.
 * Where inotify does not work, the directory is read once a second.
 */
#ifndef DEVICE_LOCK_QUEUE_H
#define DEVICE_LOCK_QUEUE_H

#include <ev.h>
#include <stdbool.h>

#include "base/str.h"

struct device_queue;

/* changed: called from the loop when another process may want our devices, or one that we wait for
 * may be free. dir is borrowed. */
struct device_queue *device_queue_new(struct ev_loop *loop, const char *dir,
				      void (*changed)(void *ctx), void *ctx);
void device_queue_free(struct device_queue *q); /* accepts NULL */

/* A process before us would take the device ("sim-0"): we must not take it, and must give it back
 * if we have it. A process that does not wait is behind all that do. */
bool device_queue_is_others(struct device_queue *q, const char *device);
/* Waits for these devices ("sim-0\nsim-3\n") from now on; if we waited already, our place stays. If
 * our file cannot be created we are behind all others, and the next call tries again. */
void device_queue_wait(struct device_queue *q, const char *devices);
void device_queue_leave(struct device_queue *q);

#endif
