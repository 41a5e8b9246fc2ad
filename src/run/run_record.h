/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a run from plan.json and its journal: the last recorded state of each job. No job counts as
 * passed without its record.
 */
#ifndef RUN_RUN_RECORD_H
#define RUN_RUN_RECORD_H

#include <time.h>

#include "base/map.h"
#include "base/proc_id.h"
#include "base/str.h"
#include "base/vec.h"
#include "job/job_spec.h"
#include "run/results.h"

struct recorded_job {
	enum job_status status; /* JOB_SCHEDULED: there is no record of it */
	enum job_reason reason;
	uint32_t marks, cause; /* cause: index in the plan, or JOB_RECORD_NO_CAUSE */
	const char *message, *backend;
	const char *from; /* id of the run that it was taken over from; NULL: this run */
	VEC(struct attempt_row) attempts;
};

/* All members are valid until run_record_done(). */
struct run_record {
	const char *path;
	struct plan *plan;
	struct recorded_job *jobs; /* one per job of the plan */
	struct arena *mem;	   /* owns strings and lists */
	const char *const *argv;   /* NULL-terminated; or NULL */
	const char *cwd;	   /* directory in which it was started; NULL: unknown */
	struct proc_id scheduler;  /* host "": unknown */
	/* In DVSim's flows only, else NULL and 0. The journal's first record has them, since resume
	 * must give them to the flow before it makes a plan: they are in paths of jobs. */
	const char *branch;
	time_t timestamp;
	double start_s, last_s; /* wall clock of the first and the last record; 0: no records */
	bool is_foreign;	/* a record does not fit the plan */
	bool is_partial;	/* the journal is missing, or was not read to its end */
	struct str note;	/* errors of the journal, for users */

	/* ---- private ---- */
	struct map by_id;
	struct run_record *others, *others_next; /* runs from which it has taken over jobs */
	unsigned depth;
};

/* Reads the plan of a run. Returns 0, or -1 with err; run_record_done() must be called in both
 * cases. */
int run_record_open(struct run_record *ret, const char *run_path, struct error *err);
/* Reads the journal. If it cannot be read, or not to its end, adds this to the note. */
void run_record_read(struct run_record *r);
void run_record_note(struct run_record *r, const char *text);
void run_record_done(struct run_record *r);
/* Of a run whose scheduler has ended: jobs without a final record become KILLED with this reason,
 * and attempts that ran end at that time. No job passes without its record. */
void run_record_close(struct run_record *r, enum job_reason reason, double end_wall_s);
/* A results_next; ctx: a struct run_record. */
void run_record_row(void *ctx, size_t n, struct result_row *row);
/* NULL: the plan has no such job. */
const struct recorded_job *run_record_find(const struct run_record *r, const char *id);

#endif
