/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a run: <scratch>/.dvsched/runs/<UTC>-<6 hex>/ with plan.json, journal.jsonl and
 * results.json. Its name begins with a dot until its first record is on disk; then it is renamed,
 * and the link `latest` is set to it. Locks ensure one run at a time per scratch_path.
 */
#ifndef RUN_RUN_DIR_H
#define RUN_RUN_DIR_H

#include "base/clock.h"
#include "base/error.h"
#include "job/job_spec.h"

struct run_dir;

/*
 * Creates the directory, takes the locks of all blocks' scratch paths, and writes plan.json. If
 * plan->may_move, takes the first free scratch path and changes the plan's jobs to use it. NULL
 * with err: another run has a lock that the plan may not share (the message has its pid and host),
 * no permission, …
 */
struct run_dir *run_dir_new(struct plan *plan, const struct clock *clock, struct error *err);
/* To be called when the first record is on disk: renames the directory and sets `latest`. A second
 * call has no effect. Returns 0, or -1 with err. */
int run_dir_publish(struct run_dir *r, struct error *err);
/* Gives the locks back, and removes the directory if it was not published and has no results.
 * Accepts NULL. */
void run_dir_free(struct run_dir *r);
/* The jobs' file systems may hang: run_dir_free() will change no file there. */
void run_dir_leave_locks(struct run_dir *r);

const char *run_dir_path(const struct run_dir *r); /* absolute; changed by run_dir_publish() */
const char *run_dir_id(const struct run_dir *r);   /* 20261121T054957Z-1a2b3c */
int run_dir_fd(const struct run_dir *r);	   /* for openat() */
/* A warning for the user (for example that there is no flock), or NULL. */
const char *run_dir_warning(const struct run_dir *r);

/* true: another run uses one of its scratch paths. */
bool run_dir_is_shared(const struct run_dir *r);

/* Finds a run by an id, a unique prefix of an id, a path, or "latest". Returns its absolute path,
 * which the caller must free(); NULL with err. */
char *run_dir_find(const char *scratch_root, const char *which, struct error *err);

#endif
