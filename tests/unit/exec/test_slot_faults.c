/* SPDX-License-Identifier: Apache-2.0 */
/* A slot whose system calls fail: it does not hang, and no failed job passes. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "faulty.h"
#include "slot_bed.h"

static int teardown(void **state)
{
	faulty_clear();
	faulty_set_vmstat(NULL);
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
	assert_null(strchr(b->short_of_processes.s, '-'));
}

static void a_job_whose_log_cannot_be_begun_for_a_shortage_is_tried_again(void **state)
{
	struct slot_bed *b = bed_with(state, FAULTY_WRITE, ENOMEM, 1, 2);

	bed_shell(b, "exit 3");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_FAILED);
	assert_int_equal(b->result.exit_status, 3);
	assert_string_equal(b->short_of_processes.s, "++-");
}

/* ---- files that cannot be written ---- */

/* The slot's first two calls set its score for the kernel and the header of the log. */
enum { SCORE, HEADER, MORE };

static void a_log_that_cannot_be_written_is_an_error_at_once(void **state)
{
	struct slot_bed *b = bed_with(state, FAULTY_WRITE, ENOSPC, HEADER, 1);

	bed_shell(b, "exit 0");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_FAILED);
	assert_int_equal(b->result.reason, REASON_LAUNCH);
	assert_string_equal(b->result.message, "cannot write the log: No space left on device");
	bed_run(b); /* the next one can be written */
	assert_int_equal(b->result.status, JOB_PASSED);
}

/* The kernel then prefers no process, and the job still runs. */
static void a_score_that_cannot_be_set_is_no_error(void **state)
{
	struct slot_bed *b = bed_with(state, FAULTY_WRITE, EACCES, SCORE, 1);

	bed_shell(b, "exit 0");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_PASSED);
}

static void give_terminal(struct slot_bed *b)
{
	struct slot_terminal t = {.rows = 7, .columns = 70};
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	assert_int_equal(tcgetattr(fd, &t.modes), 0);
	close(fd);
	b->rules.is_interactive = true;
	slot_give_terminal(b->slot, &t);
}

/* Output that was only on the screen cannot be judged. A failure stays a failure. */
static void an_interactive_job_whose_log_is_not_whole_has_not_passed(void **state)
{
	for (int status = 0; status <= 1; status++) {
		struct slot_bed *b = bed_with(state, FAULTY_WRITE, ENOSPC, MORE, 1);

		give_terminal(b);
		bed_shell(b, status == 0 ? "echo one; exit 0" : "echo one; exit 1");
		bed_run(b);
		assert_string_equal(b->said.s, "one\r\n");
		assert_int_equal(b->result.status, JOB_FAILED);
		assert_int_equal(b->result.reason,
				 status == 0 ? REASON_LOG_UNREADABLE : REASON_EXIT);
		if (status == 0)
			assert_string_equal(b->result.message, "its log could not be written: "
							       "No space left on device");
		if (status == 0)
			teardown(state);
	}
}

/* The message of the job has the text that its log lacks. */
static void a_refusal_that_cannot_be_logged_is_one(void **state)
{
	struct slot_bed *b = bed_with(state, FAULTY_WRITE, ENOSPC, MORE, 1);

	b->argv[0] = "no-such-program";
	bed_run(b);
	assert_int_equal(b->result.status, JOB_FAILED);
	assert_int_equal(b->result.exit_status, 127);
	assert_non_null(strstr(b->result.message, "command not found: 'no-such-program'"));
}

/* ---- a machine that is short of memory ---- */

static void set_oom_kills(const char *path, unsigned n)
{
	FILE *f = fopen(path, "w");

	fprintf(f, "nr_free_pages 1\noom_kill %u\nother 9\n", n);
	fclose(f);
}

/* The number of OOM kills since the job began. Only SIGKILL may be one. */
static void a_kill_by_the_kernel_for_lack_of_memory_is_named(void **state)
{
	static const struct {
		const char *command;
		bool is_named;
	} cases[] = {
		{"echo oom_kill 8 > %s; kill -9 $$", true},
		{": %s; kill -9 $$", false},
		{"echo oom_kill 8 > %s; kill -1 $$", false},
		{"echo oom_kill 8 > %s; exit 1", false},
		/* as a shell whose last child was killed */
		{"echo oom_kill 8 > %s; exit 137", true},
		{": %s; exit 137", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *tmp = getenv("TMPDIR");
		_cleanup_(freep) char *path = xasprintf("%s/dvsched-test-vmstat-%d",
							tmp ? tmp : "/tmp", (int)getpid());
		_cleanup_(freep) char *command = xasprintf(cases[i].command, path);
		struct slot_bed *b;

		set_oom_kills(path, 7);
		faulty_set_vmstat(path);
		*state = b = bed_new();
		bed_shell(b, command);
		bed_run(b);
		assert_int_equal(b->result.status, JOB_FAILED);
		assert_int_equal(strstr(b->result.message, "memory") != NULL, cases[i].is_named);
		unlink(path);
		if (i + 1 < ARRAY_LEN(cases))
			teardown(state);
	}
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
		cmocka_unit_test_teardown(
			a_job_whose_log_cannot_be_begun_for_a_shortage_is_tried_again, teardown),
		cmocka_unit_test_teardown(a_log_that_cannot_be_written_is_an_error_at_once,
					  teardown),
		cmocka_unit_test_teardown(a_score_that_cannot_be_set_is_no_error, teardown),
		cmocka_unit_test_teardown(an_interactive_job_whose_log_is_not_whole_has_not_passed,
					  teardown),
		cmocka_unit_test_teardown(a_refusal_that_cannot_be_logged_is_one, teardown),
		cmocka_unit_test_teardown(a_kill_by_the_kernel_for_lack_of_memory_is_named,
					  teardown),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
