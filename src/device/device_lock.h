/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One holder per device and machine: flock() on a file that stays, with its holder's pid in it.
 * Every user locks the same file; it is nobody's to remove.
 */
#ifndef DEVICE_DEVICE_LOCK_H
#define DEVICE_DEVICE_LOCK_H

#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* <dir>/<family>-<device>.lock, the caller's to free(). */
char *device_lock_path(const char *dir, const char *family, int32_t device);

/* A descriptor that holds the lock as long as it is open (close-on-exec). -1 with errno;
 * EWOULDBLOCK: somebody else has it, *ret_holder is who, 0 if that is not known. */
int device_lock_take(const char *path, pid_t *ret_holder);
/* What that -1 means, by errno and the holder. */
void device_lock_explain(struct str *to, const char *path, int32_t device, pid_t holder);

enum device_lock { DEVICE_UNLOCKED, DEVICE_LOCKED, DEVICE_LOCK_UNKNOWN };
/* A look. Takes the lock for a moment, so whoever wants it right then is told that it is in use. */
enum device_lock device_lock_look(const char *path, pid_t *ret_holder);

#endif
