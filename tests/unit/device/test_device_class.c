/* SPDX-License-Identifier: Apache-2.0 */
#include "device/device_class.h"

#include "../base/unit.h"

static void every_class_has_a_name_that_leads_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DVS_CLASS_COUNT; i++) {
		enum dvs_class c = DVS_CLASS_COUNT;

		assert_true(device_class_from_name(device_class_name((enum dvs_class)i), &c));
		assert_int_equal(c, i);
	}
}

static void only_ok_passes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DVS_CLASS_COUNT; i++)
		assert_int_equal(device_class_fate((enum dvs_class)i)->status == JOB_PASSED,
				 i == DVS_OK);
}

/* The job, the worker and the device are decided separately. */
static void what_is_not_the_jobs_doing_does_not_count(void **state)
{
	static const enum dvs_class uncounted[] = {DVS_POISON, DVS_WEDGE, DVS_BUSY, DVS_PEER};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(uncounted); i++) {
		const struct class_fate *f = device_class_fate(uncounted[i]);

		assert_false(f->is_counted);
		assert_int_equal(job_reason_class(f->reason), CLASS_INFRA);
	}
}

static void a_wrong_result_marks_no_device_and_keeps_the_worker(void **state)
{
	static const enum dvs_class jobs_own[] = {DVS_JOB, DVS_CONFIG, DVS_UNSUPPORTED};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(jobs_own); i++) {
		const struct class_fate *f = device_class_fate(jobs_own[i]);

		assert_int_equal(f->mark, MARK_NONE);
		assert_true(f->worker_goes_on);
		assert_int_equal(job_reason_class(f->reason), CLASS_JOB);
	}
}

static void a_wedge_quarantines_at_once_and_a_stall_ends_the_worker(void **state)
{
	(void)state;
	assert_int_equal(device_class_fate(DVS_WEDGE)->mark, MARK_QUARANTINE);
	assert_false(device_class_fate(DVS_STALL)->worker_goes_on);
	assert_false(device_class_fate(DVS_POISON)->worker_goes_on);
	assert_true(device_class_fate(DVS_POISON)->probe_before_next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_has_a_name_that_leads_back),
		cmocka_unit_test(only_ok_passes),
		cmocka_unit_test(what_is_not_the_jobs_doing_does_not_count),
		cmocka_unit_test(a_wrong_result_marks_no_device_and_keeps_the_worker),
		cmocka_unit_test(a_wedge_quarantines_at_once_and_a_stall_ends_the_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
