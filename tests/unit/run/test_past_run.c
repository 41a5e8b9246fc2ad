/* SPDX-License-Identifier: Apache-2.0 */
#include "past_fixture.h"

#include <jansson.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"
#include "run/job_record.h"
#include "run/journal.h"
#include "run/past_run.h"
#include "run/results.h"

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

static void ids_of_one_second_are_sorted_by_time(void **state)
{
	struct plan *p = plan_of("/s.hjson");
	const char *before = make_run(p, 1000, NULL);

	(void)state;
	for (int i = 1; i < 50; i++) {
		const char *id = make_run(p, 1000 + i / 50.0, NULL);

		assert_int_equal(strncmp(before, id, strlen("19700101T001640Z")), 0);
		assert_true(strcmp(before, id) < 0);
		before = id;
	}
	plan_free(p);
}

/* Which one it is may not depend on the order of the files of a directory. */
static void of_runs_that_started_at_one_time_the_last_id_is_found(void **state)
{
	struct plan *p = plan_of("/i.hjson");
	const char *a = make_run(p, 100.5, NULL), *b = make_run(p, 100.5, NULL);

	(void)state;
	finds("/i.hjson", false, strcmp(a, b) > 0 ? a : b);
	plan_free(p);
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
	/* It ended with its last record, not when it was resumed. */
	assert_non_null(strstr(text.s, "\"end\":\"1970-01-01T00:01:41.000Z\""));
	assert_string_equal(run.argv[4], "a=1");
	assert_int_equal(run.n_jobs, 2);
	assert_string_equal(run.jobs[1].id, "b:job1");
	assert_int_equal(run.jobs[0].status, JOB_PASSED);
	assert_int_equal(run.jobs[1].status, JOB_KILLED);
	arena_free(mem);
	plan_free(p);
}

static size_t n_json_blocks;

static void *json_block_new(size_t size)
{
	n_json_blocks++;
	return xmalloc(size);
}

static void json_block_free(void *block)
{
	n_json_blocks -= block != NULL;
	free(block);
}

/* Results of a nightly have many megabytes, and many runs are looked at. */
static void no_json_is_kept_of_a_run_that_was_read(void **state)
{
	struct plan *p = plan_of("/h.hjson");
	_cleanup_(freep) char *path = path_of(make_run(p, 100, NULL));
	_cleanup_(freep) char *results = xasprintf("%s/%s", path, RESULTS_NAME);
	struct arena *mem = arena_new();
	struct error err = {0};
	struct past_run run;

	(void)state;
	json_set_alloc_funcs(json_block_new, json_block_free);
	assert_int_equal(past_run_read(path, mem, &run, &err), 0);
	assert_int_equal(n_json_blocks, 0);
	assert_int_equal(past_run_peek(path, mem, &run, &err), 0);
	assert_int_equal(n_json_blocks, 0);
	assert_int_equal(fs_write_atomic(results, "{}", 2, &err), 0);
	assert_int_equal(past_run_read(path, mem, &run, &err), -1);
	assert_int_equal(n_json_blocks, 0);
	json_set_alloc_funcs(malloc, free);
	error_done(&err);
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
		cmocka_unit_test(ids_of_one_second_are_sorted_by_time),
		cmocka_unit_test(of_runs_that_started_at_one_time_the_last_id_is_found),
		cmocka_unit_test(rehearsals_and_nested_runs_count_if_there_is_no_other),
		cmocka_unit_test(a_run_without_a_journal_is_known_by_its_plan),
		cmocka_unit_test(a_run_that_was_killed_is_completed_once_it_is_gone),
		cmocka_unit_test(no_json_is_kept_of_a_run_that_was_read),
		cmocka_unit_test(what_is_no_results_file_is_an_error_that_names_it),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
