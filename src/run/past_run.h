/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and reads runs that have ended. */
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
	const char *seed_base;	      /* this and the following are set by past_run_read() and
					 past_run_read_head() only */
	const char *outcome;	      /* as in struct results_head */
	int exit_code;		      /* as in struct results_head */
	const struct past_job *jobs;
	size_t n_jobs;
};

/*
 * Identifies the run in that directory, from the first record of its journal, or from its results
 * or plan. *ret is in mem. Returns 0, or -1 with err.
 */
int past_run_peek(const char *run_path, struct arena *mem, struct past_run *ret, struct error *err);
/*
 * Reads all of results.json. If the scheduler died before writing it, it is completed from plan and
 * journal first. It is an error if the run has not ended. Returns 0, or -1 with err.
 */
int past_run_read(const char *run_path, struct arena *mem, struct past_run *ret, struct error *err);

/* The same without jobs and n_jobs, whose part of the file is not read. */
int past_run_read_head(const char *run_path, struct arena *mem, struct past_run *ret,
		       struct error *err);

/*
 * Finds the newest run of the configuration that was no rehearsal and whose is_nested is as given;
 * if there is none, the newest run of any kind. Returns 0, or -1 with err.
 */
int past_run_find(const char *scratch_root, const char *cfg_path, bool is_nested, struct arena *mem,
		  struct past_run *ret, struct error *err);

/* The same for any configuration or command. */
int past_run_find_newest(const char *scratch_root, bool is_nested, struct arena *mem,
			 struct past_run *ret, struct error *err);

/*
 * Moves old runs of this configuration and kind (rehearsal, nested) into the trash, the oldest
 * first, and keeps the newest `keep` of them, own_id included. Runs that have not ended, and
 * parents of kept runs, are kept as well. Runs that were killed before they were published are
 * removed, too. keep 0: removes nothing. Returns 0, or -1 with err.
 */
int past_runs_remove(const struct plan *plan, const char *own_id, uint32_t keep, struct error *err);

#endif
