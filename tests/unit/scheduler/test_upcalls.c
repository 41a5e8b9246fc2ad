/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of backends about jobs: marks, and reports that come too late. */
#include <stdlib.h>
#include <string.h>

#include "bed.h"
#include "cmocka_all.h"
#include "scheduler/state.h"
#include "unit/heap.h"

/* Loads one job and goes on until it runs. */
static const struct job *run_one(struct bed *b)
{
	bed_init(b, 1);
	bed_job(b, "a");
	assert_int_equal(bed_load(b), 0);
	sched_start(b->s);
	while (bed_status(b, "a") != JOB_RUNNING)
		assert_true(bed_step(b));
	return bed_find(b, "a");
}

static void a_job_has_the_mark_of_its_result(void **state)
{
	static const uint32_t marks[] = {0, MARK_LEAKY};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct job_result result = {.status = JOB_PASSED, .marks = marks[i]};
		struct bed b;
		const struct job *job = run_one(&b);

		sched_job_ended(job, &result);
		sched_turn(b.s);
		assert_int_equal(job_status(job), JOB_PASSED);
		assert_int_equal(job->marks, marks[i]);
		bed_done(&b);
	}
}

static void end_unheard(void *ctx)
{
	struct job_result result = {.status = JOB_FAILED, .message = "a text of its own"};
	struct bed b;

	(void)ctx;
	sched_job_ended(run_one(&b), &result);
	assert_int_equal(b.s->upcalls.n, 1);
	bed_done(&b);
}

static void the_memory_of_a_result_that_nobody_heard_is_given_back(void **state)
{
	(void)state;
	assert_keeps_no_memory(end_unheard, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_has_the_mark_of_its_result),
		cmocka_unit_test(the_memory_of_a_result_that_nobody_heard_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
