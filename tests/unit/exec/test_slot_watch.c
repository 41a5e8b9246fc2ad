/* SPDX-License-Identifier: Apache-2.0 */
/* How the scheduler monitors its slots: some are stopped, hang, or send invalid messages. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/link.h"
#include "base/mem.h"
#include "base/proc.h"
#include "exec/slot_wire.h"
#include "slot_bed.h"

static int teardown(void **state)
{
	bed_free(*state);
	return 0;
}

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

/* It is not stopped, but reads no message: as in a file system that hangs. */
static void a_slot_without_a_sign_of_life_is_killed(void **state)
{
	_cleanup_(freep) char *want = NULL;
	struct slot_bed *b;
	pid_t pid;

	setenv("DVSCHED_TEST_DEAF", "1", 1);
	*state = b = bed_new_with(&quick);
	unsetenv("DVSCHED_TEST_DEAF");
	pid = slot_pid(b->slot);
	bed_shell(b, "exit 0");
	bed_start(b, 1);
	bed_wait(b);
	assert_true(b->has_died);
	want = xasprintf("the slot that runs 'cfg:job' (pid %d, state S) shows no sign of life for "
			 "0.05s; its file system may hang. It is killed after 0.20s\n",
			 (int)pid);
	assert_string_equal(b->notes.s, want);
	assert_non_null(
		strstr(b->why, ") showed no sign of life for 0.20s (state S), and was killed"));
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

/* ---- slots that send invalid messages, or read none ---- */

/* In a slot that is a double: its messages are in the environment. */
static void say_nonsense(const char *when)
{
	struct pollfd p = {.fd = PROC_SOCKET_FD, .events = POLLIN};
	uint8_t type = 0, answer = (uint8_t)atoi(getenv("DVSCHED_TEST_SAYS"));
	struct link link = {0};
	struct wire w;

	link_init(&link, PROC_SOCKET_FD, LINK_DESCRIPTORS);
	slot_put_word(&link.out, FRAME_ALIVE); /* may come at any time */
	while (strcmp(when, "busy") == 0 && type != FRAME_RUN) {
		link_send(&link);
		poll(&p, 1, -1);
		link_read(&link, LINK_NOW);
		while (type != FRAME_RUN && link_next(&link, &type, &w) > 0)
			;
	}
	slot_put_word(&link.out, answer);
	link_send(&link);
	for (;;)
		pause();
}

static struct slot_bed *bed_with_double(void **state, const char *when, uint8_t says)
{
	_cleanup_(freep) char *text = xasprintf("%u", says);

	setenv("DVSCHED_TEST_NONSENSE", when, 1);
	setenv("DVSCHED_TEST_SAYS", text, 1);
	*state = bed_new();
	unsetenv("DVSCHED_TEST_NONSENSE");
	unsetenv("DVSCHED_TEST_SAYS");
	return *state;
}

static void a_slot_that_says_what_no_slot_says_is_killed(void **state)
{
	static const uint8_t says[] = {FRAME_RESULT, FRAME_SAID, FRAME_RUN, 99};

	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		struct slot_bed *b = bed_with_double(state, "busy", says[i]);
		_cleanup_(freep) char *want = xasprintf(
			"the slot that ran it (pid %d) sent an invalid frame, and was killed",
			(int)slot_pid(b->slot));

		bed_shell(b, "exit 0");
		bed_start(b, 1);
		bed_wait(b);
		assert_true(b->has_died);
		assert_false(b->has_ended);
		assert_string_equal(b->why, want);
		assert_int_equal(b->lost, REASON_LOST);
		assert_int_equal(b->notes.len, 0);
		if (i + 1 < ARRAY_LEN(says))
			teardown(state);
	}
}

/* Without a job it sends only heartbeats. */
static void an_idle_slot_that_says_anything_is_killed(void **state)
{
	static const uint8_t says[] = {FRAME_RESULT, FRAME_SAID, FRAME_STOPPED, FRAME_SHORT};

	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		struct slot_bed *b = bed_with_double(state, "idle", says[i]);
		_cleanup_(freep) char *want = xasprintf(
			"an idle slot (pid %d) sent an invalid frame, and was killed\n",
			(int)slot_pid(b->slot));

		bed_wait(b);
		assert_true(b->has_died);
		assert_string_equal(b->notes.s, want);
		assert_int_equal(b->said.len, 0);
		assert_int_equal(b->n_stopped, 0);
		assert_int_equal(b->short_of_processes.len, 0);
		if (i + 1 < ARRAY_LEN(says))
			teardown(state);
	}
}

/* The longest silence that a slot is allowed is in the warning. */
static void assert_warning(struct slot_bed *b, const char *kill_after)
{
	_cleanup_(freep) char *want = xasprintf("It is killed after %s\n", kill_after);

	bed_start(b, 1);
	while (b->notes.len == 0)
		ev_run(b->loop, EVRUN_ONCE);
	if (!str_ends(b->notes.s, want))
		fail_msg("%s is not at the end of: %s", kill_after, b->notes.s);
}

/* As long as its job may take, but for interactive jobs: these have no limit. */
static void a_slot_may_be_silent_for_as_long_as_its_job_may_take(void **state)
{
	static const struct vigil_limits limits = {
		.look_s = 0.01,
		.stopped_look_s = 0.01,
		.stopped_looks = 3,
		.continues = 3,
		.warn_s = 0.05,
		.kill_s = 900,
	};
	static const struct {
		double timeout_s, grace_s;
		bool is_interactive;
		const char *kill_after;
	} cases[] = {
		{0, 5, false, "15m00s"},   {100, 5, false, "1m53s"}, /* and 8 s of patience */
		{100, -1, false, "2m18s"}, /* the slot's own grace: 30 s */
		{100, 5, true, "15m00s"},  {10000, 5, false, "15m00s"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slot_bed *b;

		setenv("DVSCHED_TEST_DEAF", "1", 1);
		*state = b = bed_new_with(&limits);
		unsetenv("DVSCHED_TEST_DEAF");
		b->rules.timeout_s = cases[i].timeout_s;
		b->rules.grace_s = cases[i].grace_s;
		b->rules.is_interactive = cases[i].is_interactive;
		bed_shell(b, "exit 0");
		assert_warning(b, cases[i].kill_after);
		kill(slot_pid(b->slot), SIGKILL);
		bed_wait(b);
		if (i + 1 < ARRAY_LEN(cases))
			teardown(state);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_slot_that_its_job_stops_is_continued, teardown),
		cmocka_unit_test_teardown(a_slot_that_is_stopped_again_and_again_is_killed,
					  teardown),
		cmocka_unit_test_teardown(a_slot_without_a_sign_of_life_is_killed, teardown),
		cmocka_unit_test_teardown(a_slot_that_answers_is_left_alone, teardown),
		cmocka_unit_test_teardown(a_slot_that_says_what_no_slot_says_is_killed, teardown),
		cmocka_unit_test_teardown(an_idle_slot_that_says_anything_is_killed, teardown),
		cmocka_unit_test_teardown(a_slot_may_be_silent_for_as_long_as_its_job_may_take,
					  teardown),
	};

	if (getenv("DVSCHED_TEST_NONSENSE"))
		say_nonsense(getenv("DVSCHED_TEST_NONSENSE"));
	if (getenv("DVSCHED_TEST_DEAF"))
		for (;;)
			pause();
	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
