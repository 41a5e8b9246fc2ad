/* SPDX-License-Identifier: Apache-2.0 */
/* Daemons that jobs may leave behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/vec.h"
#include "exec/kept.h"
#include "exec_bed.h"

static void kept_daemons_stay_until_the_slot_ends(void **state)
{
	static const char *const keep[] = {"job-help*", NULL};
	struct slot_bed *b = *state;

	b->rules.keep = keep;
	bed_helper(b, "daemon", NULL);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->result.marks, 0);
	assert_int_equal(bed_count_processes(b), 1);
	b->argv[0] = "true";
	b->argv[1] = NULL;
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(bed_count_processes(b), 1);
}

static void a_kept_daemon_that_ends_is_forgotten_and_no_other(void **state)
{
	static const char *const keep[] = {"job-help*", "sleep", NULL};
	struct slot_bed *b = *state;
	_cleanup_(freep) char *command = NULL;

	b->rules.keep = keep;
	bed_helper(b, "daemon", NULL);
	command = xasprintf("setsid sleep 0.01 & setsid sleep 0.02 & %s daemon", b->argv[0]);
	bed_shell(b, command);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	bed_wait_for_processes(b, 1);
	b->argv[0] = "true";
	b->argv[1] = NULL;
	for (int i = 0; i < 2; i++) {
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		assert_int_equal(b->result.marks, 0);
		assert_int_equal(bed_count_processes(b), 1);
	}
}

/* The server's process is called "exe", its argv[0] is "server(dir)", its file job-helper. */
static void a_daemon_is_kept_by_any_of_its_names(void **state)
{
	static const struct {
		const char *glob;
		bool is_kept;
	} cases[] = {
		{"server*", true},    {"server(dir)", true}, {"ex?", true},    {"job-help*", true},
		{"*/job-hel*", true}, {"dir*", false},	     {"serve", false},
	};
	struct slot_bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const keep[] = {cases[i].glob, NULL};

		b->rules.keep = keep;
		bed_helper(b, "server", "server(dir)");
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		if ((b->result.marks == 0) != cases[i].is_kept)
			fail_msg("%s: marks %u", cases[i].glob, b->result.marks);
		/* The server and its worker, whose name matches no pattern. The process that
		 * started the worker may be ending. */
		if (cases[i].is_kept)
			bed_wait_for_processes(b, 2);
		assert_int_equal(bed_count_processes(b), cases[i].is_kept ? 2 : 0);
		bed_renew_slot(b);
	}
}

static void a_killed_job_leaves_daemons_only(void **state)
{
	static const char *const keep[] = {"job-help*", NULL};
	struct slot_bed *b = *state;

	b->rules.keep = keep;
	b->rules.grace_s = 0.05;
	bed_helper(b, "orphan", NULL);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_kill(b->slot, false, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	assert_int_equal(bed_count_processes(b), 0);
}

/* Killed without a grace: the session was not checked before. */
static void a_kill_at_once_leaves_daemons_too(void **state)
{
	static const char *const keep[] = {"job-help*", NULL};
	struct slot_bed *b = *state;
	_cleanup_(freep) char *command = NULL;

	b->rules.keep = keep;
	bed_helper(b, "daemon", NULL);
	command = xasprintf("%s daemon && echo ready && exec %s for-ever", b->argv[0], b->argv[0]);
	bed_shell(b, command);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_kill(b->slot, true, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	assert_int_equal(bed_count_processes(b), 1);
}

/* As an update of the tool does while its server runs. */
static void a_daemon_is_kept_when_its_file_was_replaced(void **state)
{
	static const char *const keep[] = {"tool", NULL};
	struct slot_bed *b = *state;
	_cleanup_(freep) char *command = xasprintf("cp %s tool; ./tool server x && rm tool",
						   JOB_HELPER);

	b->rules.keep = keep;
	bed_shell(b, command);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->result.marks, 0);
	bed_wait_for_processes(b, 2);
}

/* It stays the job itself, under any name. */
static void a_job_that_is_called_as_a_daemon_ends_at_its_deadline(void **state)
{
	static const char *const keep[] = {"job-help*", NULL};
	struct slot_bed *b = *state;

	b->rules.keep = keep;
	b->rules.timeout_s = 0.05;
	b->rules.grace_s = 0.05;
	bed_helper(b, "ignore-term", NULL);
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_int_equal(b->result.term_signal, SIGKILL);
	assert_int_equal(bed_count_processes(b), 0);
}

/* Other processes of its session belong to the job, not to the daemon. */
static void what_is_left_beside_a_daemon_is_a_leak(void **state)
{
	static const char *const keep[] = {"job-help*", NULL};
	struct slot_bed *b = *state;
	_cleanup_(freep) char *command = NULL;

	b->rules.keep = keep;
	bed_helper(b, "daemon", NULL);
	command = xasprintf("%s daemon; sleep 1000 &", b->argv[0]);
	bed_shell(b, command);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->result.marks, MARK_LEAKY);
	assert_true(str_starts(strstr(b->result.message, "sleep (pid"), "sleep (pid"));
	assert_null(strstr(b->result.message, "job-help"));
	assert_int_equal(bed_count_processes(b), 1);
}

/* At any place of the list. */
static void only_the_one_that_ended_is_forgotten(void **state)
{
	(void)state;
	for (pid_t gone = 1; gone <= 4; gone++) {
		struct kept k = {0};

		for (pid_t pid = 1; pid <= 3; pid++)
			vec_push(&k, (struct kept_proc){pid, pid});
		kept_forget(&k, gone);
		for (pid_t pid = 1; pid <= 4; pid++)
			assert_int_equal(kept_has(pid, &k), pid <= 3 && pid != gone);
		vec_done(&k);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(kept_daemons_stay_until_the_slot_ends),
		EXEC_CASE(a_kept_daemon_that_ends_is_forgotten_and_no_other),
		EXEC_CASE(a_daemon_is_kept_by_any_of_its_names),
		EXEC_CASE(a_killed_job_leaves_daemons_only),
		EXEC_CASE(a_kill_at_once_leaves_daemons_too),
		EXEC_CASE(a_daemon_is_kept_when_its_file_was_replaced),
		EXEC_CASE(a_job_that_is_called_as_a_daemon_ends_at_its_deadline),
		EXEC_CASE(what_is_left_beside_a_daemon_is_a_leak),
		cmocka_unit_test(only_the_one_that_ended_is_forgotten),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
