/* SPDX-License-Identifier: Apache-2.0 */
/* How a slot ends all processes of a job: leaks, the deadline, the kill ladder. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "exec_bed.h"

static void a_child_that_stays_is_killed_and_named(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "sleep 1000 & exit 0");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->result.marks, MARK_LEAKY);
	assert_non_null(strstr(b->result.message, "sleep (pid "));
	assert_int_equal(bed_count_processes(b), 0);
}

static void a_leak_fails_where_the_rules_say_so(void **state)
{
	struct slot_bed *b = *state;

	b->rules.leak = LEAK_FAIL;
	bed_shell(b, "sleep 1000 & exit 0");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_LEAK);
	assert_int_equal(b->result.marks, MARK_LEAKY);
}

static void a_child_that_ends_soon_is_no_leak(void **state)
{
	struct slot_bed *b = *state;

	bed_fail(b, "^UVM_ERROR");
	bed_helper(b, "late", NULL);
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_FAIL_PATTERN);
	assert_string_equal(b->result.message, "UVM_ERROR late");
	assert_int_equal(b->result.line, 4);
	assert_int_equal(b->result.marks, 0);
}

static void a_thousand_daemons_are_gone_before_the_verdict(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "tree", "1000");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->result.marks, MARK_LEAKY);
	assert_non_null(strstr(b->result.message, " and 995 more"));
	assert_int_equal(bed_count_processes(b), 0);
}

static void chains_of_forks_are_caught(void **state)
{
	struct slot_bed *b = *state;

	b->rules.timeout_s = 0.2;
	b->rules.grace_s = 0.05;
	bed_helper(b, "chains", "5");
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_int_equal(bed_count_processes(b), 0);
}

static void hiding_does_not_help(void **state)
{
	struct slot_bed *b = *state;
	struct str who = {0};

	b->rules.timeout_s = 0.3;
	b->rules.grace_s = 0.05;
	bed_helper(b, "hide", NULL);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	/* The hidden process has no cookie, but the slot has no child left. */
	str_printf(&who, "/proc/%d/task/%d/children", (int)slot_pid(b->slot),
		   (int)slot_pid(b->slot));
	if (fs_exists(who.s)) {
		FILE *f = fopen(who.s, "r");

		assert_int_equal(fgetc(f), EOF);
		fclose(f);
	}
	str_done(&who);
}

static void a_deadline_ends_the_job_and_says_which(void **state)
{
	struct slot_bed *b = *state;

	b->rules.timeout_s = 0.06;
	bed_helper(b, "for-ever", NULL);
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_string_equal(b->result.message, "Job timed out after 0.06s");
	assert_int_equal(b->result.term_signal, SIGTERM);
	assert_true(b->result.duration_s >= 0.06);
}

static void what_ignores_term_gets_kill_after_the_grace(void **state)
{
	struct slot_bed *b = *state;

	b->rules.grace_s = 0.2;
	bed_helper(b, "ignore-term", NULL);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_kill(b->slot, false, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	assert_int_equal(b->result.term_signal, SIGKILL);
	assert_true(b->result.duration_s >= 0.2);
}

static void a_second_kill_may_be_harder(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "ignore-term", NULL);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_kill(b->slot, false, REASON_USER);
	slot_kill(b->slot, true, REASON_RUN_DEADLINE);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	assert_int_equal(b->result.term_signal, SIGKILL);
}

static void the_stopped_hear_term(void **state)
{
	struct slot_bed *b = *state;
	char *log;

	b->rules.timeout_s = 0.2;
	bed_helper(b, "stop", NULL);
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_int_equal(b->result.exit_status, 0);
	log = bed_log(b);
	assert_string_equal(log, "got TERM\n");
	free(log);
}

/* The grace of the job, or the default of the slot. */
static void without_a_grace_there_is_no_term(void **state)
{
	struct slot_bed *b = *state;

	for (int i = 0; i < 2; i++) {
		b->rules.grace_s = i == 0 ? 0 : -1;
		b->options.default_grace_s = i == 0 ? 30 : 0;
		bed_renew_slot(b);
		unlink(b->log);
		bed_shell(b, "trap 'exit 0' TERM; echo up; while :; do :; done");
		bed_start(b, 1);
		bed_wait_for_log(b, "up");
		slot_kill(b->slot, false, REASON_USER);
		bed_wait(b);
		assert_ended(b, JOB_KILLED, REASON_USER);
		assert_int_equal(b->result.term_signal, SIGKILL);
	}
}

