/* SPDX-License-Identifier: Apache-2.0 */
/* A slot whose system calls fail: it does not hang, and no failed job passes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "faulty.h"
#include "slot_bed.h"

static int teardown(void **state)
{
	faulty_clear();
	bed_free(*state);
	return 0;
}

/* The slot of the bed has the fault, too. */
static struct slot_bed *bed_with(void **state, enum faulty call, int errnum, int skip, int n)
{
	faulty_set_children(call, errnum, skip, n);
	*state = bed_new();
	return *state;
}

static void a_wait_that_fails_once_does_not_end_a_job(void **state)
{
	static const int errnums[] = {EINTR, EINVAL};

	for (int skip = 0; skip < 4; skip++) {
		struct slot_bed *b = bed_with(state, FAULTY_WAIT, errnums[skip % 2], skip, 1);

		bed_shell(b, "sleep 0.05; exit 3");
		bed_run(b);
		assert_int_equal(b->result.status, JOB_FAILED);
		assert_int_equal(b->result.reason, REASON_EXIT);
		assert_int_equal(b->result.exit_status, 3);
		if (skip < 3)
			teardown(state);
	}
}

static void a_job_whose_end_was_not_seen_has_not_passed(void **state)
{
	struct slot_bed *b = bed_with(state, FAULTY_WAIT, ECHILD, 0, -1);

	bed_shell(b, "exit 0");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_FAILED);
	assert_int_equal(b->result.reason, REASON_LOST);
	assert_int_equal(b->result.exit_status, -1);
	assert_string_equal(b->result.message, "it is not known how the job ended");
}

static void a_wait_that_always_fails_ends_the_job(void **state)
{
	struct slot_bed *b = bed_with(state, FAULTY_WAIT, EPERM, 0, -1);

	bed_shell(b, "exit 0");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_KILLED);
	assert_int_equal(b->result.reason, REASON_UNKILLABLE);
	assert_non_null(b->result.message);
}

/* Each call of the first job's, one after the other, fails once. */
static void assert_passes_with(void **state, enum faulty call, int errnum)
{
	int n_failed;

	for (int skip = 0;; skip++) {
		struct slot_bed *b;

		faulty_set(call, errnum, skip, 1);
		*state = b = bed_new();
		bed_shell(b, "exit 0");
		bed_run(b);
		assert_int_equal(b->result.status, JOB_PASSED);
		bed_run(b);
		assert_int_equal(b->result.status, JOB_PASSED);
		n_failed = faulty_count(call);
		if (n_failed == 0)
			break;
		teardown(state);
	}
}

static void a_frame_that_memory_is_too_short_for_is_sent_later(void **state)
{
	assert_passes_with(state, FAULTY_SEND, ENOBUFS);
}

static void a_slot_that_the_loop_cannot_watch_is_heard(void **state)
{
	assert_passes_with(state, FAULTY_EPOLL, ENOMEM);
}

static void a_result_that_memory_is_too_short_for_is_sent_later(void **state)
{
	struct slot_bed *b = bed_with(state, FAULTY_SEND, ENOBUFS, 0, 2);

	bed_shell(b, "exit 0");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_PASSED);
}

/* ---- no process can be made ---- */

static void a_job_that_no_process_can_be_made_for_is_tried_again(void **state)
{
	struct slot_bed *b = bed_with(state, FAULTY_CLONE, EAGAIN, 0, 3);

	for (int i = 0; i < 2; i++) {
		bed_shell(b, "exit 3");
		bed_run(b);
		assert_int_equal(b->result.status, JOB_FAILED);
		assert_int_equal(b->result.reason, REASON_EXIT);
		assert_int_equal(b->result.exit_status, 3);
		assert_string_equal(b->short_of_processes.s, "+++-");
	}
}

static void a_job_that_waits_for_a_process_can_be_killed(void **state)
{
	struct slot_bed *b = bed_with(state, FAULTY_CLONE, EAGAIN, 0, -1);

	bed_shell(b, "exit 0");
	bed_start(b, 1);
	while (b->short_of_processes.len < 2)
		ev_run(b->loop, EVRUN_ONCE);
	assert_false(b->has_ended);
	slot_kill(b->slot, false, REASON_MAX_FAILURES);
	bed_wait(b);
	assert_int_equal(b->result.status, JOB_KILLED);
	assert_int_equal(b->result.reason, REASON_MAX_FAILURES);
	assert_int_equal(b->result.exit_status, -1);
	assert_string_equal(b->result.message, "killed before it could be started");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_wait_that_fails_once_does_not_end_a_job, teardown),
		cmocka_unit_test_teardown(a_job_whose_end_was_not_seen_has_not_passed, teardown),
		cmocka_unit_test_teardown(a_wait_that_always_fails_ends_the_job, teardown),
		cmocka_unit_test_teardown(a_frame_that_memory_is_too_short_for_is_sent_later,
					  teardown),
		cmocka_unit_test_teardown(a_slot_that_the_loop_cannot_watch_is_heard, teardown),
		cmocka_unit_test_teardown(a_result_that_memory_is_too_short_for_is_sent_later,
					  teardown),
		cmocka_unit_test_teardown(a_job_that_no_process_can_be_made_for_is_tried_again,
					  teardown),
		cmocka_unit_test_teardown(a_job_that_waits_for_a_process_can_be_killed, teardown),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
