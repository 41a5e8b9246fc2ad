/* SPDX-License-Identifier: Apache-2.0 */
/* Packed attempts lose nothing of a result. */
#include "base/attr.h"
#include "cmocka_all.h"
#include "scheduler/job_attempt.h"

/* A million of them are in memory at the end of a large run. */
_Static_assert(sizeof(struct job_attempt) <= 64, "an attempt takes 64 bytes");

static const struct job_measures measures;

/* Each row sets what the other rows do not. */
static const struct job_result results[] = {
	{.status = JOB_PASSED},
	{.status = JOB_KILLED, .reason = REASON_TIMEOUT, .exit_status = -1, .start_wall_s = 5},
	{.status = JOB_PASSED, .marks = MARK_LEAKY, .pid = 77, .duration_s = 0.25},
	{.status = JOB_FAILED, .reason = REASON_EXIT, .exit_status = 255, .is_uncounted = true},
	{.status = JOB_FAILED, .message = "m"},
	{.status = JOB_FAILED, .context = "c"},
	{.status = JOB_FAILED, .details = "{}"},
	{.status = JOB_FAILED, .measures = &measures},
	{.status = JOB_FAILED, .line = 3},
	{.status = JOB_FAILED, .term_signal = 11},
	{.status = JOB_PASSED, .usage = {.user_s = 1.5}},
	{.status = JOB_PASSED, .usage = {.system_s = 2.5}},
	{.status = JOB_PASSED, .usage = {.max_rss_kib = 9}},
	{.status = JOB_PASSED, .peak_memory_kib = 10},
	{.status = JOB_PASSED, .cgroup_peak_kib = 11},
};

static void assert_same(const struct job_result *a, const struct job_result *b)
{
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->reason, b->reason);
	assert_ptr_equal(a->message, b->message);
	assert_ptr_equal(a->context, b->context);
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->exit_status, b->exit_status);
	assert_int_equal(a->term_signal, b->term_signal);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->marks, b->marks);
	assert_int_equal(a->is_uncounted, b->is_uncounted);
	assert_true(a->start_wall_s == b->start_wall_s);
	assert_true(a->duration_s == b->duration_s);
	assert_true(a->usage.user_s == b->usage.user_s);
	assert_true(a->usage.system_s == b->usage.system_s);
	assert_int_equal(a->usage.max_rss_kib, b->usage.max_rss_kib);
	assert_int_equal(a->peak_memory_kib, b->peak_memory_kib);
	assert_int_equal(a->cgroup_peak_kib, b->cgroup_peak_kib);
	assert_ptr_equal(a->details, b->details);
	assert_ptr_equal(a->measures, b->measures);
}

static void an_attempt_keeps_all_that_its_result_says(void **state)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		struct job_attempt *a = job_attempt_new(mem, NULL, NULL);
		struct job_result r = job_attempt_result(a);

		assert_int_equal(r.status, JOB_RUNNING);
		job_attempt_end(a, mem, &results[i]);
		r = job_attempt_result(a);
		assert_same(&r, &results[i]);
		assert_null(job_attempt_stage(a));
		assert_null(job_attempt_resources(a));
	}
}

static void an_end_leaves_what_was_known_at_the_start(void **state)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct job_attempt *a = job_attempt_new(mem, "{\"PORT\":[7]}", NULL);
	struct job_attempt *b = job_attempt_new(mem, NULL, "pin");

	(void)state;
	a->start_wall_s = b->start_wall_s = 8;
	job_attempt_end(a, mem, &(struct job_result){.status = JOB_FAILED, .message = "m"});
	job_attempt_end(b, mem, &(struct job_result){.status = JOB_PASSED, .start_wall_s = 9});
	assert_string_equal(job_attempt_resources(a), "{\"PORT\":[7]}");
	assert_null(job_attempt_stage(a));
	assert_true(job_attempt_result(a).start_wall_s == 8);
	assert_string_equal(job_attempt_stage(b), "pin");
	assert_true(job_attempt_result(b).start_wall_s == 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attempt_keeps_all_that_its_result_says),
		cmocka_unit_test(an_end_leaves_what_was_known_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
