/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results in the scheduler's place: what the journal proves, and for the rest that it was killed.
 * Nothing is ever taken for passed without its record.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/vec.h"
#include "run/job_record.h"
#include "run/journal.h"
#include "run/lock.h"
#include "run/plan_file.h"
#include "run/results_file.h"

enum { LOST_EXIT_CODE = 3 }; /* infrastructure: docs/reference/results.md */

struct found_job {
	enum job_status status;
	enum job_reason reason;
	uint32_t marks, cause;
	const char *message, *backend;
	VEC(struct attempt_row) attempts;
};

struct recovery {
	struct plan *plan;
	struct found_job *jobs;
	struct arena *mem;	/* strings and lists */
	const char **argv;	/* or NULL */
	double start_s, last_s; /* wall: of the first and the last record */
	bool is_foreign;	/* a record does not fit to the plan */
	bool is_late;		/* nobody knows when it ended: with its last record */
	struct str note;
};

/* ---- taking in the journal ---- */

static const char *keep(struct recovery *r, const char *s)
{
	return s ? arena_strdup(r->mem, s) : NULL;
}

static void take_run(struct recovery *r, const json_t *json)
{
	const json_t *argv = json_object_get(json, "argv");
	size_t n = json_array_size(argv);

	r->argv = arena_array(r->mem, n + 1, sizeof(*r->argv));
	for (size_t i = 0; i < n; i++) {
		const char *word = json_string_value(json_array_get(argv, i));

		r->argv[i] = arena_strdup(r->mem, word ? word : "");
	}
}

/* The attempt of that number; a new one at the end if it is not there. */
static struct attempt_row *attempt_of(struct recovery *r, struct found_job *j, uint32_t number)
{
	for (size_t i = j->attempts.n; i > 0; i--)
		if (j->attempts.at[i - 1].number == number)
			return &j->attempts.at[i - 1];
	vec_push_in(r->mem, &j->attempts,
		    (struct attempt_row){.number = number, .result = {.status = JOB_RUNNING}});
	return &j->attempts.at[j->attempts.n - 1];
}

/* An object as text; NULL: it is none. */
static const char *object_text(struct recovery *r, const json_t *json)
{
	char *text = json_is_object(json) ? json_dumps(json, JSON_COMPACT) : NULL;
	const char *kept = keep(r, text);

	free(text);
	return kept;
}

static void take_attempt(struct recovery *r, struct found_job *j, const struct job_record *rec,
			 const json_t *json, double wall_s)
{
	struct attempt_row *a = attempt_of(r, j, rec->attempt);

	if (rec->where)
		a->where = keep(r, rec->where);
	if (rec->stage)
		a->stage = keep(r, rec->stage);
	if (json_object_get(json, "resources"))
		a->resources = object_text(r, json_object_get(json, "resources"));
	if (a->result.start_wall_s <= 0)
		a->result.start_wall_s = wall_s;
	if (!rec->result)
		return;
	job_result_copy(&a->result, rec->result, r->mem);
	a->result.measures = job_record_measures(json, r->mem);
	a->result.details = object_text(
		r, json_object_get(json_object_get(json, "result"), "details"));
}

static bool recover_take_job(struct recovery *r, const struct journal_record *record)
{
	struct job_result result;
	struct job_record rec;
	struct found_job *j;

	if (!job_record_read(record->json, &rec, &result) || rec.n >= r->plan->n_jobs ||
	    strcmp(rec.id, r->plan->jobs[rec.n].id) != 0) {
		r->is_foreign = true;
		return false;
	}
	j = &r->jobs[rec.n];
	j->status = rec.status;
	j->reason = rec.reason;
	j->marks = rec.marks;
	j->cause = rec.cause;
	j->message = keep(r, rec.message);
	if (rec.backend)
		j->backend = keep(r, rec.backend);
	if (rec.attempt)
		take_attempt(r, j, &rec, record->json, record->wall_s);
	return true;
}

