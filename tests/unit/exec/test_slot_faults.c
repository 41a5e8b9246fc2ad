/* SPDX-License-Identifier: Apache-2.0 */
/* A slot whose system calls fail: it does not hang, and no failed job passes. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
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

/* ---- slots that are stopped, hang, or babble ---- */

static const struct vigil_limits quick = {
	.look_s = 0.01,
	.stopped_look_s = 0.01,
	.stopped_looks = 3,
	.continues = 3,
	.warn_s = 0.05,
	.kill_s = 0.2,
};

static void a_slot_that_its_job_stops_is_continued(void **state)
{
	struct slot_bed *b = *state = bed_new_with(&quick);

	bed_shell(b, "kill -STOP $PPID; exit 4");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_FAILED);
	assert_int_equal(b->result.exit_status, 4);
	assert_non_null(strstr(b->notes.s, "the slot that runs 'cfg:job' (pid "));
	assert_non_null(strstr(b->notes.s, ") was stopped: it was continued (SIGCONT)\n"));
}

static void a_slot_that_is_stopped_again_and_again_is_killed(void **state)
{
	struct slot_bed *b = *state = bed_new_with(&quick);

	bed_shell(b, "while :; do kill -STOP $PPID; done");
	bed_start(b, 1);
	bed_wait(b);
	assert_true(b->has_died);
	assert_non_null(strstr(b->why, "the slot that ran it (pid "));
	assert_non_null(strstr(b->why, ") was stopped again and again, and was killed"));
	bed_wait_for_none(b);
}

/* It is not stopped, but hears nothing: as in a file system that hangs. */
static void a_slot_without_a_sign_of_life_is_killed(void **state)
{
	struct slot_bed *b;

	setenv("DVSCHED_TEST_DEAF", "1", 1);
	*state = b = bed_new_with(&quick);
	unsetenv("DVSCHED_TEST_DEAF");
	bed_shell(b, "exit 0");
	bed_start(b, 1);
	bed_wait(b);
	assert_true(b->has_died);
	assert_non_null(strstr(b->notes.s, ") shows no sign of life for "));
	assert_non_null(strstr(b->why, ") showed no sign of life for "));
}

/* A job that lasts longer than a slot may be silent. On a machine under load the slot may be silent
 * for a moment, but not for a second. */
static void a_slot_that_answers_is_left_alone(void **state)
{
	static const struct vigil_limits patient = {
		.look_s = 0.01,
		.stopped_look_s = 0.01,
		.stopped_looks = 3,
		.continues = 3,
		.warn_s = 1,
		.kill_s = 10,
	};
	struct slot_bed *b = *state = bed_new_with(&patient);

	bed_shell(b, "sleep 1.5");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_PASSED);
	assert_int_equal(b->notes.len, 0);
}

static void an_idle_slot_that_is_stopped_is_no_reason_to_wait(void **state)
{
	struct slot_bed *b = *state = bed_new();

	bed_shell(b, "exit 0");
	bed_run(b);
	kill(slot_pid(b->slot), SIGSTOP);
	slot_close(b->slot);
	b->has_ended = false;
	bed_wait(b);
	assert_true(b->has_died);
	assert_non_null(strstr(b->notes.s, "an idle slot (pid "));
	assert_non_null(strstr(b->notes.s, ") did not end when it was asked to, and was killed\n"));
}

static void a_stopped_slot_and_its_job_can_be_freed(void **state)
{
	struct slot_bed *b = *state = bed_new();

	bed_shell(b, "echo started; sleep 100");
	bed_start(b, 1);
	bed_wait_for_log(b, "started");
	kill(slot_pid(b->slot), SIGSTOP);
	/* The teardown frees it, and finds no process of it. */
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
		cmocka_unit_test_teardown(a_slot_that_its_job_stops_is_continued, teardown),
		cmocka_unit_test_teardown(a_slot_that_is_stopped_again_and_again_is_killed,
					  teardown),
		cmocka_unit_test_teardown(a_slot_without_a_sign_of_life_is_killed, teardown),
		cmocka_unit_test_teardown(a_slot_that_answers_is_left_alone, teardown),
		cmocka_unit_test_teardown(an_idle_slot_that_is_stopped_is_no_reason_to_wait,
					  teardown),
		cmocka_unit_test_teardown(a_stopped_slot_and_its_job_can_be_freed, teardown),
	};

	if (getenv("DVSCHED_TEST_DEAF"))
		for (;;)
			pause();
	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
