/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict of a slot from the status, the log and the patterns of a job. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "disk.h"
#include "exec_bed.h"

static void an_exit_status_fails_with_the_last_lines(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "seq 100 120; exit 7");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, 7);
	assert_string_equal(b->result.message, "Job returned a non-zero exit code: 7");
	assert_string_equal(b->result.context,
			    "111\n112\n113\n114\n115\n116\n117\n118\n119\n120\n");
}

static void a_signal_is_named(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "segv", NULL);
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
	assert_int_equal(b->result.exit_status, -1);
	assert_int_equal(b->result.term_signal, SIGSEGV);
	assert_non_null(strstr(b->result.message, "killed by signal 11 (SIGSEGV)"));
}

static void a_kill_that_is_not_ours_is_a_signal(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "kill -9 $$");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
	assert_int_equal(b->result.term_signal, SIGKILL);
}

static void a_limit_that_is_hit_is_a_named_signal(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "ulimit -c 0; ulimit -t 1; while :; do :; done");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
	assert_non_null(strstr(b->result.message, "SIG"));
}

/* As a service manager does: job and slot get the signal at the same time. */
static void a_signal_to_everybody_is_a_user_s(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
	struct slot_bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		_cleanup_(freep) char *command = xasprintf("ulimit -c 0; kill -%d $PPID $$",
							   signals[i]);

		bed_shell(b, command);
		bed_run(b);
		assert_ended(b, JOB_KILLED, REASON_USER);
		assert_int_equal(b->result.term_signal, signals[i]);
	}
	bed_shell(b, "kill $PPID; exit 143");
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	bed_shell(b, "kill $PPID; exit 1");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	bed_shell(b, "kill $PPID; true");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	bed_shell(b, "kill $$"); /* it belongs to the job */
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
}

static void patterns_decide_before_the_exit_status(void **state)
{
	struct slot_bed *b = *state;

	bed_pass(b, "^TEST PASSED$");
	bed_fail(b, "^UVM_ERROR\\s[^:].*$");
	bed_shell(b, "printf 'a\\nUVM_ERROR x.sv\\nb\\nc\\nd\\ne\\nf\\n'; exit 3");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_FAIL_PATTERN);
	assert_string_equal(b->result.message, "UVM_ERROR x.sv");
	assert_string_equal(b->result.context, "b\nc\nd\ne\n");
	assert_int_equal(b->result.line, 5);
	bed_shell(b, "echo no; exit 3");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_MISSING_PATTERN);
	assert_string_equal(b->result.message, "Some pass patterns missing: ['^TEST PASSED$']");
	bed_shell(b, "echo TEST PASSED");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
}

static void a_pass_pattern_in_the_command_is_no_pass(void **state)
{
	struct slot_bed *b = *state;

	bed_pass(b, "command");
	b->argv[0] = "true";
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_MISSING_PATTERN);
}

static void a_flood_is_stopped_and_cut(void **state)
{
	struct slot_bed *b = *state;
	struct stat st;

	b->rules.max_log_bytes = 1 << 20;
	bed_helper(b, "flood", NULL);
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_LOG_FLOOD);
	assert_int_equal(stat(b->log, &st), 0);
	assert_int_equal(st.st_size, 1 << 20);
}

static void a_flood_is_seen_however_fast_it_ends(void **state)
{
	struct slot_bed *b = *state;
	struct stat st;

	b->rules.max_log_bytes = 64 * 1024; /* with the header, one block is too much */
	bed_helper(b, "flood", "1");
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_LOG_FLOOD);
	assert_int_equal(stat(b->log, &st), 0);
	assert_int_equal(st.st_size, 64 * 1024);
}

static void a_log_that_was_tampered_with_is_no_pass(void **state)
{
	static const char *const ways[] = {"remove", "truncate", "fifo", "link"};
	struct slot_bed *b = *state;

	bed_fail(b, "^UVM_ERROR");
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		bed_helper(b, "log", ways[i]);
		bed_run(b);
		assert_ended(b, JOB_FAILED, REASON_LOG_UNREADABLE);
		unlink(b->log);
	}
}

