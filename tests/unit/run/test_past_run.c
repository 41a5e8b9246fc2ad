/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"
#include "run/job_record.h"
#include "run/journal.h"
#include "run/past_run.h"
#include "run/results.h"

static const char *const argv[] = {"dvsched", "run", "x.hjson", "-D", "a=1", NULL};

static void record_run(struct run_dir *r, const struct plan *p, double wall_s)
{
	static const struct job_result passed = {.status = JOB_PASSED};
	const struct job_record done = {.id = p->jobs[0].id,
					.status = JOB_PASSED,
					.attempt = 1,
					.cause = JOB_RECORD_NO_CAUSE,
					.result = &passed};
	struct error err = {0};
	struct journal *j = journal_create(run_dir_fd(r), &err);
	struct json_out *out = journal_begin(j, "run", wall_s);

	jout_key_string(out, "cfg_path", p->cfg_path);
	jout_key_string(out, "parent", p->parent);
	jout_key_bool(out, "nested", p->is_nested);
	jout_key_bool(out, "rehearsal", p->is_rehearsal);
	jout_key(out, "argv");
	jout_array(out);
	for (size_t i = 0; argv[i]; i++)
		jout_string(out, argv[i]);
	jout_array_end(out);
	assert_int_equal(journal_commit(j), 0);
	job_record_write(journal_begin(j, JOB_RECORD_EV, wall_s + 1), &done);
	assert_int_equal(journal_commit(j), 0);
	journal_free(j);
}

/* A run with a journal and without results, as one leaves it that is killed; its id. 0: it has no
 * journal. */
static const char *make_run(struct plan *p, double wall_s, struct run_dir **ret_live)
{
	struct error err = {0};
	struct clock_virtual clock;
	struct run_dir *r;
	const char *id;

	clock_virtual_init(&clock, wall_s);
	r = run_dir_new(p, &clock.clock, &err);

	if (!r)
		fail_msg("%s", err.msg);
	if (wall_s > 0)
		record_run(r, p, wall_s);
	assert_int_equal(run_dir_publish(r, &err), 0);
	id = arena_strdup(p->mem, run_dir_id(r));
	if (ret_live)
		*ret_live = r;
	else
		run_dir_free(r);
	return id;
}

static char *path_of(const char *id)
{
	return xasprintf("%s/.dvsched/runs/%s", scratch, id);
}

static struct plan *plan_of(const char *cfg_path)
{
	struct plan *p = make_plan(2);

	p->cfg_path = cfg_path;
	return p;
}

