/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results.json: what scripts read. Schema and its promises: docs/reference/results.md. Written
 * whole, once, by a temporary file and a rename; room run/ knows no scheduler, so rows are handed
 * in.
 */
#ifndef RUN_RESULTS_H
#define RUN_RESULTS_H

#include "base/error.h"
#include "job/job_result.h"
#include "job/job_spec.h"
#include "run/run_dir.h"

#define RESULTS_NAME	       "results.json"
#define RESULTS_SCHEMA_VERSION 1

struct attempt_row {
	uint32_t number;
	const char *where;
	struct job_result result;
	const char *stage;     /* of the job's fallback; NULL: the job itself */
	const char *resources; /* JSON: units that have numbers; NULL: none */
};

struct result_row {
	const struct job_spec *spec;
	enum job_status status;
	enum job_reason reason;
	uint32_t marks;
	const char *message;
	const char *backend;
	const char *cause;		    /* id of the root cause of a cancelled job, or NULL */
	const char *from;		    /* id of the run that it was taken over from, or NULL */
	const struct attempt_row *attempts; /* oldest first */
	uint32_t n_attempts;
};

struct results_head {
	double start_wall_s, duration_s;
	const char *outcome; /* "passed", "failed", "infra", "interrupted", "deadline", "lost" */
	int exit_code;
	const char *note;	 /* what a reader should know about these results, or NULL */
	const char *backends;	 /* what they tell of their machines: a JSON object, or NULL */
	const char *notes;	 /* the same for people: lines, or NULL */
	const char *const *argv; /* the command line; NULL-terminated */
};

/* next() fills *row for job n of the plan and may re-use its arrays from call to call. Jobs are
 * asked for in any order and more than once. */
typedef void results_next(void *ctx, size_t n, struct result_row *row);

int results_write(struct run_dir *r, const struct plan *plan, const struct results_head *head,
		  results_next *next, void *ctx, struct error *err);

/*
 * For another process, when the scheduler has died or hangs: results.json from plan.json and the
 * journal. A job without a final record becomes KILLED with reason (REASON_RUN_DEADLINE,
 * REASON_LOST, REASON_USER). Results that are there already are left as they are.
 */
int results_recover(const char *run_path, enum job_reason reason, int exit_code, struct error *err);
/*
 * The same for a run that somebody looks back on: if its scheduler died without a word, its jobs
 * were lost. Error: it is still going.
 */
int results_complete(const char *run_path, struct error *err);
/* Nobody will write results any more: they are there, or the scheduler is gone. */
bool results_are_final(const char *run_path);

#endif
