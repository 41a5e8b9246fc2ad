/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run left in plan.json and in its journal: of each job the last that is proven. Nothing is
 * taken for passed without its record.
 */
#ifndef RUN_RUN_RECORD_H
#define RUN_RUN_RECORD_H

#include <time.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "job/job_spec.h"
#include "run/results.h"

struct recorded_job {
	enum job_status status; /* JOB_SCHEDULED: no record of it */
	enum job_reason reason;
	uint32_t marks, cause; /* cause: index in the plan, or JOB_RECORD_NO_CAUSE */
	const char *message, *backend;
	const char *from; /* id of the run that it was taken over from; NULL: it is this run's */
	VEC(struct attempt_row) attempts;
};

/* Everything lives until run_record_done(). */
struct run_record {
	const char *path;
	struct plan *plan;
	struct recorded_job *jobs; /* one for each of the plan */
	struct arena *mem;	   /* strings and lists */
	const char *const *argv;   /* NULL-terminated; or NULL */
	const char *cwd;	   /* where it was started; NULL: not known */
	const char *branch;	   /* of DVSim's flows; or NULL */
	time_t timestamp;	   /* likewise; or 0 */
	double start_s, last_s;	   /* wall: of the first and the last record; 0: there is none */
	bool is_foreign;	   /* a record does not fit to the plan */
	struct str note;	   /* what is wrong with the journal */

	/* ---- its own ---- */
	struct map by_id;
	struct run_record *others, *others_next; /* whose jobs it has taken over */
	unsigned depth;
};

/* Its plan: no job has a record yet. 0, or -1 with err; run_record_done() in any case. */
int run_record_open(struct run_record *ret, const char *run_path, struct error *err);
/* Its journal. If that cannot be read, or not to its end, the note says so. */
void run_record_read(struct run_record *r);
void run_record_note(struct run_record *r, const char *text);
void run_record_done(struct run_record *r);
/* NULL: its plan has no such job. */
const struct recorded_job *run_record_find(const struct run_record *r, const char *id);

#endif