static void a_log_that_is_no_file_is_an_error_at_once(void **state)
{
	struct slot_bed *b = *state;
	char *outside = bed_make_file(b, "outside", "precious", 0644), *text;

	b->argv[0] = "true";
	assert_int_equal(fs_mkdirs(b->odir, 0777), 0);
	assert_int_equal(mkfifo(b->log, 0666), 0);
	assert_launch_error(b, "is not a regular file");
	unlink(b->log);
	assert_int_equal(symlink(outside, b->log), 0);
	assert_launch_error(b, "is a symbolic link");
	unlink(b->log);
	assert_int_equal(link(outside, b->log), 0);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	text = disk_text(outside);
	assert_string_equal(text, "precious");
	free(text);
	free(outside);
}

static void a_dry_run_tells_and_passes(void **state)
{
	struct slot_bed *b = *state;
	char *log;

	b->rules.is_dry_run = true;
	bed_shell(b, "echo would; false");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	log = bed_log(b);
	assert_string_equal(log, "would\n");
	free(log);
}

/* Such a pattern is rejected when a configuration is loaded, but may come from another version. */
static void a_pattern_that_cannot_be_compiled_is_no_pass(void **state)
{
	struct slot_bed *b = *state;

	bed_fail(b, "(");
	bed_shell(b, "echo done");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_PATTERN_ERROR);
	assert_non_null(b->result.message);
}

/* It shows a later run that the log was not changed. */
static void the_stamp_of_the_log_is_that_of_its_last_write(void **state)
{
	struct slot_bed *b = *state;
	struct stat st;

	bed_shell(b, "echo done");
	bed_run(b);
	assert_int_equal(stat(b->log, &st), 0);
	assert_true(b->result.log_stamp != 0);
	assert_true(b->result.log_stamp == job_log_stamp(&st));
}

static void a_signal_that_the_user_had_ignored_is_no_end(void **state)
{
	struct slot_bed *b = *state;

	signal(SIGHUP, SIG_IGN);
	bed_renew_slot(b);
	signal(SIGHUP, SIG_DFL);
	bed_shell(b, "kill -HUP $PPID $$; exit 129");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, 129);
}

/* Signals from before the job do not mean that the user ended it. */
static void a_signal_before_the_job_says_nothing_of_its_end(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "kill $PPID; true");
	bed_run(b);
	bed_shell(b, "kill $$");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
}

static void a_flood_within_its_limit_is_none(void **state)
{
	struct slot_bed *b = *state;
	struct stat st;

	b->rules.max_log_bytes = 64 * 1024;
	bed_shell(b, "head -c 65000 /dev/zero");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(stat(b->log, &st), 0);
	b->rules.max_log_bytes = (uint64_t)st.st_size;
	bed_renew_slot(b);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	b->rules.max_log_bytes = (uint64_t)st.st_size - 1;
	bed_renew_slot(b);
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_LOG_FLOOD);
}

/* The disk is not full, and the job does not end by itself. */
static void a_flood_is_seen_while_the_job_runs(void **state)
{
	struct slot_bed *b = *state;

	b->rules.max_log_bytes = 64 * 1024;
	bed_shell(b, "head -c 100000 /dev/zero; exec sleep 1000");
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_LOG_FLOOD);
	assert_int_equal(b->result.term_signal, SIGKILL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(an_exit_status_fails_with_the_last_lines),
		EXEC_CASE(a_signal_is_named),
		EXEC_CASE(a_kill_that_is_not_ours_is_a_signal),
		EXEC_CASE(a_limit_that_is_hit_is_a_named_signal),
		EXEC_CASE(a_signal_to_everybody_is_a_user_s),
		EXEC_CASE(patterns_decide_before_the_exit_status),
		EXEC_CASE(a_pass_pattern_in_the_command_is_no_pass),
		EXEC_CASE(a_flood_is_stopped_and_cut),
		EXEC_CASE(a_flood_is_seen_however_fast_it_ends),
		EXEC_CASE(a_log_that_was_tampered_with_is_no_pass),
		EXEC_CASE(a_log_that_is_no_file_is_an_error_at_once),
		EXEC_CASE(a_dry_run_tells_and_passes),
		EXEC_CASE(a_pattern_that_cannot_be_compiled_is_no_pass),
		EXEC_CASE(the_stamp_of_the_log_is_that_of_its_last_write),
		EXEC_CASE(a_signal_that_the_user_had_ignored_is_no_end),
		EXEC_CASE(a_signal_before_the_job_says_nothing_of_its_end),
		EXEC_CASE(a_flood_within_its_limit_is_none),
		EXEC_CASE(a_flood_is_seen_while_the_job_runs),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
