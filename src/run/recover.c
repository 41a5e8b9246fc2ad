/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes results in place of a scheduler that has died, from the journal. Jobs without a final
 * record become KILLED; no job passes without its record.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "run/job_record.h"
#include "run/lock.h"
#include "run/plan_file.h"
#include "run/results_file.h"
#include "run/run_record.h"

enum { LOST_EXIT_CODE = 3 }; /* infrastructure failed, see docs/reference/results.md */

struct recovery {
	struct run_record record;
	bool is_late; /* its end is unknown: the time of its last record is used */
};

/* ---- jobs without a final record ---- */

static const char *text_for(enum job_reason reason, bool has_started)
{
	if (reason == REASON_RUN_DEADLINE)
		return has_started ? "Job killed at the run deadline."
				   : "Job not started before the run deadline.";
	if (reason == REASON_USER)
		return has_started ? "Job killed because the run was ended."
				   : "Job not started before the run was ended.";
	return has_started ? "Job lost: the scheduler ended while it ran."
			   : "Job not started: the scheduler ended before.";
}

static void close_attempt(struct attempt_row *a, enum job_reason reason, double now_s)
{
	double start_s = a->result.start_wall_s;

	if (a->result.status != JOB_RUNNING)
		return;
	a->result = (struct job_result){
		.status = JOB_KILLED,
		.reason = reason,
		.message = text_for(reason, true),
		.exit_status = -1,
		.start_wall_s = start_s,
		.duration_s = now_s > start_s ? now_s - start_s : 0,
	};
}

static void close_job(struct recorded_job *j, enum job_reason reason, double now_s)
{
	if (job_status_is_final(j->status))
		return;
	for (uint32_t i = 0; i < j->attempts.n; i++)
		close_attempt(&j->attempts.at[i], reason, now_s);
	j->message = text_for(reason, j->status == JOB_RUNNING);
	j->status = JOB_KILLED;
	j->reason = reason;
	j->cause = JOB_RECORD_NO_CAUSE;
}

static void row_of(void *ctx, size_t n, struct result_row *row)
{
	const struct run_record *r = ctx;
	const struct recorded_job *j = &r->jobs[n];

	*row = (struct result_row){
		.spec = &r->plan->jobs[n],
		.status = j->status,
		.reason = j->reason,
		.marks = j->marks,
		.message = j->message,
		.backend = j->backend,
		.from = j->from,
		.cause = j->cause < r->plan->n_jobs ? r->plan->jobs[j->cause].id : NULL,
		.attempts = j->attempts.at,
		.n_attempts = (uint32_t)j->attempts.n,
	};
}

/* ---- results ---- */

static const char *outcome_for(enum job_reason reason)
{
	if (reason == REASON_RUN_DEADLINE)
		return "deadline";
	return reason == REASON_USER ? "interrupted" : "lost";
}

static int write_found(struct recovery *r, const struct results_place *place,
		       enum job_reason reason, int exit_code, struct error *err)
{
	struct run_record *record = &r->record;
	double start_s = record->start_s;
	double now_s = r->is_late ? record->last_s : clock_wall(clock_real());
	struct results_head head = {
		.start_wall_s = start_s,
		.duration_s = start_s > 0 && now_s > start_s ? now_s - start_s : 0,
		.outcome = outcome_for(reason),
		.exit_code = exit_code,
		.argv = record->argv,
	};

	run_record_note(record, "completed from the journal by another process");
	head.note = record->note.s;
	for (size_t i = 0; i < record->plan->n_jobs; i++)
		close_job(&record->jobs[i], reason, now_s);
	return results_write_at(place, record->plan, &head, row_of, record, err);
}

static int recover_run(struct recovery *r, int dir_fd, const char *run_path, enum job_reason reason,
		       int exit_code, struct error *err)
{
	const char *name = path_base(run_path);
	struct results_place place = {dir_fd, name + (*name == '.'), run_path};

	run_record_read(&r->record);
	return write_found(r, &place, reason, exit_code, err);
}

static int check_gone(const struct plan *plan, const char *run_path, struct error *err)
{
	const char *name = path_base(run_path), *id = name + (*name == '.'), *last = NULL;

	for (size_t i = 0; i < plan->n_jobs; i++) {
		const char *dir = plan->jobs[i].block->scratch_path;

		if (dir && !str_eq(dir, last) && lock_is_held_by(dir, id, err))
			return -1;
		last = dir;
	}
	return 0;
}

static int recover_at(const char *run_path, bool may_live, enum job_reason reason, int exit_code,
		      struct error *err)
{
	_cleanup_(freep) char *results_path = xasprintf("%s/%s", run_path, RESULTS_NAME);
	_cleanup_(closep) int dir_fd = fs_open(run_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct recovery r = {.is_late = may_live};
	int rc;

	if (dir_fd < 0)
		return error_sys(err, errno, "%s cannot be opened", run_path);
	if (fs_exists(results_path))
		return 0;
	rc = run_record_open(&r.record, run_path, err);
	if (rc == 0 && may_live)
		rc = check_gone(r.record.plan, run_path, err);
	if (rc == 0 && !fs_exists(results_path)) /* the run may have ended since the first check */
		rc = recover_run(&r, dir_fd, run_path, reason, exit_code, err);
	run_record_done(&r.record);
	return rc;
}

bool results_are_final(const char *run_path)
{
	_cleanup_(freep) char *plan_path = xasprintf("%s/%s", run_path, PLAN_NAME);
	_cleanup_(freep) char *results_path = xasprintf("%s/%s", run_path, RESULTS_NAME);
	struct error err = {0};
	struct plan *plan;
	bool are_final;

	if (fs_exists(results_path))
		return true;
	plan = plan_read(plan_path, &err);
	are_final = plan && check_gone(plan, run_path, &err) == 0;
	plan_free(plan);
	error_done(&err);
	return are_final;
}

int results_recover(const char *run_path, enum job_reason reason, int exit_code, struct error *err)
{
	return recover_at(run_path, false, reason, exit_code, err);
}

int results_complete(const char *run_path, struct error *err)
{
	return recover_at(run_path, true, REASON_LOST, LOST_EXIT_CODE, err);
}
