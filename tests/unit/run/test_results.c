/* SPDX-License-Identifier: Apache-2.0 */
#include "results_fixture.h"

#include "job/job_paths.h"

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
	char host[256] = "";
	json_t *json;

	(void)state;
	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
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
	is_text(json, "run.host", *host ? host : NULL);
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
	struct plan *p = make_plan(6);
	struct result_row rows[] = {
		{.status = JOB_PASSED},
		{.status = JOB_PASSED, .marks = MARK_FLAKY},
		{.status = JOB_FAILED, .reason = REASON_EXIT, .marks = MARK_LEAKY},
		{.status = JOB_KILLED, .reason = REASON_DEPENDENCY, .cause = "b:job2"},
		{.status = JOB_PASSED, .marks = MARK_FALLBACK},
		{.status = JOB_FAILED, .reason = REASON_EXIT},
	};
	json_t *json;

	(void)state;
	p->jobs[4].rules = add_rules(p, "report");
	json = write_and_load(p, rows);
	is_int(json, "counts.total", 6);
	is_int(json, "counts.passed", 3);
	is_int(json, "counts.failed", 2);
	is_int(json, "counts.killed", 1);
	is_int(json, "counts.flaky", 1);
	is_int(json, "counts.leaky", 1);
	is_int(json, "counts.fallback", 1);
	is_text(json, "targets.0.name", "run");
	is_int(json, "targets.0.total", 5);
	is_int(json, "targets.0.passed", 2);
	is_int(json, "targets.0.failed", 2);
	is_int(json, "targets.0.killed", 1);
	is_text(json, "targets.1.name", "report");
	is_int(json, "targets.1.total", 1);
	is_text(json, "jobs.3.cause", "b:job2");
	is_text(json, "jobs.3.class", "dependency");
	assert_true(json_is_true(at(json, "jobs.1.flaky")));
	assert_true(json_is_true(at(json, "jobs.2.leaky")));
	assert_true(json_is_false(at(json, "jobs.0.leaky")));
	assert_true(json_is_true(at(json, "jobs.4.fallback")));
	json_decref(json);
	plan_free(p);
}

static void a_job_is_reported_with_all_its_attempts(void **state)
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
			    .peak_memory_kib = 4096,
			    .cgroup_peak_kib = 5120}},
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
	is_int(json, "jobs.0.attempts.0.cgroup_peak_kib", 5120);
	is_text(json, "jobs.0.attempts.1.cgroup_peak_kib", NULL);
	is_text(json, "jobs.0.attempts.0.log", log_1);
	is_text(json, "jobs.0.attempts.0.stage", NULL);
	is_text(json, "jobs.0.attempts.1.stage", "pin");
	is_int(json, "jobs.0.attempts.1.exit_status", 0);
	is_text(json, "jobs.0.attempts.1.signal", NULL);
	is_text(json, "jobs.0.attempts.1.start", NULL);
	is_text(json, "jobs.0.attempts.1.line", NULL);
	is_text(json, "jobs.0.attempts.1.log", log);
	is_text(json, "jobs.1.log", NULL); /* never started: a log may be an older run's */
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
	assert_int_equal(results_recover(run_dir_path(r), REASON_LOST, 124, &err), 0);
	json = load_results(run_dir_path(r));
	is_text(json, "run.outcome", "failed");
	is_text(json, "jobs.0.status", "PASSED");
	json_decref(json);
	run_dir_free(r);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_says_what_was_run),
		cmocka_unit_test(jobs_are_counted_by_status_and_target),
		cmocka_unit_test(a_job_is_reported_with_all_its_attempts),
		cmocka_unit_test(a_log_is_where_the_next_attempt_has_put_it),
		cmocka_unit_test(each_job_is_one_line),
		cmocka_unit_test(results_that_cannot_be_written_are_an_error),
		cmocka_unit_test(results_that_are_there_are_left_alone),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
