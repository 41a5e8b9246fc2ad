/* SPDX-License-Identifier: Apache-2.0 */
/* A slot with real processes: its guarantees for any job. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
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
#include "base/link.h"
#include "base/mem.h"
#include "exec_bed.h"

static void a_job_that_exits_with_0_passes(void **state)
{
	struct slot_bed *b = *state;

	b->argv[0] = "true";
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_null(b->result.message);
	assert_true(b->result.pid > 0);
	assert_true(b->result.start_wall_s > 1e9);
	assert_true(b->result.usage.max_rss_kib > 0);
}

static void a_running_job_can_be_measured(void **state)
{
	struct slot_bed *b = *state;
	struct job_load load;

	assert_false(slot_measure(b->slot, &load));
	bed_shell(b, "sleep 100 & sleep 100 & echo started; wait; true");
	bed_start(b, 1);
	bed_wait_for_log(b, "started");
	assert_true(slot_measure(b->slot, &load));
	assert_int_equal(load.n_processes, 3);
	assert_true(load.rss_bytes >= (uint64_t)sysconf(_SC_PAGESIZE));
	assert_true(load.rss_bytes < 1u << 30);
	slot_kill(b->slot, true, REASON_USER);
	bed_wait(b);
	assert_false(slot_measure(b->slot, &load));
}

static void one_slot_runs_many_jobs(void **state)
{
	struct slot_bed *b = *state;

	b->argv[0] = "true";
	for (int i = 0; i < 50; i++) {
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
	}
	b->argv[0] = "false";
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
}

/* On one processor a short job may be over before its slot runs again. */
static void a_job_begins_before_it_runs(void **state)
{
	struct slot_bed *b = *state;
	cpu_set_t all, one;
	int first = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	bed_renew_slot(b);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	bed_helper(b, "clock", NULL);
	for (int i = 0; i < 50; i++) {
		const struct job_usage *u;
		char *log;

		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		log = bed_log(b);
		assert_true(b->result.start_wall_s <= strtod(log, NULL));
		u = &b->result.usage;
		assert_true(b->result.duration_s > 0 &&
			    u->user_s + u->system_s <= b->result.duration_s + 0.001);
		free(log);
	}
}

static void output_goes_to_the_log_after_its_header(void **state)
{
	struct slot_bed *b = *state;
	char *log;

	bed_shell(b, "printf 'out\\303'; printf '\\244 \\377\\n' >&2; echo end");
	bed_run(b);
	log = bed_log(b);
	assert_string_equal(log, "out\303\244 \377\nend\n");
	free(log);
}

static void nothing_outside_the_root_is_touched(void **state)
{
	struct slot_bed *b = *state;
	char *outside = xasprintf("%s/elsewhere", b->base);
	char *link = xasprintf("%s/link", b->root);
	char *through = xasprintf("%s/link/job", b->root);
	char *dots = xasprintf("%s/../elsewhere", b->root);

	b->argv[0] = "true";
	assert_int_equal(fs_mkdirs(b->root, 0777), 0);
	assert_int_equal(mkdir(outside, 0777), 0);
	assert_int_equal(symlink(outside, link), 0);
	b->rules.renew_odir = true;
	b->spec.dir = through;
	assert_launch_error(b, "outside the scratch root");
	b->spec.dir = dots;
	assert_launch_error(b, "not below the scratch root");
	b->spec.dir = outside;
	assert_launch_error(b, "not below the scratch root");
	b->spec.dir = b->odir;
	b->spec.log = outside;
	assert_launch_error(b, "not below the scratch root");
	assert_int_equal(rmdir(outside), 0); /* still there, and empty */
	free(outside);
	free(link);
	free(through);
	free(dots);
}

static void a_slot_that_dies_takes_its_job_with_it(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "tree", "20");
	b->argv[0] = "/bin/sh";
	b->argv[1] = "-c";
	b->argv[2] = JOB_HELPER " tree 20; echo ready; exec sleep 1000";
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	kill(slot_pid(b->slot), SIGKILL);
	bed_wait(b);
	assert_true(b->has_died);
	assert_non_null(strstr(b->why, "signal 9"));
	assert_int_equal(bed_count_processes(b), 0);
}

static void a_job_may_kill_its_slot(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "kill-parent", NULL);
	bed_start(b, 1);
	bed_wait(b);
	assert_true(b->has_died);
	assert_int_equal(bed_count_processes(b), 0);
}

