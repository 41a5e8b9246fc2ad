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
	run_record_close(record, reason, now_s);
	return results_write_at(place, record->plan, &head, run_record_row, record, err);
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
	_cleanup_(closep) int dir_fd = fs_openat_or_wait(AT_FDCWD, run_path,
							 O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
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
