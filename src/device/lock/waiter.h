/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for devices of this machine, and since when: a file for each process that waits, in the
 * directory of the locks. Its name has its number, larger than that of everybody who waited before;
 * it is locked by flock() as long as its owner waits; in it are the names of the devices that he
 * would take. A file whose lock is free is of somebody who is gone: it counts for nothing, and
 * whoever may remove it does. Nor does one whose owner is stopped, until he goes on.
 */
#ifndef DEVICE_LOCK_WAITER_H
#define DEVICE_LOCK_WAITER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct device_waiter {
	uint64_t number; /* 0: it does not wait */
	int fd;
	char *path;
};

/* Behind all that wait now. devices: "sim-0\nsim-3\n". 0, or -1 with err. */
int device_waiter_enter(struct device_waiter *w, const char *dir, const char *devices,
			struct error *err);
/* It would take these from now on; its number stays. */
void device_waiter_change(struct device_waiter *w, const char *devices);
void device_waiter_leave(struct device_waiter *w); /* also one that does not wait */

/* "sim-0\nsim-3\nsim-0\n": what all that wait before that number would take; 0: all that wait. A
 * directory that cannot be read has none. Removes files of those that are gone. */
void device_waiters_read(const char *dir, uint64_t before, struct str *ret);
/* The processes that wait for a device ("sim-0"), the first one first, at most most of them;
 * returns how many there are. */
size_t device_waiters_of(const char *dir, const char *device, pid_t *ret, size_t most);
bool device_waiters_name(const char *name); /* of a file: is it one of these? */

#endif
