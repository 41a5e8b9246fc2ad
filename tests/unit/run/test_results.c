/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <jansson.h>

#include "base/str.h"
#include "job/job_paths.h"
#include "run/job_record.h"
#include "run/journal.h"
#include "run/results.h"

#define BIG_SEED "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static const char *const argv[] = {"dvsched", "run", "x.hjson", NULL};

static const struct results_head head = {
	.start_wall_s = 1763704197.5,
	.duration_s = 62.25,
	.outcome = "failed",
	.exit_code = 1,
	.argv = argv,
};

struct rows {
	const struct plan *plan;
	struct result_row *rows;
};

static void next_row(void *ctx, size_t n, struct result_row *row)
{
	const struct rows *r = ctx;

	*row = r->rows[n];
	row->spec = &r->plan->jobs[n];
}

static struct run_dir *make_run(struct plan *p)
{
	struct error err = {0};
	struct run_dir *r = run_dir_new(p, clock_real(), &err);

	if (!r || run_dir_publish(r, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

static json_t *load_results(const char *run_path)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, RESULTS_NAME);
	json_error_t where;
	json_t *json = json_load_file(path, 0, &where);

	if (!json)
		fail_msg("%s:%d: %s", path, where.line, where.text);
	return json;
}

static json_t *at(json_t *json, const char *path)
{
	char copy[200], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((key = strsep(&rest, ".")) != NULL) {
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(key))
					   : json_object_get(json, key);
		if (!json)
			fail_msg("%s: there is no %s", path, key);
	}
	return json;
}

static void is_text(json_t *json, const char *path, const char *expect)
{
	const json_t *v = at(json, path);

	if (expect ? !str_eq(json_string_value(v), expect) : !json_is_null(v))
		fail_msg("%s is '%s', not '%s'", path, json_string_value(v),
			 expect ? expect : "null");
}

static void is_int(json_t *json, const char *path, json_int_t expect)
{
	assert_true(json_is_integer(at(json, path)));
	if (json_integer_value(at(json, path)) != expect)
		fail_msg("%s is %lld, not %lld", path,
			 (long long)json_integer_value(at(json, path)), (long long)expect);
}

static void is_real(json_t *json, const char *path, double expect)
{
	double d = json_number_value(at(json, path)) - expect;

	assert_true(d > -1e-6 && d < 1e-6);
}

static json_t *write_and_load(struct plan *p, struct result_row *rows)
{
	struct run_dir *r = make_run(p);
	struct rows ctx = {p, rows};
	struct error err = {0};
	json_t *json;

	if (results_write(r, p, &head, next_row, &ctx, &err) < 0)
		fail_msg("%s", err.msg);
	json = load_results(run_dir_path(r));
	is_text(json, "run.id", run_dir_id(r));
	is_text(json, "run.path", run_dir_path(r));
	run_dir_free(r);
	return json;
}

static void the_head_says_what_was_run(void **state)
{
	struct plan *p = make_plan(1);
	struct result_row row = {.status = JOB_PASSED};
	json_t *json;

	(void)state;
	p->cfg_path = "/cfg/x.hjson";
	p->parent = "20260101T000000Z-000000";
	p->is_rehearsal = true;
	json = write_and_load(p, &row);
	is_text(json, "schema.name", "dvsched-results");
	is_int(json, "schema.version", RESULTS_SCHEMA_VERSION);
	is_text(json, "run.name", "b");
	is_text(json, "run.flow", "jobs");
	is_text(json, "run.cfg_path", "/cfg/x.hjson");
	is_text(json, "run.scratch_root", scratch);
	is_text(json, "run.parent", "20260101T000000Z-000000");
	assert_true(json_is_false(at(json, "run.nested")));
	assert_true(json_is_true(at(json, "run.rehearsal")));
	is_text(json, "run.command_line.2", "x.hjson");
	is_text(json, "run.start", "2025-11-21T05:49:57.500Z");
	is_text(json, "run.end", "2025-11-21T05:50:59.750Z");
	is_real(json, "run.duration_s", 62.25);
	is_text(json, "run.outcome", "failed");
	is_int(json, "run.exit_code", 1);
	is_text(json, "run.note", NULL);
	json_decref(json);
	plan_free(p);
}

static void jobs_are_counted_by_status_and_target(void **state)
{
	struct plan *p = make_plan(5);
	struct result_row rows[] = {
		{.status = JOB_PASSED},
		{.status = JOB_PASSED, .marks = MARK_FLAKY},
		{.status = JOB_FAILED, .reason = REASON_EXIT, .marks = MARK_LEAKY},
		{.status = JOB_KILLED, .reason = REASON_DEPENDENCY, .cause = "b:job2"},
		{.status = JOB_PASSED},
	};
	json_t *json;

	(void)state;
	p->jobs[4].rules = add_rules(p, "report");
	json = write_and_load(p, rows);
	is_int(json, "counts.total", 5);
	is_int(json, "counts.passed", 3);
	is_int(json, "counts.failed", 1);
	is_int(json, "counts.killed", 1);
	is_int(json, "counts.flaky", 1);
	is_int(json, "counts.leaky", 1);
	is_text(json, "targets.0.name", "run");
	is_int(json, "targets.0.total", 4);
	is_int(json, "targets.0.passed", 2);
	is_int(json, "targets.0.failed", 1);
	is_int(json, "targets.0.killed", 1);
	is_text(json, "targets.1.name", "report");
	is_int(json, "targets.1.total", 1);
	is_text(json, "jobs.3.cause", "b:job2");
	is_text(json, "jobs.3.class", "dependency");
	assert_true(json_is_true(at(json, "jobs.1.flaky")));
	assert_true(json_is_true(at(json, "jobs.2.leaky")));
	assert_true(json_is_false(at(json, "jobs.0.leaky")));
	json_decref(json);
	plan_free(p);
}