static void a_job_has_the_grace_to_end_by_itself(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *log = NULL;

	bed_shell(b, "trap 'echo got TERM; exit 5' TERM; echo up; while :; do :; done");
	bed_start(b, 1);
	bed_wait_for_log(b, "up");
	slot_kill(b->slot, false, REASON_MAX_FAILURES);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_MAX_FAILURES);
	assert_int_equal(b->result.exit_status, 5);
	assert_int_equal(b->result.term_signal, 0);
	log = bed_log(b);
	assert_string_equal(log, "up\ngot TERM\n");
}

/* The slot learns of both at once, and the job's end was first. */
static void a_kill_that_comes_after_the_end_changes_nothing(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/go", b->base);
	pid_t pid, slot = slot_pid(b->slot);
	int fifo;

	assert_int_equal(mkfifo(path, 0600), 0);
	fifo = open(path, O_RDWR | O_CLOEXEC);
	bed_shell(b, "exec < go; echo pid $$; read x; exit 3");
	bed_start(b, 1);
	pid = bed_pid_in_log(b, "pid ");
	kill(slot, SIGSTOP);
	assert_int_equal(write(fifo, "\n", 1), 1);
	bed_wait_for_state(pid, "Z");
	slot_kill(b->slot, true, REASON_USER);
	kill(slot, SIGCONT);
	bed_wait(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, 3);
	close(fifo);
}

/* The first event is the reason. */
static void a_kill_after_the_deadline_does_not_hide_it(void **state)
{
	struct slot_bed *b = *state;

	b->rules.timeout_s = 0.05;
	bed_shell(b, "trap 'echo got TERM' TERM; while :; do :; done");
	bed_start(b, 1);
	bed_wait_for_log(b, "got TERM");
	slot_kill(b->slot, true, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_int_equal(b->result.term_signal, SIGKILL);
}

/* The leader ended at TERM; the other processes have the grace, too. */
static void children_that_ignore_term_are_killed_after_the_grace(void **state)
{
	struct slot_bed *b = *state;

	b->rules.grace_s = 0.05;
	bed_shell(b, JOB_HELPER " ignore-term & read x < /dev/null; wait");
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_kill(b->slot, false, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	assert_int_equal(b->result.term_signal, SIGTERM);
	assert_int_equal(b->result.marks, 0);
	assert_int_equal(bed_count_processes(b), 0);
}

/* Of all its processes. */
static void the_usage_of_a_job_is_that_of_all_its_processes(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "for i in 1 2; do "
		     "(n=0; while [ $n -lt 30000 ]; do n=$((n + 1)); done) & done; wait; times");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_true(b->result.usage.user_s + b->result.usage.system_s > 0);
	assert_true(b->result.usage.user_s >= 0 && b->result.usage.system_s >= 0);
	assert_true(b->result.usage.max_rss_kib > 0 && b->result.usage.max_rss_kib < 1 << 20);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(a_child_that_stays_is_killed_and_named),
		EXEC_CASE(a_leak_fails_where_the_rules_say_so),
		EXEC_CASE(a_child_that_ends_soon_is_no_leak),
		EXEC_CASE(a_thousand_daemons_are_gone_before_the_verdict),
		EXEC_CASE(chains_of_forks_are_caught),
		EXEC_CASE(hiding_does_not_help),
		EXEC_CASE(a_deadline_ends_the_job_and_says_which),
		EXEC_CASE(what_ignores_term_gets_kill_after_the_grace),
		EXEC_CASE(a_second_kill_may_be_harder),
		EXEC_CASE(the_stopped_hear_term),
		EXEC_CASE(without_a_grace_there_is_no_term),
		EXEC_CASE(a_job_has_the_grace_to_end_by_itself),
		EXEC_CASE(a_kill_that_comes_after_the_end_changes_nothing),
		EXEC_CASE(a_kill_after_the_deadline_does_not_hide_it),
		EXEC_CASE(children_that_ignore_term_are_killed_after_the_grace),
		EXEC_CASE(the_usage_of_a_job_is_that_of_all_its_processes),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
