/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results.json, the results for scripts. Schema and guarantees: docs/reference/results.md. It is
 * written once, to a temporary file that is then renamed. The caller provides the rows, because
 * run/ does not depend on the scheduler.
 */
#ifndef RUN_RESULTS_H
#define RUN_RESULTS_H

#include "base/error.h"
#include "base/json_out.h"
#include "job/job_result.h"
#include "job/job_spec.h"
#include "run/run_dir.h"

#define RESULTS_NAME	       "results.json"
#define RESULTS_SCHEMA_VERSION 1

struct attempt_row {
	uint32_t number;
	const char *where;
	struct job_result result;
	const char *stage;     /* stage of the job's fallback; NULL: the job itself */
	const char *resources; /* JSON: its units with numbers; NULL: none */
};

struct result_row {
	const struct job_spec *spec;
	enum job_status status;
	enum job_reason reason;
	uint32_t marks;
	const char *message;
	const char *backend;
	const char *cause; /* id of the root cause of a cancelled job, or NULL */
	const char *from;  /* id of the run from which it was taken over, or NULL */
	const struct attempt_row *attempts; /* oldest first */
	uint32_t n_attempts;
};

struct results_head {
	double start_wall_s, duration_s;
	const char *outcome; /* "passed", "failed", "infra", "interrupted", "deadline", "lost" */
	int exit_code;
	const char *note;     /* a remark about these results, or NULL */
	const char *backends; /* the backends' data about their machines: a JSON object, or NULL */
	const char *notes;    /* the same for users: lines, or NULL */
	const char *const *argv; /* the command line; NULL-terminated */
};

/* Sets *row to the row of job n of the plan. It is valid until the next call. Called in any order,
 * and more than once per job. */
typedef void results_next(void *ctx, size_t n, struct result_row *row);

/* One element of the list `jobs`. */
void results_write_job(struct json_out *out, const struct result_row *row);
/* Appends the path of the log of attempts[i]; nothing if the job has none. When another attempt
 * follows, the directory of the earlier one is moved aside, or only its log if the directory is
 * reused. */
void results_add_log(struct str *out, const struct result_row *row, uint32_t i);

int results_write(struct run_dir *r, const struct plan *plan, const struct results_head *head,
		  results_next *next, void *ctx, struct error *err);

/*
 * For another process, when the scheduler has died or hangs: writes results.json from plan.json and
 * the journal. A job without a final record becomes KILLED with reason (REASON_RUN_DEADLINE,
 * REASON_LOST, REASON_USER). Existing results are not changed. Returns 0, or -1 with err.
 */
int results_recover(const char *run_path, enum job_reason reason, int exit_code, struct error *err);
/*
 * The same for a run that is read later: if its scheduler died, its unfinished jobs become lost. It
 * is an error if the run has not ended.
 */
int results_complete(const char *run_path, struct error *err);
/* Nothing will write results any more: they exist, or the scheduler has ended. */
bool results_are_final(const char *run_path);

#endif
