/* SPDX-License-Identifier: Apache-2.0 */
/* Results of runs that were ended without them: from the plan and the journal. */
#include "results_fixture.h"

#include "run/job_record.h"
#include "run/journal.h"
#include "run/taken_record.h"

static void record_job(struct journal *j, const struct plan *p, const struct job_record *r)
{
	struct job_record record = *r;

	record.id = p->jobs[r->n].id;
	if (!record.cause)
		record.cause = JOB_RECORD_NO_CAUSE;
	job_record_write(journal_begin(j, JOB_RECORD_EV, 1763704200), &record);
	assert_int_equal(journal_commit(j), 0);
}

static void record_run(struct journal *j)
{
	struct json_out *out = journal_begin(j, "run", 1763704197.5);

	jout_key(out, "argv");
	jout_array(out);
	jout_string(out, "dvsched");
	jout_string(out, "run");
	jout_array_end(out);
	assert_int_equal(journal_commit(j), 0);
}

/*
 * 0: passed · 1: failed once, then passed · 2: running · 3: failed once, will be tried again ·
 * 4: failed · 5: cancelled because of 4 · 6: nothing.
 */
static void record_story(struct run_dir *r, const struct plan *p)
{
	static const struct job_result passed = {.status = JOB_PASSED, .duration_s = 1};
	static const struct job_result failed = {
		.status = JOB_FAILED, .reason = REASON_EXIT, .message = "exit 2", .exit_status = 2};
	const struct job_record story[] = {
		{.n = 0,
		 .status = JOB_RUNNING,
		 .attempt = 1,
		 .where = "local/0",
		 .backend = "local"},
		{.n = 1,
		 .status = JOB_RUNNING,
		 .attempt = 1,
		 .where = "local/1",
		 .backend = "local"},
		{.n = 0, .status = JOB_PASSED, .attempt = 1, .result = &passed},
		{.n = 1, .status = JOB_QUEUED, .attempt = 1, .result = &failed},
		{.n = 1, .status = JOB_RUNNING, .attempt = 2, .where = "local/0"},
		{.n = 1,
		 .status = JOB_PASSED,
		 .marks = MARK_FLAKY,
		 .attempt = 2,
		 .result = &passed},
		{.n = 2,
		 .status = JOB_RUNNING,
		 .attempt = 1,
		 .where = "local/0",
		 .backend = "local"},
		{.n = 3,
		 .status = JOB_RUNNING,
		 .attempt = 1,
		 .where = "local/1",
		 .backend = "local"},
		{.n = 3, .status = JOB_QUEUED, .attempt = 1, .result = &failed},
		{.n = 4,
		 .status = JOB_RUNNING,
		 .attempt = 1,
		 .where = "local/1",
		 .backend = "local"},
		{.n = 4,
		 .status = JOB_FAILED,
		 .reason = REASON_EXIT,
		 .message = "exit 2",
		 .attempt = 1,
		 .result = &failed},
		{.n = 5,
		 .status = JOB_KILLED,
		 .reason = REASON_DEPENDENCY,
		 .message = "cancelled",
		 .cause = 4},
	};
	struct error err = {0};
	struct journal *j = journal_create(run_dir_fd(r), &err);

	assert_non_null(j);
	record_run(j);
	for (size_t i = 0; i < ARRAY_LEN(story); i++)
		record_job(j, p, &story[i]);
	assert_int_equal(journal_sync(j), 0);
	journal_free(j);
}

static json_t *recover(const char *run_path, enum job_reason reason)
{
	struct error err = {0};

	if (results_recover(run_path, reason, 124, &err) < 0)
		fail_msg("%s", err.msg);
	return load_results(run_path);
}

