/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that have ended: which one is meant, and what it came to. */
#ifndef RUN_PAST_RUN_H
#define RUN_PAST_RUN_H

#include "base/arena.h"
#include "base/error.h"
#include "job/job_spec.h"
#include "job/job_status.h"

struct past_job {
	const char *id, *seed; /* seed: NULL if it has none */
	enum job_status status;
};

struct past_run {
	const char *id, *path;
	const char *cfg_path;	      /* NULL: `run -- CMD` */
	const char *parent;	      /* id; NULL: none */
	const char *const *argv;      /* NULL-terminated; empty: unknown */
	double start_wall_s;	      /* 0: unknown */
	bool is_nested, is_rehearsal; /* as in struct plan */
	const char *seed_base;	      /* of past_run_read() only, as are: */
	const char *outcome;	      /* as in struct results_head */
	int exit_code;		      /* likewise */
	const struct past_job *jobs;
	size_t n_jobs;
};

/*
 * Which run the one in that directory was: from the first record of its journal, else from its
 * results or plan. Everything in *ret lives in mem. 0, or -1 with err.
 */
int past_run_peek(const char *run_path, struct arena *mem, struct past_run *ret, struct error *err);
/*
 * All of it, from results.json; one that its scheduler could not write any more is completed from
 * plan and journal first. A run that is still going is an error.
 */
int past_run_read(const char *run_path, struct arena *mem, struct past_run *ret, struct error *err);

/*
 * The newest run of this configuration that is no rehearsal and that was, or was not, nested. If
 * there is none: the newest one of any sort. 0, or -1 with err.
 */
int past_run_find(const char *scratch_root, const char *cfg_path, bool is_nested, struct arena *mem,
		  struct past_run *ret, struct error *err);

/* The same of any configuration, and of commands. */
int past_run_find_newest(const char *scratch_root, bool is_nested, struct arena *mem,
			 struct past_run *ret, struct error *err);

/*
 * Moves records into the trash, the oldest first: those of this configuration and sort (rehearsal,
 * nested) beyond the newest so many, own_id among them. None that is still going, or that a record
 * that stays was made from. What was killed before it was published goes, too. keep 0: nothing. 0,
 * or -1 with err.
 */
int past_runs_remove(const struct plan *plan, const char *own_id, uint32_t keep, struct error *err);

#endif
