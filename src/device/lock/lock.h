/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One holder per device and machine: flock() on a file that contains its holder's pid. Every user
 * locks the same file. It is never removed: otherwise two processes could hold locks of one name.
 *
 * In device/lock/: the lock, and the queue of processes that wait for it (queue.h, waiter.h).
 */
#ifndef DEVICE_LOCK_LOCK_H
#define DEVICE_LOCK_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* <dir>/<family>-<device>.lock, the caller's to free(). */
char *device_lock_path(const char *dir, const char *family, int32_t device);

/* Returns a close-on-exec descriptor that holds the lock while it is open. -1 with errno;
 * EWOULDBLOCK: another process has the lock, *ret_holder is its pid or 0 if that is not known. */
int device_lock_take(const char *path, pid_t *ret_holder);
/* Writes our pid into the file of a lock that another process took for us. */
void device_lock_sign(int fd);
/* Adds the reason of such a -1, from errno and the holder. */
void device_lock_explain(struct str *to, const char *path, int32_t device, pid_t holder);

enum device_lock { DEVICE_UNLOCKED, DEVICE_LOCKED, DEVICE_LOCK_UNKNOWN };
/* Is the device locked now? Takes the lock for a moment, so a process that tries it in that moment
 * finds it in use. */
enum device_lock device_lock_look(const char *path, pid_t *ret_holder);

/*
 * A lock that is tried repeatedly. Its file stays open between tries: closing a lock's file wakes
 * waiting processes, and a failed try must not.
 */
struct lock_file {
	char *path;
	int fd; /* -1: not open */
	bool is_held;
};

/* Takes over path. */
void lock_file_init(struct lock_file *l, char *path);
void lock_file_done(struct lock_file *l);
/* 0: the lock is held until no process has a copy of its descriptor. -1 as device_lock_take(). */
int lock_file_try(struct lock_file *l, pid_t *ret_holder);
/* Frees a lock that is not needed after all, without waking other processes. Only if nobody has a
 * copy. */
void lock_file_undo(struct lock_file *l);
void lock_file_release(struct lock_file *l); /* closes our copy; also if it is not held */

#endif
