/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run on disk: <scratch>/.dvsched/runs/<UTC>-<6 hex>/ with plan.json, journal.jsonl,
 * results.json. It is made as a dot file and gets its name when its first record is on disk;
 * `latest` beside it points to it then. One run at a time per scratch_path (the lock says who).
 */
#ifndef RUN_RUN_DIR_H
#define RUN_RUN_DIR_H

#include "base/clock.h"
#include "base/error.h"
#include "job/job_spec.h"

struct run_dir;

/* Makes the directory, takes the locks of all blocks' scratch paths (of a plan that may move, of
   the first path that is free: its jobs get it), writes plan.json. NULL with err: another run holds
   a lock that the plan may not share (its pid and host are in the message), no permission, … */
struct run_dir *run_dir_new(struct plan *plan, const struct clock *clock, struct error *err);
/* The first record is written: from now on the run has its name and is `latest`. Once published,
 * nothing more happens. */
int run_dir_publish(struct run_dir *r, struct error *err);
/* Gives the locks back; neither published nor with results: removes the directory. Accepts NULL. */
void run_dir_free(struct run_dir *r);

const char *run_dir_path(const struct run_dir *r); /* absolute; changes at run_dir_publish() */
const char *run_dir_id(const struct run_dir *r);   /* 20261121T054957Z-1a2b3c */
int run_dir_fd(const struct run_dir *r);	   /* for openat() */
/* What the user should know although the run goes on (no flock here, …), or NULL. */
const char *run_dir_warning(const struct run_dir *r);

/* Another run goes on in one of its scratch paths. */
bool run_dir_is_shared(const struct run_dir *r);

/* Finds a run: an id, a unique prefix of one, a path, or "latest". malloc()ed absolute path; NULL
 * with err. */
char *run_dir_find(const char *scratch_root, const char *which, struct error *err);

#endif