static void a_job_is_told_with_all_its_attempts(void **state)
{
	_cleanup_(str_done) struct str room = {0};
	struct plan *p = make_plan(2);
	const struct attempt_row attempts[] = {
		{.number = 1,
		 .where = "local/0",
		 .result = {.status = JOB_FAILED,
			    .reason = REASON_SIGNAL,
			    .message = "died",
			    .context = "a\nb",
			    .line = 9,
			    .exit_status = -1,
			    .term_signal = 11,
			    .start_wall_s = 1763704198,
			    .duration_s = 0.5,
			    .usage = {0.25, 0.125, 2048},
			    .peak_memory_kib = 4096}},
		{.number = 2,
		 .where = "local/1",
		 .stage = "pin",
		 .result = {.status = JOB_PASSED, .exit_status = 0}},
	};
	struct result_row rows[] = {
		{.status = JOB_PASSED,
		 .marks = MARK_FLAKY,
		 .backend = "local",
		 .attempts = attempts,
		 .n_attempts = 2},
		{.status = JOB_KILLED, .reason = REASON_USER, .message = "Job killed"},
	};
	_cleanup_(freep) char *log = xasprintf("%s/b/job0/log", scratch);
	_cleanup_(freep) char *log_1 = xasprintf("%s/b/job0.attempt-1/log", scratch);
	json_t *json;

	(void)state;
	p->jobs[0].seed = BIG_SEED;
	((struct job_rules *)p->jobs[0].rules)->tags = words(p, "smoke", NULL, NULL);
	json = write_and_load(p, rows);
	is_text(json, "jobs.0.id", "b:job0");
	is_text(json, "jobs.0.name", "job0");
	is_text(json, "jobs.0.block", "b");
	is_text(json, "jobs.0.target", "run");
	is_text(json, "jobs.0.status", "PASSED");
	is_text(json, "jobs.0.reason", "none");
	is_text(json, "jobs.0.message", NULL);
	is_text(json, "jobs.0.backend", "local");
	is_text(json, "jobs.0.cause", NULL);
	is_text(json, "jobs.0.seed", BIG_SEED);
	is_text(json, "jobs.0.tags.0", "smoke");
	is_text(json, "jobs.0.odir", job_odir(&p->jobs[0], &room));
	is_text(json, "jobs.0.log", log);
	is_int(json, "jobs.0.attempts.0.number", 1);
	is_text(json, "jobs.0.attempts.0.where", "local/0");
	is_text(json, "jobs.0.attempts.0.status", "FAILED");
	is_text(json, "jobs.0.attempts.0.reason", "signal");
	is_text(json, "jobs.0.attempts.0.class", "job");
	is_text(json, "jobs.0.attempts.0.message", "died");
	is_text(json, "jobs.0.attempts.0.context", "a\nb");
	is_int(json, "jobs.0.attempts.0.line", 9);
	is_text(json, "jobs.0.attempts.0.exit_status", NULL);
	is_int(json, "jobs.0.attempts.0.signal", 11);
	is_text(json, "jobs.0.attempts.0.start", "2025-11-21T05:49:58.000Z");
	is_real(json, "jobs.0.attempts.0.duration_s", 0.5);
	is_real(json, "jobs.0.attempts.0.user_s", 0.25);
	is_real(json, "jobs.0.attempts.0.system_s", 0.125);
	is_int(json, "jobs.0.attempts.0.max_rss_kib", 2048);
	is_int(json, "jobs.0.attempts.0.peak_memory_kib", 4096);
	is_text(json, "jobs.0.attempts.1.peak_memory_kib", NULL);
	is_text(json, "jobs.0.attempts.0.log", log_1);
	is_text(json, "jobs.0.attempts.0.stage", NULL);
	is_text(json, "jobs.0.attempts.1.stage", "pin");
	is_int(json, "jobs.0.attempts.1.exit_status", 0);
	is_text(json, "jobs.0.attempts.1.signal", NULL);
	is_text(json, "jobs.0.attempts.1.start", NULL);
	is_text(json, "jobs.0.attempts.1.line", NULL);
	is_text(json, "jobs.0.attempts.1.log", log);
	is_text(json, "jobs.1.log", NULL); /* never started: what may lie there is an older run's */
	is_text(json, "jobs.1.seed", NULL);
	assert_int_equal(json_array_size(at(json, "jobs.1.attempts")), 0);
	json_decref(json);
	plan_free(p);
}