static bool take_record(void *ctx, const struct journal_record *record)
{
	struct recovery *r = ctx;

	if (r->start_s <= 0)
		r->start_s = record->wall_s;
	r->last_s = record->wall_s;
	if (strcmp(record->ev, "run") == 0)
		take_run(r, record->json);
	else if (strcmp(record->ev, JOB_RECORD_EV) == 0)
		return recover_take_job(r, record);
	return true;
}

/* ---- closing what is open ---- */

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

static void close_job(struct found_job *j, enum job_reason reason, double now_s)
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
	const struct recovery *r = ctx;
	const struct found_job *j = &r->jobs[n];

	*row = (struct result_row){
		.spec = &r->plan->jobs[n],
		.status = j->status,
		.reason = j->reason,
		.marks = j->marks,
		.message = j->message,
		.backend = j->backend,
		.cause = j->cause < r->plan->n_jobs ? r->plan->jobs[j->cause].id : NULL,
		.attempts = j->attempts.at,
		.n_attempts = (uint32_t)j->attempts.n,
	};
}

/* ---- the whole ---- */

static void add_note(struct recovery *r, const char *text)
{
	str_printf(&r->note, "%s%s", r->note.len ? "; " : "", text);
}

static void read_journal(struct recovery *r, const char *run_path)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, JOURNAL_NAME);
	struct error err = {0};
	bool is_torn;

	if (journal_read(path, take_record, r, &is_torn, &err) < 0)
		add_note(r, err.msg);
	if (is_torn)
		add_note(r, "the journal's last record is torn and was ignored");
	if (r->is_foreign)
		add_note(r, "a record of the journal does not fit to the plan; it and what comes "
			    "after were ignored");
	error_done(&err);
}

static const char *outcome_for(enum job_reason reason)
{
	if (reason == REASON_RUN_DEADLINE)
		return "deadline";
	return reason == REASON_USER ? "interrupted" : "lost";
}

static int write_found(struct recovery *r, const struct results_place *place,
		       enum job_reason reason, int exit_code, struct error *err)
{
	double now_s = r->is_late ? r->last_s : clock_wall(clock_real());
	struct results_head head = {
		.start_wall_s = r->start_s,
		.duration_s = r->start_s > 0 && now_s > r->start_s ? now_s - r->start_s : 0,
		.outcome = outcome_for(reason),
		.exit_code = exit_code,
		.argv = r->argv,
	};

	add_note(r, "completed from the journal by another process");
	head.note = r->note.s;
	for (size_t i = 0; i < r->plan->n_jobs; i++)
		close_job(&r->jobs[i], reason, now_s);
	return results_write_at(place, r->plan, &head, row_of, r, err);
}

static int recover(struct recovery *r, int dir_fd, const char *run_path, enum job_reason reason,
		   int exit_code, struct error *err)
{
	const char *name = path_base(run_path);
	struct results_place place = {dir_fd, name + (*name == '.'), run_path};

	r->jobs = xcalloc(r->plan->n_jobs, sizeof(*r->jobs));
	for (size_t i = 0; i < r->plan->n_jobs; i++)
		r->jobs[i].cause = JOB_RECORD_NO_CAUSE;
	read_journal(r, run_path);
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
	_cleanup_(freep) char *plan_path = xasprintf("%s/%s", run_path, PLAN_NAME);
	_cleanup_(freep) char *results_path = xasprintf("%s/%s", run_path, RESULTS_NAME);
	_cleanup_(closep) int dir_fd = open(run_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct recovery r = {.is_late = may_live};
	int rc;

	if (dir_fd < 0)
		return error_sys(err, errno, "%s cannot be opened", run_path);
	if (fs_exists(results_path))
		return 0;
	r.plan = plan_read(plan_path, err);
	if (!r.plan)
		return -1;
	r.mem = arena_new();
	rc = may_live ? check_gone(r.plan, run_path, err) : 0;
	if (rc == 0 && !fs_exists(results_path)) /* it may have ended since we looked */
		rc = recover(&r, dir_fd, run_path, reason, exit_code, err);
	str_done(&r.note);
	free(r.jobs);
	arena_free(r.mem);
	plan_free(r.plan);
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
