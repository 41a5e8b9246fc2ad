/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that SIGKILL does not end, as in a file system that hangs: dvsched does not wait for
 * them for ever. A tracer that is notified of their exit keeps them in this state.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "exec_bed.h"

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* Its pid, when it holds the process. The test is skipped where that is not allowed. */
static pid_t start_tracer(pid_t pid)
{
	int ready[2];
	char byte;
	pid_t tracer;

	assert_int_equal(pipe(ready), 0);
	tracer = fork();
	if (tracer == 0) {
		long rc;

		unsetenv("DVSCHED_TEST_ID");
		for (int i = 0; i < 1000; i++) {
			rc = ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT);
			if (rc == 0)
				break;
			poll(NULL, 0, 1);
		}
		if (rc != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		wait_for_ever();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		tracer = -1;
	close(ready[0]);
	return tracer;
}

static void end_tracer(pid_t tracer)
{
	kill(tracer, SIGKILL);
	assert_int_equal(waitpid(tracer, NULL, 0), tracer);
}

static void a_job_that_cannot_be_killed_ends_and_its_slot_goes(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *want = NULL;
	pid_t pid, tracer;

	bed_helper(b, "traceable", NULL);
	bed_start(b, 1);
	pid = bed_pid_in_log(b, "pid ");
	tracer = start_tracer(pid);
	slot_kill(b->slot, true, REASON_USER);
	if (tracer < 0) {
		bed_wait(b);
		skip();
	}
	bed_wait(b);
	assert_true(b->has_ended);
	assert_ended(b, JOB_KILLED, REASON_UNKILLABLE);
	want = xasprintf("still there after SIGKILL: job-helper (pid %d), state t", (int)pid);
	assert_string_equal(b->result.message, want);
	assert_true(b->result.duration_s >= 5);
	b->has_ended = false;
	bed_wait(b);
	assert_true(b->has_died); /* not counted for the next job */
	end_tracer(tracer);
	bed_wait_for_none(b);
}

/* ---- a slot that cannot be killed: a double, with a job ---- */

static _Noreturn void be_slot(void)
{
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (fork() == 0) {
		setsid();
		wait_for_ever();
	}
	wait_for_ever();
}

/* *ret_tracer is -1 if tracing is not allowed. */
static struct slot_bed *bed_with_double(void **state, pid_t *ret_tracer)
{
	static const struct vigil_limits quick = {
		.look_s = 0.01,
		.stopped_look_s = 0.01,
		.stopped_looks = 3,
		.continues = 3,
		.warn_s = 0.05,
		.kill_s = 0.1,
	};
	struct slot_bed *b;

	bed_free(*state);
	setenv("DVSCHED_TEST_SLOT", "1", 1);
	*state = b = bed_new_with(&quick);
	unsetenv("DVSCHED_TEST_SLOT");
	*ret_tracer = start_tracer(slot_pid(b->slot));
	bed_wait_for_processes(b, 1);
	return b;
}

static void what_is_below_a_slot_that_cannot_be_killed_is_killed(void **state)
{
	pid_t tracer, pid;
	struct slot_bed *b = bed_with_double(state, &tracer);
	_cleanup_(freep) char *want = NULL;

	pid = slot_pid(b->slot);
	want = xasprintf(
		"the slot that ran it (pid %d) showed no sign of life for 0.10s (state S), and "
		"is still there after SIGKILL (state t)",
		(int)pid);
	bed_shell(b, "true");
	bed_start(b, 1);
	bed_wait(b);
	if (tracer < 0)
		skip();
	assert_true(b->has_died);
	assert_string_equal(b->why, want);
	bed_wait_for_processes(b, 1); /* the slot */
	end_tracer(tracer);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_parent_that_cannot_wait_for_it_kills_its_children_too(void **state)
{
	pid_t tracer, pid;
	struct slot_bed *b = bed_with_double(state, &tracer);

	pid = slot_pid(b->slot);
	slot_free(b->slot);
	b->slot = NULL;
	if (tracer < 0)
		skip();
	bed_wait_for_processes(b, 1); /* the slot */
	end_tracer(tracer);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(a_job_that_cannot_be_killed_ends_and_its_slot_goes),
		EXEC_CASE(what_is_below_a_slot_that_cannot_be_killed_is_killed),
		EXEC_CASE(a_parent_that_cannot_wait_for_it_kills_its_children_too),
	};

	if (getenv("DVSCHED_TEST_SLOT"))
		be_slot();
	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
