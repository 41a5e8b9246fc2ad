/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of a job's processes, in a slot with real ones. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "slot_bed.h"

static struct tree_limits limits;

static int setup(void **state)
{
	struct slot_bed *b = bed_new();

	limits = (struct tree_limits){0};
	b->rules.limits = &limits;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	bed_free(*state);
	return 0;
}

static void assert_over(const struct slot_bed *b, enum job_reason reason, const char *text)
{
	if (b->result.reason != reason || !strstr(b->result.message, text))
		print_error("%s: %s\n", job_reason_name(b->result.reason),
			    b->result.message ? b->result.message : "-");
	assert_int_equal(b->result.status, JOB_KILLED);
	assert_int_equal(b->result.reason, reason);
	assert_non_null(strstr(b->result.message, text));
	assert_int_equal(bed_count_processes(b), 0);
}

static void a_job_that_does_nothing_has_stalled(void **state)
{
	struct slot_bed *b = *state;
	static const struct tree_limits files = {.n_files = 99};
	struct job_rules plain;

	limits.stall_s = 1;
	bed_shell(b, "echo last words; sleep 1000");
	bed_run(b);
	assert_over(b, REASON_STALL,
		    "the job stalled: it wrote nothing to its log and used no CPU time for 1.00s");
	assert_string_equal(b->result.context, "last words\n");
	assert_true(b->result.peak_memory_kib >= b->result.usage.max_rss_kib);
	assert_true(b->result.peak_memory_kib > 0);
	/* The limits have no effect on the next jobs, which are too short for a look. */
	b->argv[0] = "nowhere";
	b->argv[1] = NULL;
	bed_run(b);
	assert_int_equal(b->result.exit_status, 127);
	assert_int_equal(b->result.peak_memory_kib, 0);
	plain = b->rules;
	plain.limits = &files;
	b->spec.rules = &plain;
	b->argv[0] = "true";
	bed_run(b);
	assert_int_equal(b->result.status, JOB_PASSED);
	assert_int_equal(b->result.peak_memory_kib, 0);
}

/* A process that grows gets KILL without TERM, because it would grow on. */
static void too_many_processes_are_killed_at_once(void **state)
{
	struct slot_bed *b = *state;

	limits.n_processes = 30;
	b->rules.grace_s = 1000;
	bed_shell(b, "trap '' TERM; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 "
		     "21 22 23 24 25 26 27 28 29 30; do sleep 1000 & done; wait");
	bed_run(b);
	assert_over(b, REASON_PROCESS_LIMIT,
		    "the job went over its limit of 30 processes: it had ");
}

static void what_uses_too_much_cpu_time_is_asked_to_end(void **state)
{
	struct slot_bed *b = *state;
	char *log;

	limits.cpu_s = 0.5;
	bed_shell(b, "trap 'echo asked; exit 0' TERM; (while :; do :; done) & wait");
	bed_run(b);
	assert_over(b, REASON_CPU_LIMIT, "the job went over its CPU time limit of 0.50s");
	log = bed_log(b);
	assert_string_equal(log, "asked\n");
	free(log);
}

/* Only the slot waits for them. */
static void cpu_time_of_orphans_that_have_ended_counts(void **state)
{
	struct slot_bed *b = *state;

	limits.cpu_s = 1.5;
	bed_shell(b, "mkfifo end; spin() { (sh -c 'ulimit -c 0; ulimit -t 1; while :; do :; done' "
		     "> end &); cat end; }; spin; spin; exec sleep 1000");
	bed_run(b);
	assert_over(b, REASON_CPU_LIMIT, "the job went over its CPU time limit of 1.50s");
}

/* As after any other kill, remaining processes of its session are no daemons. */
static void a_job_over_a_limit_leaves_daemons_only(void **state)
{
	static const char *const keep[] = {"sleep*", NULL};
	struct slot_bed *b = *state;

	limits.n_processes = 3;
	b->rules.keep = keep;
	bed_shell(b, "for i in 1 2 3 4; do (sleep 1000 &); done; exec sleep 1000");
	bed_run(b);
	assert_over(b, REASON_PROCESS_LIMIT, "its limit of 3 processes");
}

/* Number of processes in the message of a job with too many. */
static unsigned n_processes_of(const struct slot_bed *b)
{
	unsigned n = 0;

	assert_int_equal(b->result.reason, REASON_PROCESS_LIMIT);
	assert_int_equal(sscanf(strstr(b->result.message, "it had "), "it had %u", &n), 1);
	return n;
}

static void daemons_count_until_the_job_has_ended(void **state)
{
	static const char *const keep[] = {"sleep*", NULL};
	struct slot_bed *b = *state;

	limits.n_processes = 4;
	b->rules.keep = keep;
	bed_shell(b, "for i in 1 2 3 4 5; do setsid sleep 1000 & done; wait");
	bed_run(b);
	assert_true(n_processes_of(b) > 4);
	limits.n_processes = 0;
	bed_shell(b, "for i in 1 2 3 4 5; do (sleep 1000 &); done");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_PASSED);
	limits.n_processes = 4;
	bed_shell(b, "for i in 1 2 3 4; do sleep 1000 & done; wait");
	bed_run(b);
	assert_int_equal(n_processes_of(b), 5); /* the shell and its own */
}

