/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_status.h"

#include "../base/unit.h"

static void every_status_has_a_name_that_leads_back(void **state)
{
	unsigned letters = 0;

	(void)state;
	for (int i = 0; i < JOB_STATUS_COUNT; i++) {
		enum job_status s = JOB_STATUS_COUNT;
		char letter = job_status_letter((enum job_status)i);

		assert_true(job_status_from_name(job_status_name((enum job_status)i), &s));
		assert_int_equal(s, i);
		assert_int_equal(letter, job_status_name((enum job_status)i)[0]);
		assert_int_equal(letters & BIT(letter - 'A'), 0); /* letters are unique */
		letters |= BIT(letter - 'A');
	}
}

static void every_reason_has_a_name_that_leads_back_and_a_class(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		enum job_reason r = REASON_COUNT;
		enum job_class c = job_reason_class((enum job_reason)i);

		assert_true(job_reason_from_name(job_reason_name((enum job_reason)i), &r));
		assert_int_equal(r, i);
		assert_non_null(job_class_name(c));
		assert_int_equal(c == CLASS_NONE, i == REASON_NONE);
	}
}

static void unknown_names_are_refused_and_change_nothing(void **state)
{
	enum job_status s = JOB_RUNNING;
	enum job_reason r = REASON_EXIT;

	(void)state;
	assert_false(job_status_from_name("passed", &s));
	assert_false(job_status_from_name("", &s));
	assert_int_equal(s, JOB_RUNNING);
	assert_false(job_reason_from_name("EXIT", &r));
	assert_int_equal(r, REASON_EXIT);
}

/* They are in results.json and journals of old runs. */
static void written_names_stay(void **state)
{
	static const char *const names[] = {
		"none",
		"exit",
		"signal",
		"timeout",
		"fail_pattern",
		"missing_pattern",
		"pattern_error",
		"log_unreadable",
		"leak",
		"log_flood",
		"memory",
		"stall",
		"launch",
		"lost",
		"refused",
		"unkillable",
		"scripted",
		"dependency",
		"all_dependencies",
		"resource",
		"user",
		"max_failures",
		"run_deadline",
		"post_step",
		"wrong_result",
		"bad_request",
		"deadlock",
		"poison",
		"wedge",
		"peer",
		"device_busy",
		"no_device",
		"queue_timeout",
		"breaks_devices",
		"memory_limit",
		"process_limit",
		"cpu_limit",
		"cancelled",
		"node_failure",
		"preempted",
		"time_limit",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(job_reason_name((enum job_reason)i), names[i]);
	assert_int_equal(ARRAY_LEN(names), REASON_COUNT);
}

static void final_are_passed_failed_and_killed(void **state)
{
	(void)state;
	for (int i = 0; i < JOB_STATUS_COUNT; i++)
		assert_int_equal(job_status_is_final((enum job_status)i),
				 i == JOB_PASSED || i == JOB_FAILED || i == JOB_KILLED);
}

static void infrastructure_and_users_are_distinguished_from_the_job(void **state)
{
	(void)state;
	assert_int_equal(job_reason_class(REASON_EXIT), CLASS_JOB);
	assert_int_equal(job_reason_class(REASON_TIMEOUT), CLASS_JOB);
	assert_int_equal(job_reason_class(REASON_LAUNCH), CLASS_INFRA);
	assert_int_equal(job_reason_class(REASON_LOST), CLASS_INFRA);
	assert_int_equal(job_reason_class(REASON_DEPENDENCY), CLASS_DEPENDENCY);
	assert_int_equal(job_reason_class(REASON_USER), CLASS_USER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_a_name_that_leads_back),
		cmocka_unit_test(every_reason_has_a_name_that_leads_back_and_a_class),
		cmocka_unit_test(unknown_names_are_refused_and_change_nothing),
		cmocka_unit_test(written_names_stay),
		cmocka_unit_test(final_are_passed_failed_and_killed),
		cmocka_unit_test(infrastructure_and_users_are_distinguished_from_the_job),
	};

	return RUN(tests);
}
