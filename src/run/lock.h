/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of a scratch_path: one run at a time. It is an flock on a file in the directory, which
 * the kernel releases however the process ends. On a file system without flock it is a file that
 * must not exist; the file names its owner, so that a stale one is recognised. A run with flock
 * leaves this file, too, for hosts that have no flock on a file system that both use.
 */
#ifndef RUN_LOCK_H
#define RUN_LOCK_H

#include <stdbool.h>

#include "base/error.h"

#define LOCK_NAME	".dvsched.lock"
#define LOCK_OWNER_NAME ".dvsched.lock.owner" /* for hosts without flock */
#define LOCK_BESIDE	".dvsched.lock.run."  /* followed by the id of a run that shares the path */

struct lock {
	char *dir;
	int fd; /* -1: is_by_file */
	bool is_by_file;
	bool has_owner_file; /* beside the flock */
	char *beside;	     /* the lock file of a run that shares the path; NULL: not shared */
	bool is_of_other;    /* not taken, because another run has it */
};

/* Returns 0, or -1 with err: another run has the lock (errnum EBUSY; the message names the run), or
 * the directory is not writable. */
int lock_take(const char *dir, const char *run_id, struct lock *ret, struct error *err);
/* For a run that may share the path with the run that has the lock: no other run can take the lock
 * until this one is given back, too. Needs flock. */
int lock_take_beside(const char *dir, const char *run_id, struct lock *ret, struct error *err);
void lock_give(struct lock *l); /* no effect on {0} */
/* Gives the lock back without a change of its files, whose file system may hang. The next run finds
 * out that the lock is free. */
void lock_leave(struct lock *l);

/* true: the run run_id has the lock now; err then has a message that says so. */
bool lock_is_held_by(const char *dir, const char *run_id, struct error *err);

/* Takes the lock without flock. */
int lock_take_by_file(const char *dir, const char *run_id, struct lock *ret, struct error *err);

#endif