static void what_the_journal_proves_is_kept_and_the_rest_is_killed(void **state)
{
	static const char *const status[] = {"PASSED", "PASSED", "KILLED", "KILLED",
					     "FAILED", "KILLED", "KILLED"};
	static const char *const reason[] = {"none", "none",	   "run_deadline", "run_deadline",
					     "exit", "dependency", "run_deadline"};
	struct plan *p = make_plan(7);
	struct run_dir *r;
	json_t *json;

	(void)state;
	p->parent = "20260101T000000Z-000000";
	r = make_run(p);
	record_story(r, p);
	json = recover(run_dir_path(r), REASON_RUN_DEADLINE);
	is_text(json, "run.parent", p->parent);
	for (int i = 0; i < 7; i++) {
		_cleanup_(freep) char *s = xasprintf("jobs.%d.status", i);
		_cleanup_(freep) char *why = xasprintf("jobs.%d.reason", i);

		is_text(json, s, status[i]);
		is_text(json, why, reason[i]);
	}
	is_text(json, "run.id", run_dir_id(r));
	is_text(json, "run.outcome", "deadline");
	is_int(json, "run.exit_code", 124);
	is_text(json, "run.start", "2025-11-21T05:49:57.500Z");
	is_text(json, "run.command_line.1", "run");
	assert_non_null(strstr(json_string_value(at(json, "run.note")), "another process"));
	assert_true(json_is_true(at(json, "jobs.1.flaky")));
	is_text(json, "jobs.1.attempts.0.message", "exit 2");
	is_text(json, "jobs.1.attempts.1.where", "local/0");
	is_text(json, "jobs.2.attempts.0.status", "KILLED");
	is_text(json, "jobs.2.attempts.0.reason", "run_deadline");
	is_text(json, "jobs.2.attempts.0.start", "2025-11-21T05:50:00.000Z");
	is_text(json, "jobs.2.attempts.0.exit_status", NULL);
	is_text(json, "jobs.3.attempts.0.status", "FAILED");
	is_text(json, "jobs.5.cause", "b:job4");
	is_text(json, "jobs.2.backend", "local");
	json_decref(json);
	run_dir_free(r);
	plan_free(p);
}

/* Job 2 of the story was running, job 6 not started. */
static void killed_jobs_say_why_the_run_ended(void **state)
{
	static const struct {
		enum job_reason reason;
		const char *was_running, *was_waiting;
	} cases[] = {
		{REASON_RUN_DEADLINE, "Job killed at the run deadline.",
		 "Job not started before the run deadline."},
		{REASON_USER, "Job killed because the run was ended.",
		 "Job not started before the run was ended."},
		{REASON_LOST, "Job lost: the scheduler ended while it ran.",
		 "Job not started: the scheduler ended before."},
	};
	struct plan *p = make_plan(7);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct run_dir *r = make_run(p);
		json_t *json;

		record_story(r, p);
		json = recover(run_dir_path(r), cases[i].reason);
		is_text(json, "jobs.2.message", cases[i].was_running);
		is_text(json, "jobs.2.attempts.0.message", cases[i].was_running);
		is_text(json, "jobs.6.message", cases[i].was_waiting);
		json_decref(json);
		run_dir_free(r);
	}
	plan_free(p);
}

static void a_run_without_a_journal_has_only_killed_jobs(void **state)
{
	struct plan *p = make_plan(2);
	struct run_dir *r = make_run(p);
	json_t *json = recover(run_dir_path(r), REASON_LOST);

	(void)state;
	is_int(json, "counts.killed", 2);
	is_text(json, "jobs.0.reason", "lost");
	is_text(json, "jobs.0.class", "infra");
	is_text(json, "run.outcome", "lost");
	assert_non_null(strstr(json_string_value(at(json, "run.note")), "journal.jsonl"));
	json_decref(json);
	run_dir_free(r);
	plan_free(p);
}

static void a_journal_of_another_plan_proves_nothing(void **state)
{
	struct plan *p = make_plan(1), *other = make_plan(2);
	static const struct job_result passed = {.status = JOB_PASSED};
	struct error err = {0};
	struct run_dir *r;
	struct journal *j;
	json_t *json;

	(void)state;
	other->jobs[0].id = "another:job";
	r = make_run(p);
	j = journal_create(run_dir_fd(r), &err);
	record_job(j, other,
		   &(struct job_record){.status = JOB_PASSED, .attempt = 1, .result = &passed});
	journal_free(j);
	json = recover(run_dir_path(r), REASON_LOST);
	is_text(json, "jobs.0.status", "KILLED");
	assert_non_null(strstr(json_string_value(at(json, "run.note")), "does not fit"));
	json_decref(json);
	run_dir_free(r);
	plan_free(p);
	plan_free(other);
}

