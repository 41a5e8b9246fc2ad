/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run at a time per scratch_path. The lock is an flock on a file in it, which the kernel gives
 * back whatever happens to us; where the file system has no flock, a file that must not exist yet,
 * which says whose it is, so that one left behind is known to be.
 */
#ifndef RUN_LOCK_H
#define RUN_LOCK_H

#include <stdbool.h>

#include "base/error.h"

#define LOCK_NAME	".dvsched.lock"
#define LOCK_OWNER_NAME ".dvsched.lock.owner" /* the fall-back's */
#define LOCK_BESIDE	".dvsched.lock.run."  /* and the id of a run beside another */

struct lock {
	char *dir;
	int fd; /* -1: by file */
	bool is_by_file;
	char *beside;	  /* the file of a run beside others; NULL: it is alone */
	bool is_of_other; /* not taken: another run has it */
};

/* -1 with err: somebody has it (the message says who), or the directory cannot be written. */
int lock_take(const char *dir, const char *run_id, struct lock *ret, struct error *err);
/* For a run that may go on beside the one that has the lock: nobody else takes the lock until it is
 * given. Not where there is no flock. */
int lock_take_beside(const char *dir, const char *run_id, struct lock *ret, struct error *err);
void lock_give(struct lock *l); /* a lock that was never taken ({0}) is nothing */

/* Is it that run that has the lock now? Then err says so. */
bool lock_is_held_by(const char *dir, const char *run_id, struct error *err);

/* The fall-back alone. */
int lock_take_by_file(const char *dir, const char *run_id, struct lock *ret, struct error *err);

#endif