static void finds(const char *cfg_path, bool is_nested, const char *id)
{
	struct arena *mem = arena_new();
	struct error err = {0};
	struct past_run run;

	if (past_run_find(scratch, cfg_path, is_nested, mem, &run, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(run.id, id);
	arena_free(mem);
}

static void the_newest_run_of_a_configuration_is_found(void **state)
{
	struct plan *a = plan_of("/a.hjson"), *b = plan_of("/b.hjson"), *command = plan_of(NULL);
	struct arena *mem = arena_new();
	struct error err = {0};
	struct past_run run;
	const char *id;

	(void)state;
	for (int i = 0; i < 9; i++) { /* in one second: only their journals know the order */
		make_run(a, 100.1 + i / 20.0, NULL);
		id = make_run(a, 100.7 + i / 50.0, NULL);
		make_run(a, 100.2 + i / 20.0, NULL);
		finds("/a.hjson", false, id);
	}
	id = make_run(a, 101, NULL);
	finds("/a.hjson", false, id);
	make_run(b, 200, NULL);
	make_run(command, 300, NULL);
	finds("/a.hjson", false, id);
	assert_int_equal(past_run_find(scratch, "/c.hjson", false, mem, &run, &err), -1);
	assert_non_null(strstr(err.msg, "/c.hjson"));
	error_done(&err);
	arena_free(mem);
	plan_free(command);
	plan_free(b);
	plan_free(a);
}

static void rehearsals_and_nested_runs_count_if_there_is_no_other(void **state)
{
	struct plan *p = plan_of("/d.hjson");
	const char *id;

	(void)state;
	p->is_rehearsal = true;
	id = make_run(p, 100, NULL);
	finds("/d.hjson", false, id);
	p->is_rehearsal = false;
	p->is_nested = true;
	id = make_run(p, 200, NULL);
	finds("/d.hjson", false, id);
	finds("/d.hjson", true, id);
	p->is_nested = false;
	id = make_run(p, 50, NULL);
	finds("/d.hjson", false, id);
	plan_free(p);
}

static void a_run_without_a_journal_is_known_by_its_plan(void **state)
{
	struct plan *p = plan_of("/e.hjson");

	(void)state;
	finds("/e.hjson", false, make_run(p, 0, NULL));
	plan_free(p);
}

static void a_run_that_was_killed_is_completed_once_it_is_gone(void **state)
{
	struct plan *p = plan_of("/f.hjson");
	struct arena *mem = arena_new();
	struct error err = {0};
	struct past_run run;
	struct run_dir *live;
	const char *id = make_run(p, 100, &live);
	_cleanup_(freep) char *path = path_of(id), *results = NULL;
	_cleanup_(str_done) struct str text = {0};

	(void)state;
	assert_int_equal(past_run_read(path, mem, &run, &err), -1);
	assert_non_null(strstr(err.msg, "is still going"));
	assert_non_null(strstr(err.msg, id));
	error_done(&err);
	run_dir_free(live);
	if (past_run_read(path, mem, &run, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(run.outcome, "lost");
	results = xasprintf("%s/%s", path, RESULTS_NAME);
	assert_int_equal(fs_read_file(results, 1 << 20, &text, &err), 0);
	/* It ended with its last record, and not when somebody looked back. */
	assert_non_null(strstr(text.s, "\"end\":\"1970-01-01T00:01:41.000Z\""));
	assert_string_equal(run.argv[4], "a=1");
	assert_int_equal(run.n_jobs, 2);
	assert_string_equal(run.jobs[1].id, "b:job1");
	assert_int_equal(run.jobs[0].status, JOB_PASSED);
	assert_int_equal(run.jobs[1].status, JOB_KILLED);
	arena_free(mem);
	plan_free(p);
}

static void what_is_no_results_file_is_an_error_that_names_it(void **state)
{
	static const char *const texts[] = {
		"",
		"[1, 2]",
		"{}",
		"{\"schema\": {\"name\": \"dvsched-results\", \"version\": 1}}",
		"{\"schema\": {\"name\": \"dvsched-results\", \"version\": 1}, \"run\": {}, "
		"\"jobs\": [{\"id\": \"a\", \"status\": \"FINE\"}]}",
		"{\"schema\": {\"name\": \"dvsched-results\", \"version\": 2}}",
		NULL};
	struct plan *p = plan_of("/g.hjson");
	const char *id = make_run(p, 100, NULL);
	_cleanup_(freep) char *path = path_of(id), *results = NULL;
	struct arena *mem = arena_new();
	struct past_run run;

	(void)state;
	results = xasprintf("%s/%s", path, RESULTS_NAME);
	for (size_t i = 0; i == 0 || texts[i - 1]; i++) {
		struct error err = {0};

		if (texts[i])
			assert_int_equal(fs_write_atomic(results, texts[i], strlen(texts[i]), &err),
					 0);
		else
			assert_int_equal(unlink(results) | mkfifo(results, 0600), 0);
		assert_int_equal(past_run_read(path, mem, &run, &err), -1);
		assert_non_null(strstr(err.msg, results));
		error_done(&err);
	}
	arena_free(mem);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_run_of_a_configuration_is_found),
		cmocka_unit_test(rehearsals_and_nested_runs_count_if_there_is_no_other),
		cmocka_unit_test(a_run_without_a_journal_is_known_by_its_plan),
		cmocka_unit_test(a_run_that_was_killed_is_completed_once_it_is_gone),
		cmocka_unit_test(what_is_no_results_file_is_an_error_that_names_it),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
