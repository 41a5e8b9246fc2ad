/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that wait for devices of this machine: one file for each in the directory of the
 * locks. Its name has a number, larger than those of all earlier waiters. It is locked by flock()
 * while its owner waits, and contains the names of the devices that the owner would take. A file
 * without a lock is of a dead process: it does not count, and any process that may remove it does.
 * The file of a stopped process does not count until it is continued.
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

/* Waits behind all others. devices: "sim-0\nsim-3\n". 0, or -1 with err. */
int device_waiter_enter(struct device_waiter *w, const char *dir, const char *devices,
			struct error *err);
/* Changes the devices; the number stays. */
void device_waiter_change(struct device_waiter *w, const char *devices);
void device_waiter_leave(struct device_waiter *w); /* also one that does not wait */

/* "sim-0\nsim-3\nsim-0\n": the devices that all waiters before this number would take; 0: all
 * waiters. None if the directory cannot be read. Removes files of dead processes. */
void device_waiters_read(const char *dir, uint64_t before, struct str *ret);
/* The processes that wait for a device ("sim-0"), in order, at most most of them. Returns how many
 * there are. */
size_t device_waiters_of(const char *dir, const char *device, pid_t *ret, size_t most);
bool device_waiters_name(const char *name); /* is this the name of such a file? */

#endif
