/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One holder per device and machine: flock() on a file that stays, with its holder's pid in it.
 * Every user locks the same file; it is nobody's to remove.
 *
 * In device/lock/: the lock, and the queue of those who wait for it (queue.h, waiter.h).
 */
#ifndef DEVICE_LOCK_LOCK_H
#define DEVICE_LOCK_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* <dir>/<family>-<device>.lock, the caller's to free(). */
char *device_lock_path(const char *dir, const char *family, int32_t device);

/* A descriptor that holds the lock as long as it is open (close-on-exec). -1 with errno;
 * EWOULDBLOCK: somebody else has it, *ret_holder is who, 0 if that is not known. */
int device_lock_take(const char *path, pid_t *ret_holder);
/* The descriptor came from another process, which took the lock for us: it is named as ours. */
void device_lock_sign(int fd);
/* What that -1 means, by errno and the holder. */
void device_lock_explain(struct str *to, const char *path, int32_t device, pid_t holder);

enum device_lock { DEVICE_UNLOCKED, DEVICE_LOCKED, DEVICE_LOCK_UNKNOWN };
/* A look. Takes the lock for a moment, so whoever wants it right then is told that it is in use. */
enum device_lock device_lock_look(const char *path, pid_t *ret_holder);

/*
 * A lock that is tried again and again. Its file stays open from one try to the next: others are
 * woken when a file of a lock is closed, and a try that fails must wake nobody.
 */
struct lock_file {
	char *path;
	int fd; /* -1: not open */
	bool is_held;
};

/* path becomes its own. */
void lock_file_init(struct lock_file *l, char *path);
void lock_file_done(struct lock_file *l);
/* 0: it is held, as long as any process has a copy of its descriptor. -1 as device_lock_take(). */
int lock_file_try(struct lock_file *l, pid_t *ret_holder);
/* It was not what we need: the lock is free again and nobody is woken by it. Only if nobody has a
 * copy. */
void lock_file_undo(struct lock_file *l);
void lock_file_release(struct lock_file *l); /* our copy; also of one that is not held */

#endif