/* A signal to all processes of a run is noted by the slot; the job does not die of that one. */
static void a_limit_is_not_taken_for_the_users_signal(void **state)
{
	struct slot_bed *b = *state;

	limits.cpu_s = 0.5;
	bed_shell(b, "echo up; while :; do :; done");
	bed_start(b, 1);
	bed_wait_for_log(b, "up");
	kill(slot_pid(b->slot), SIGTERM);
	bed_wait(b);
	assert_over(b, REASON_CPU_LIMIT, "its CPU time limit of 0.50s");
}

/* A job that is over before the first sample. */
static void cpu_time_is_summed_up_at_the_end(void **state)
{
	struct slot_bed *b = *state;

	limits.cpu_s = 0.0005;
	bed_shell(b, "seq 1 100000 > /dev/null");
	bed_run(b);
	assert_over(b, REASON_CPU_LIMIT, "its processes used ");
}

static void memory_of_a_child_that_has_ended_counts(void **state)
{
	struct slot_bed *b = *state;

	limits.memory_bytes = UINT64_C(100) << 20;
	bed_shell(b, "dd if=/dev/zero of=/dev/null bs=150M count=1 2> /dev/null; exit 0");
	bed_run(b);
	assert_over(b, REASON_MEMORY_LIMIT, "the job went over its memory limit of 100 MiB");
}

static void the_kernel_limits_each_process(void **state)
{
	struct slot_bed *b = *state;
	char *log;

	limits.n_files = 40;
	limits.cpu_s = 1.5;
	bed_shell(b, "ulimit -n; ulimit -Hn; ulimit -t; ulimit -Ht");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_PASSED);
	log = bed_log(b);
	assert_string_equal(log, "40\n40\n3\n3\n");
	free(log);
}

static void a_limit_of_files_gives_no_more_than_dvsched_has(void **state)
{
	struct slot_bed *b = *state;
	struct rlimit all, some = {.rlim_cur = 200, .rlim_max = 300};
	char *log;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &some), 0);
	limits.n_files = 400;
	bed_renew_slot(b);
	bed_shell(b, "ulimit -n; ulimit -Hn");
	bed_run(b);
	log = bed_log(b);
	assert_string_equal(log, "300\n300\n");
	free(log);
	setrlimit(RLIMIT_NOFILE, &all); /* of users it stays lower */
}

static void a_kill_by_somebody_else_stays_one(void **state)
{
	struct slot_bed *b = *state;

	limits = (struct tree_limits){
		.memory_bytes = UINT64_C(1) << 40, .n_processes = 1000, .cpu_s = 1000};
	bed_shell(b, "kill -9 $$");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_FAILED);
	assert_int_equal(b->result.reason, REASON_SIGNAL);
	assert_int_equal(b->result.term_signal, SIGKILL);
}

static void a_time_limit_may_be_the_first(void **state)
{
	struct slot_bed *b = *state;

	limits = (struct tree_limits){.stall_s = 3600, .cpu_s = 3600, .n_processes = 1000};
	b->rules.timeout_s = 0.2;
	bed_shell(b, "sleep 1000");
	bed_run(b);
	assert_over(b, REASON_TIMEOUT, "Job timed out after ");
}

static void the_user_ends_a_job_with_limits(void **state)
{
	struct slot_bed *b = *state;

	limits = (struct tree_limits){.stall_s = 3600, .memory_bytes = UINT64_C(1) << 40};
	bed_shell(b, "echo up; sleep 1000");
	bed_start(b, 1);
	bed_wait_for_log(b, "up");
	slot_kill(b->slot, false, REASON_USER);
	bed_wait(b);
	assert_over(b, REASON_USER, "killed: ");
}

/* It may wait for its user. */
static void an_interactive_job_does_not_stall(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = {.rows = 7, .columns = 70};
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	assert_int_equal(tcgetattr(fd, &t.modes), 0);
	close(fd);
	limits.stall_s = 0.1;
	b->rules.is_interactive = true;
	slot_give_terminal(b->slot, &t);
	bed_shell(b, "sleep 0.3");
	bed_run(b);
	assert_int_equal(b->result.status, JOB_PASSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_that_does_nothing_has_stalled),
		TEST(too_many_processes_are_killed_at_once),
		TEST(what_uses_too_much_cpu_time_is_asked_to_end),
		TEST(cpu_time_of_orphans_that_have_ended_counts),
		TEST(a_job_over_a_limit_leaves_daemons_only),
		TEST(daemons_count_until_the_job_has_ended),
		TEST(a_limit_is_not_taken_for_the_users_signal),
		TEST(cpu_time_is_summed_up_at_the_end),
		TEST(memory_of_a_child_that_has_ended_counts),
		TEST(the_kernel_limits_each_process),
		TEST(a_limit_of_files_gives_no_more_than_dvsched_has),
		TEST(a_kill_by_somebody_else_stays_one),
		TEST(a_time_limit_may_be_the_first),
		TEST(an_interactive_job_does_not_stall),
		TEST(the_user_ends_a_job_with_limits),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
