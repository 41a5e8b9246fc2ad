/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "unit.h"

static struct tally t;

static int set_up(void **state)
{
	(void)state;
	tally_init(&t, 2000, 100);
	add_target(&t, "build", 2);
	add_target(&t, "run", 12);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tally_done(&t);
	return 0;
}

static void a_change_moves_one_job_in_its_target_and_in_the_sum(void **state)
{
	(void)state;
	start(&t, 0, 0, 101);
	assert_int_equal(t.targets[0].n[JOB_SCHEDULED], 1);
	assert_int_equal(t.targets[0].n[JOB_RUNNING], 1);
	assert_int_equal(t.targets[1].n[JOB_RUNNING], 0);
	assert_int_equal(t.n[JOB_SCHEDULED], 13);
	assert_int_equal(t.n[JOB_RUNNING], 1);
	assert_int_equal(t.total, 14);
}

static void a_change_is_seen_by_the_version_of_its_target_only(void **state)
{
	uint32_t build = t.targets[0].version, run = t.targets[1].version;
	uint64_t all = t.version;

	(void)state;
	start(&t, 0, 0, 101);
	assert_int_not_equal(t.targets[0].version, build);
	assert_int_equal(t.targets[1].version, run);
	assert_true(t.version > all);
}

static void a_target_is_at_work_while_something_of_it_is_queued_or_runs(void **state)
{
	(void)state;
	assert_false(tally_target_is_at_work(&t.targets[0]));
	change(&t, 0, 0, JOB_SCHEDULED, JOB_QUEUED, 101);
	assert_true(tally_target_is_at_work(&t.targets[0]));
	change(&t, 0, 0, JOB_QUEUED, JOB_RUNNING, 110);
	assert_true(tally_target_is_at_work(&t.targets[0]));
	change(&t, 0, 0, JOB_RUNNING, JOB_PASSED, 111);
	assert_false(tally_target_is_at_work(&t.targets[0]));
}

static void the_clock_of_a_target_starts_with_its_first_job(void **state)
{
	(void)state;
	change(&t, 0, 0, JOB_SCHEDULED, JOB_QUEUED, 101);
	assert_false(tally_target_is_begun(&t.targets[0]));
	assert_true(tally_target_elapsed(&t.targets[0], 110) == 0);
	change(&t, 0, 0, JOB_QUEUED, JOB_RUNNING, 110);
	assert_true(tally_target_is_begun(&t.targets[0]));
	start(&t, 1, 0, 112);
	assert_true(tally_target_elapsed(&t.targets[0], 115) == 5);
	assert_true(tally_elapsed(&t, 115) == 15);
}

static void the_clock_of_a_finished_target_stands_still(void **state)
{
	(void)state;
	start(&t, 0, 0, 110);
	start(&t, 1, 0, 110);
	change(&t, 0, 0, JOB_RUNNING, JOB_PASSED, 113);
	assert_true(tally_target_elapsed(&t.targets[0], 150) == 40);
	change(&t, 1, 0, JOB_RUNNING, JOB_FAILED, 114);
	assert_true(tally_target_is_done(&t.targets[0]));
	assert_true(tally_target_elapsed(&t.targets[0], 150) == 4);
}

static void all_clocks_stand_still_after_the_run(void **state)
{
	(void)state;
	start(&t, 2, 1, 110);
	tally_end(&t, 120);
	assert_true(tally_elapsed(&t, 900) == 20);
	assert_true(tally_target_elapsed(&t.targets[1], 900) == 10);
	assert_true(tally_target_elapsed(&t.targets[0], 900) == 0);
}

static void percent_is_rounded_down_so_that_100_means_all(void **state)
{
	static const struct {
		uint32_t done, total;
		unsigned percent;
	} cases[] = {{0, 12, 0},
		     {10, 12, 83},
		     {999, 1000, 99},
		     {12, 12, 100},
		     {0, 0, 100},
		     {1, 200, 0},
		     {UINT32_MAX, UINT32_MAX, 100}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tally_percent(cases[i].done, cases[i].total), cases[i].percent);
}

/* The first one of the list of all running jobs. */
static const struct tally_running *tally_longest(const struct tally *all)
{
	assert_false(list_is_empty(&all->running));
	return list_entry(all->running.next, struct tally_running, link);
}

static void what_runs_longest_comes_first_also_after_some_ended(void **state)
{
	(void)state;
	start(&t, 2, 1, 101);
	start(&t, 3, 1, 102);
	start(&t, 0, 0, 103);
	assert_int_equal(tally_longest(&t)->n, 2);
	assert_int_equal(tally_target_longest(&t.targets[0])->n, 0);
	change(&t, 2, 1, JOB_RUNNING, JOB_PASSED, 104);
	assert_int_equal(tally_longest(&t)->n, 3);
	assert_int_equal(tally_target_longest(&t.targets[1])->n, 3);
	change(&t, 3, 1, JOB_RUNNING, JOB_QUEUED, 105); /* tried again */
	assert_null(tally_target_longest(&t.targets[1]));
	assert_int_equal(tally_longest(&t)->n, 0);
}

static void an_earlier_start_that_is_reported_later_still_comes_first(void **state)
{
	struct tally_job late = {
		.id = "late", .n = 5, .target = 1, .status = JOB_RUNNING, .started_s = 50};

	(void)state;
	start(&t, 2, 1, 101);
	tally_change(&t, &late, JOB_SCHEDULED, 102);
	assert_int_equal(tally_longest(&t)->n, 5);
	assert_int_equal(tally_target_longest(&t.targets[1])->n, 5);
}