/* Also after the scheduler has closed its descriptors; more than one message can pass. */
static void what_it_was_given_is_open_until_it_ends(void **state)
{
	static const struct slot_handler nobody = {0};
	struct slot_bed *b = *state;
	struct slot_options options = b->options;
	int fds[2], kept[LINK_DESCRIPTORS + 1];
	struct error err = {0};
	struct slot *slot;
	char byte;

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		kept[i] = fds[1];
	options.kept = kept;
	options.n_kept = ARRAY_LEN(kept);
	slot = slot_new(b->loop, &options, &nobody, NULL, &err);
	assert_non_null(slot);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	slot_free(slot);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

static void when_the_scheduler_is_gone_the_job_goes(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, JOB_HELPER " tree 20; echo ready; exec " JOB_HELPER " ignore-term");
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_free(b->slot);
	b->slot = NULL;
	assert_int_equal(bed_count_processes(b), 0);
}

static void an_idle_slot_ends_when_it_is_closed(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *want = NULL;

	b->argv[0] = "true";
	bed_run(b);
	b->has_ended = false;
	want = xasprintf("the slot that ran it (pid %d) ended: exit status 0",
			 (int)slot_pid(b->slot));
	slot_close(b->slot);
	slot_close(b->slot);
	assert_false(b->has_died); /* it is reported later */
	bed_wait(b);
	assert_true(b->has_died);
	assert_string_equal(b->why, want);
	assert_int_equal(b->lost, REASON_LOST);
	assert_int_equal(b->notes.len, 0);
}

static void a_slot_that_was_hung_up_on_kills_its_job_by_itself(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "echo up; " JOB_HELPER " tree 3; exec " JOB_HELPER " ignore-term");
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_hang_up(b->slot);
	bed_wait_for_none(b);
}

/* Such as a kill that comes with the news of its end. */
static void orders_for_a_slot_without_a_job_do_nothing(void **state)
{
	struct slot_bed *b = *state;

	slot_kill(b->slot, true, REASON_USER);
	slot_pause(b->slot, true);
	slot_pause(b->slot, true);
	slot_pause(b->slot, false);
	slot_listen(b->slot, false);
	slot_listen(b->slot, true);
	b->argv[0] = "false";
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	slot_hang_up(b->slot);
	slot_kill(b->slot, true, REASON_USER);
	slot_pause(b->slot, true);
	slot_listen(b->slot, true);
}

static void what_was_ordered_before_a_job_says_nothing_of_its_loss(void **state)
{
	struct slot_bed *b = *state;

	slot_kill(b->slot, true, REASON_USER);
	bed_shell(b, "echo up; exec sleep 1000");
	bed_start(b, 1);
	bed_wait_for_log(b, "up");
	kill(slot_pid(b->slot), SIGKILL);
	bed_wait(b);
	assert_true(b->has_died);
	assert_int_equal(b->lost, REASON_LOST);
}

static void a_slot_that_was_hung_up_on_leaves_nothing_on_the_loop(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "exec sleep 1000");
	bed_start(b, 1);
	slot_hang_up(b->slot);
	slot_kill(b->slot, true, REASON_USER);
	slot_pause(b->slot, true);
	slot_pause(b->slot, false);
	slot_listen(b->slot, true);
	slot_type(b->slot, "x", 1);
	slot_resize(b->slot, 1, 1);
	slot_continue(b->slot);
	assert_false(ev_run(b->loop, EVRUN_NOWAIT));
}

/* The scheduler does nothing here: its loop does not turn. */
static void a_job_dies_with_its_slot_though_nobody_kills_it(void **state)
{
	struct slot_bed *b = *state;
	pid_t pid;

	bed_shell(b, "echo pid $$; exec sleep 1000");
	bed_start(b, 1);
	pid = bed_pid_in_log(b, "pid ");
	kill(slot_pid(b->slot), SIGKILL);
	bed_wait_for_state(pid, "Z");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(a_job_that_exits_with_0_passes),
		EXEC_CASE(a_running_job_can_be_measured),
		EXEC_CASE(one_slot_runs_many_jobs),
		EXEC_CASE(a_job_begins_before_it_runs),
		EXEC_CASE(output_goes_to_the_log_after_its_header),
		EXEC_CASE(nothing_outside_the_root_is_touched),
		EXEC_CASE(a_slot_that_dies_takes_its_job_with_it),
		EXEC_CASE(a_job_may_kill_its_slot),
		EXEC_CASE(what_it_was_given_is_open_until_it_ends),
		EXEC_CASE(when_the_scheduler_is_gone_the_job_goes),
		EXEC_CASE(an_idle_slot_ends_when_it_is_closed),
		EXEC_CASE(a_slot_that_was_hung_up_on_kills_its_job_by_itself),
		EXEC_CASE(orders_for_a_slot_without_a_job_do_nothing),
		EXEC_CASE(what_was_ordered_before_a_job_says_nothing_of_its_loss),
		EXEC_CASE(a_slot_that_was_hung_up_on_leaves_nothing_on_the_loop),
		EXEC_CASE(a_job_dies_with_its_slot_though_nobody_kills_it),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