/* A job is passed in the results if and only if its last record is whole in what is left. */
static void a_journal_cut_anywhere_never_makes_a_pass(void **state)
{
	struct plan *p = make_plan(7);
	struct run_dir *r = make_run(p);
	_cleanup_(freep) char *journal = xasprintf("%s/%s", run_dir_path(r), JOURNAL_NAME);
	_cleanup_(freep) char *results = xasprintf("%s/%s", run_dir_path(r), RESULTS_NAME);
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};

	(void)state;
	record_story(r, p);
	assert_int_equal(fs_read_file(journal, 1 << 20, &text, &err), 0);
	/* Every seventh byte: the whole would be an fsync for each. */
	for (size_t cut = text.len; cut > 7;) {
		int n_passed = 0;
		json_t *json;

		cut -= 7;
		assert_int_equal(truncate(journal, (off_t)cut), 0);
		text.s[cut] = '\0';
		for (const char *s = text.s; (s = strstr(s, "\"status\":\"PASSED\"")) != NULL; s++)
			n_passed += strchr(s, '\n') != NULL;
		unlink(results);
		json = recover(run_dir_path(r), REASON_LOST);
		is_int(json, "counts.passed", n_passed);
		is_int(json, "counts.total", 7);
		assert_int_equal(json_array_size(at(json, "jobs")), 7);
		json_decref(json);
	}
	run_dir_free(r);
	plan_free(p);
}

static void record_taken(struct run_dir *r, const char *from)
{
	struct error err = {0};
	struct journal *j = journal_create(run_dir_fd(r), &err);
	struct json_out *out;

	assert_non_null(j);
	out = journal_begin(j, TAKEN_RECORD_EV, 1763704200);
	jout_key_string(out, "from", from);
	jout_key_string(out, "jobs", "0");
	assert_int_equal(journal_commit(j), 0);
	journal_free(j);
}

/* Damage, but the reader must come to an end. */
static void runs_that_took_a_job_over_from_each_other_prove_nothing(void **state)
{
	struct plan *p = make_plan(1), *q = make_plan(1);
	struct job_block other = {"c", arena_printf(q->mem, "%s/c", scratch), NULL};
	struct run_dir *r, *s;
	json_t *json;

	(void)state;
	q->jobs[0].block = &other;
	r = make_run(p);
	s = make_run(q);
	record_taken(r, run_dir_id(s));
	record_taken(s, run_dir_id(r));
	json = recover(run_dir_path(r), REASON_LOST);
	is_text(json, "jobs.0.status", "KILLED");
	assert_non_null(strstr(json_string_value(at(json, "run.note")), "is not in the run"));
	json_decref(json);
	run_dir_free(r);
	run_dir_free(s);
	plan_free(p);
	plan_free(q);
}

static void a_run_without_a_plan_cannot_be_recovered(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(results_recover(scratch, REASON_LOST, 1, &err), -1);
	assert_non_null(strstr(err.msg, "plan.json"));
	error_done(&err);
	assert_int_equal(results_recover("/nowhere/at/all", REASON_LOST, 1, &err), -1);
	error_done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_journal_proves_is_kept_and_the_rest_is_killed),
		cmocka_unit_test(killed_jobs_say_why_the_run_ended),
		cmocka_unit_test(a_run_without_a_journal_has_only_killed_jobs),
		cmocka_unit_test(a_journal_of_another_plan_proves_nothing),
		cmocka_unit_test(a_journal_cut_anywhere_never_makes_a_pass),
		cmocka_unit_test(runs_that_took_a_job_over_from_each_other_prove_nothing),
		cmocka_unit_test(a_run_without_a_plan_cannot_be_recovered),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