static void a_new_place_changes_no_count(void **state)
{
	struct tally_job again = {.id = "a",
				  .where = "local/3",
				  .n = 2,
				  .target = 1,
				  .status = JOB_RUNNING,
				  .started_s = 101};

	(void)state;
	start(&t, 2, 1, 101);
	assert_false(tally_change(&t, &again, JOB_RUNNING, 102));
	assert_int_equal(t.n[JOB_RUNNING], 1);
	assert_string_equal(tally_longest(&t)->where, "local/3");
}

static void only_ends_with_a_cause_of_their_own_are_failures(void **state)
{
	static const struct {
		enum job_status status;
		enum job_reason reason;
		bool is_failure;
	} cases[] = {
		{JOB_FAILED, REASON_EXIT, true},
		{JOB_KILLED, REASON_TIMEOUT, true},
		{JOB_KILLED, REASON_LOST, true},
		{JOB_KILLED, REASON_DEPENDENCY, false},
		{JOB_KILLED, REASON_ALL_DEPENDENCIES, false},
		{JOB_KILLED, REASON_USER, false},
		{JOB_KILLED, REASON_MAX_FAILURES, false},
		{JOB_PASSED, REASON_NONE, false},
	};
	uint32_t n_failures = 0, n_cancelled = 0;

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tally_job job = {.id = "x",
					.n = i,
					.target = 1,
					.status = cases[i].status,
					.reason = cases[i].reason};

		assert_int_equal(tally_change(&t, &job, JOB_SCHEDULED, 101), cases[i].is_failure);
		n_failures += cases[i].is_failure;
		n_cancelled += cases[i].status == JOB_KILLED && !cases[i].is_failure;
	}
	assert_int_equal(t.n_failures, n_failures);
	assert_int_equal(t.n_cancelled, n_cancelled);
}

static void a_failure_without_a_message_says_its_reason(void **state)
{
	struct tally_job job = {
		.id = "x", .n = 1, .target = 0, .status = JOB_KILLED, .reason = REASON_TIMEOUT};

	(void)state;
	tally_change(&t, &job, JOB_RUNNING, 107);
	assert_string_equal(tally_failure(&t, 0)->message, "timeout");
	assert_true(tally_failure(&t, 0)->at_s == 7);
	assert_null(tally_failure(&t, 0)->log_path);
}

static void only_the_last_failures_are_kept(void **state)
{
	(void)state;
	add_target(&t, "many", 1500);
	for (uint32_t i = 0; i < 1500; i++)
		change(&t, 100 + i, 2, JOB_SCHEDULED, JOB_FAILED, 101);
	assert_int_equal(t.n_failures, 1500);
	assert_int_equal(tally_first_failure(&t), 500);
	assert_string_equal(tally_failure(&t, 1499)->id, "job_1599");
	assert_string_equal(tally_failure(&t, 500)->id, "job_600");
}

static void flaky_passes_are_counted(void **state)
{
	struct tally_job job = {
		.id = "x", .n = 1, .target = 0, .status = JOB_PASSED, .is_flaky = true};

	(void)state;
	tally_change(&t, &job, JOB_RUNNING, 101);
	assert_int_equal(t.n_flaky, 1);
	assert_int_equal(t.n_failures, 0);
}

static void the_widest_total_decides_the_digits(void **state)
{
	(void)state;
	assert_int_equal(tally_digits(&t, false), 2);
	add_target(&t, "a", 95);
	assert_int_equal(tally_digits(&t, false), 2);
	assert_int_equal(tally_digits(&t, true), 3);
	add_target(&t, "b", 1000);
	assert_int_equal(tally_digits(&t, false), 4);
}

/* With a search of all failures for each new one this would take minutes. */
static void a_target_for_each_of_many_jobs_is_no_trouble(void **state)
{
	enum { MANY = 400000 };
	const uint32_t n[JOB_STATUS_COUNT] = {[JOB_SCHEDULED] = 1};

	(void)state;
	for (int i = 0; i < MANY; i++)
		tally_add_target(&t, "x", n);
	assert_int_equal(t.n_targets, MANY + 2);
	start(&t, 0, 0, 101);
	start(&t, 1, MANY + 1, 102);
	assert_ptr_equal(tally_target_longest(&t.targets[MANY + 1])->id,
			 list_entry(t.running.prev, struct tally_running, link)->id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_moves_one_job_in_its_target_and_in_the_sum),
		TEST(a_change_is_seen_by_the_version_of_its_target_only),
		TEST(a_target_is_at_work_while_something_of_it_is_queued_or_runs),
		TEST(the_clock_of_a_target_starts_with_its_first_job),
		TEST(the_clock_of_a_finished_target_stands_still),
		TEST(all_clocks_stand_still_after_the_run),
		TEST(percent_is_rounded_down_so_that_100_means_all),
		TEST(what_runs_longest_comes_first_also_after_some_ended),
		TEST(an_earlier_start_that_is_reported_later_still_comes_first),
		TEST(a_new_place_changes_no_count),
		TEST(only_ends_with_a_cause_of_their_own_are_failures),
		TEST(a_failure_without_a_message_says_its_reason),
		TEST(only_the_last_failures_are_kept),
		TEST(flaky_passes_are_counted),
		TEST(the_widest_total_decides_the_digits),
		TEST(a_target_for_each_of_many_jobs_is_no_trouble),
	};

	return RUN(tests);
}