/* The attempt after it decides whether its directory was set aside along with its log. */
static void a_log_is_where_the_next_attempt_has_put_it(void **state)
{
	_cleanup_(str_done) struct str room = {0};
	static const struct attempt_row attempts[] = {
		{.number = 1}, {.number = 2}, {.number = 3, .stage = "pin"}};
	struct plan *p = make_plan(2);
	struct job_rules again = *p->jobs[0].rules, anew = again;
	struct job_spec stage = {.stage = "pin", .rules = &anew};
	struct result_row rows[] = {
		{.status = JOB_PASSED, .attempts = attempts, .n_attempts = 3},
		{.status = JOB_PASSED, .attempts = attempts, .n_attempts = 2},
	};
	_cleanup_(freep) char *log_1 = xasprintf("%s/b/job0/log.attempt-1", scratch);
	_cleanup_(freep) char *log_2 = xasprintf("%s/b/job0.attempt-2/log", scratch);
	json_t *json;

	(void)state;
	again.retry.reuse = true;
	p->jobs[0].rules = &again;
	p->jobs[0].fallback = &stage;
	p->jobs[0].n_fallback = 1;
	p->jobs[1].rules = &again;
	p->jobs[1].log = "/elsewhere/log";
	json = write_and_load(p, rows);
	is_text(json, "jobs.0.attempts.0.log", log_1);
	is_text(json, "jobs.0.attempts.1.log", log_2);
	is_text(json, "jobs.0.attempts.2.log", job_log_path(&p->jobs[0], &room));
	is_text(json, "jobs.1.attempts.0.log", "/elsewhere/log.attempt-1");
	json_decref(json);
	plan_free(p);
}

static void each_job_is_one_line(void **state)
{
	struct plan *p = make_plan(20);
	struct result_row rows[20] = {0};
	struct run_dir *r = make_run(p);
	struct rows ctx = {p, rows};
	struct error err = {0};
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_dir_path(r), RESULTS_NAME);
	_cleanup_(str_done) struct str text = {0};
	char *rest, *line;
	int n = 0;

	(void)state;
	assert_int_equal(results_write(r, p, &head, next_row, &ctx, &err), 0);
	assert_int_equal(fs_read_file(path, 1 << 20, &text, &err), 0);
	for (rest = text.s; (line = strsep(&rest, "\n")) != NULL;)
		n += str_starts(line, "{\"id\":\"b:job");
	assert_int_equal(n, 20);
	run_dir_free(r);
	plan_free(p);
}

static void results_that_cannot_be_written_are_an_error(void **state)
{
	struct plan *p = make_plan(1);
	struct result_row row = {.status = JOB_PASSED};
	struct run_dir *r = make_run(p);
	struct rows ctx = {p, &row};
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_dir_path(r), RESULTS_NAME);
	_cleanup_(freep) char *tmp = xasprintf("%s/.%s.%d", run_dir_path(r), RESULTS_NAME,
					       (int)getpid());
	struct error err = {0};

	(void)state;
	assert_int_equal(fs_mkdirs(path, 0700), 0); /* a directory is in the way */
	assert_int_equal(results_write(r, p, &head, next_row, &ctx, &err), -1);
	assert_non_null(strstr(err.msg, path));
	assert_false(fs_exists(tmp));
	error_done(&err);
	run_dir_free(r);
	plan_free(p);
}

/* ---- recovering ---- */

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

static void results_that_are_there_are_left_alone(void **state)
{
	struct plan *p = make_plan(1);
	struct result_row row = {.status = JOB_PASSED};
	struct run_dir *r = make_run(p);
	struct rows ctx = {p, &row};
	struct error err = {0};
	json_t *json;

	(void)state;
	assert_int_equal(results_write(r, p, &head, next_row, &ctx, &err), 0);
	json = recover(run_dir_path(r), REASON_LOST);
	is_text(json, "run.outcome", "failed");
	is_text(json, "jobs.0.status", "PASSED");
	json_decref(json);
	run_dir_free(r);
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
		cmocka_unit_test(the_head_says_what_was_run),
		cmocka_unit_test(jobs_are_counted_by_status_and_target),
		cmocka_unit_test(a_job_is_told_with_all_its_attempts),
		cmocka_unit_test(a_log_is_where_the_next_attempt_has_put_it),
		cmocka_unit_test(each_job_is_one_line),
		cmocka_unit_test(results_that_cannot_be_written_are_an_error),
		cmocka_unit_test(what_the_journal_proves_is_kept_and_the_rest_is_killed),
		cmocka_unit_test(results_that_are_there_are_left_alone),
		cmocka_unit_test(a_run_without_a_journal_has_only_killed_jobs),
		cmocka_unit_test(a_journal_of_another_plan_proves_nothing),
		cmocka_unit_test(a_journal_cut_anywhere_never_makes_a_pass),
		cmocka_unit_test(a_run_without_a_plan_cannot_be_recovered),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
