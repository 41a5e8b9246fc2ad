/* SPDX-License-Identifier: Apache-2.0 */
/* Number of slots on a machine that is short of processes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/local/processes.h"
#include "backends/local/shortage.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"

static bool is_room(const void *ctx)
{
	(void)ctx;
	return true;
}

static bool is_no_room(const void *ctx)
{
	(void)ctx;
	return false;
}

static void without_a_shortage_nothing_is_limited(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	assert_true(shortage_may_grow(&s, 100000, 0, is_room, NULL));
	assert_false(shortage_must_shrink(&s, 100000));
}

static void each_shortage_takes_one_slot_until_it_is_gone(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	for (int i = 0; i < 6; i++)
		shortage_seen(&s, 10, 1); /* the tenth has not gone yet */
	assert_true(shortage_must_shrink(&s, 10));
	assert_false(shortage_must_shrink(&s, 9));
	assert_false(shortage_may_grow(&s, 9, 2, is_room, NULL));
	assert_true(shortage_may_grow(&s, 8, 2, is_room, NULL));
	shortage_seen(&s, 9, 3);
	assert_true(shortage_must_shrink(&s, 9));
}

static void the_last_slot_stays(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	shortage_seen(&s, 2, 1);
	shortage_seen(&s, 1, 2);
	assert_false(shortage_must_shrink(&s, 1));
	assert_true(shortage_may_grow(&s, 0, 3, is_room, NULL));
}

static void after_a_while_there_may_be_one_more_and_then_another(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	shortage_seen(&s, 3, 1);
	assert_false(shortage_may_grow(&s, 2, 10.9, is_room, NULL));
	assert_true(shortage_may_grow(&s, 2, 11.1, is_room, NULL));
	assert_false(shortage_may_grow(&s, 3, 11.2, is_room, NULL));
	shortage_seen(&s, 3, 12);
	assert_true(shortage_must_shrink(&s, 3));
	assert_false(shortage_may_grow(&s, 2, 21.9, is_room, NULL));
}

static void a_limit_from_the_start_grows_while_there_is_room(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	shortage_allow(&s, 2, 0);
	assert_true(shortage_may_grow(&s, 1, 0, is_no_room, NULL));
	assert_false(shortage_may_grow(&s, 2, 9, is_room, NULL));
	assert_false(shortage_may_grow(&s, 2, 11, is_no_room, NULL));
	assert_false(shortage_may_grow(&s, 2, 20, is_room, NULL)); /* not asked again so soon */
	assert_true(shortage_may_grow(&s, 2, 22, is_room, NULL));
}

/* ---- how many processes are left ---- */

static void processes_write(const char *base, const char *name, const char *text)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", base, name);
	_cleanup_(freep) char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	FILE *f;

	assert_int_equal(fs_mkdirs(dir, 0777), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void the_processes_left_are_those_of_the_user_and_of_the_cgroups(void **state)
{
	static const struct {
		uint64_t limit;
		const char *pids_max;
		uint32_t enough, left;
	} cases[] = {
		{UINT64_MAX, "max\n", 100, UINT32_MAX},
		{100, "max\n", 60, UINT32_MAX}, /* of all users there are 40 */
		{100, "max\n", 61, UINT32_MAX}, /* of this one there are 7 */
		{100, "max\n", 94, 93},
		{5, "max\n", 10, 0},
		{UINT64_MAX, "30\n", 11, 10},
		{UINT64_MAX, "30\n", 10, UINT32_MAX},
		{15, "30\n", 20, 8},
		{27, "25\n", 20, 5},
	};
	char base[] = "/tmp/dvsched-test-XXXXXX";
	_cleanup_(freep) char *proc = NULL, *sys = NULL;

	(void)state;
	assert_non_null(mkdtemp(base));
	proc = xasprintf("%s/proc", base);
	sys = xasprintf("%s/sys", base);
	processes_write(proc, "loadavg", "0.00 0.01 0.00 1/40 5678\n");
	processes_write(proc, "self/cgroup", "0::/a\n");
	processes_write(proc, "10/status", "Name:\tx\nUid:\t1000\t0\t0\t0\nThreads:\t4\n");
	processes_write(proc, "11/status", "Name:\tx\nUid:\t1000\t1000\t0\t0\nThreads:\t3\n");
	processes_write(proc, "12/status", "Name:\tx\nUid:\t0\t0\t0\t0\nThreads:\t33\n");
	processes_write(sys, "fs/cgroup/a/pids.current", "20\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		processes_write(sys, "fs/cgroup/a/pids.max", cases[i].pids_max);
		if (processes_left_under(proc, sys, 1000, cases[i].limit, cases[i].enough) !=
		    cases[i].left)
			fail_msg("case %zu: %u", i,
				 processes_left_under(proc, sys, 1000, cases[i].limit,
						      cases[i].enough));
	}
	fs_remove_tree(base);
}

/* ---- how long a job that cannot be started is tried again ---- */

static void a_job_is_given_up_when_none_could_run_for_a_while(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	assert_false(shortage_gives_up(&s, 0, 100));
	assert_false(shortage_gives_up(&s, 0, 119.9));
	assert_true(shortage_gives_up(&s, 0, 120.1));
}

static void while_others_run_it_is_tried_for_ever(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	for (double now_s = 0; now_s < 100000; now_s += 10)
		assert_false(shortage_gives_up(&s, 1, now_s));
	assert_false(shortage_gives_up(&s, 0, 100000)); /* the last of them has ended */
	assert_false(shortage_gives_up(&s, 0, 100019.9));
	assert_true(shortage_gives_up(&s, 0, 100020.1));
}

/* A shortage that does not end costs the time once, not once for each job. */
static void after_that_each_is_tried_once_until_one_starts(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	shortage_gives_up(&s, 0, 0);
	assert_true(shortage_gives_up(&s, 0, 21));
	for (int i = 0; i < 10; i++)
		assert_true(shortage_gives_up(&s, 0, 21));
	shortage_is_over(&s);
	assert_false(shortage_gives_up(&s, 0, 22));
	assert_false(shortage_gives_up(&s, 0, 41.9));
	assert_true(shortage_gives_up(&s, 0, 42.1));
}

static void a_start_ends_the_wait(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	shortage_gives_up(&s, 0, 0);
	shortage_is_over(&s);
	assert_false(shortage_gives_up(&s, 0, 19));
	assert_false(shortage_gives_up(&s, 0, 38));
	assert_true(shortage_gives_up(&s, 0, 39.1));
}

static void the_text_says_what_is_short(void **state)
{
	static const struct {
		int errnum;
		const char *limit;
	} cases[] = {
		{EAGAIN, "ulimit -u"},	{EMFILE, "ulimit -n"},	   {ENFILE, "fs.file-max"},
		{ENOMEM, "memory.max"}, {ENOBUFS, "for a socket"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(str_done) struct str text = {0};

		assert_true(errno_is_shortage(cases[i].errnum));
		shortage_add_verdict(&text, cases[i].errnum);
		assert_non_null(strstr(text.s, cases[i].limit));
		assert_non_null(strstr(text.s, " for 20 s in which no other job ran. "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_shortage_nothing_is_limited),
		cmocka_unit_test(each_shortage_takes_one_slot_until_it_is_gone),
		cmocka_unit_test(the_last_slot_stays),
		cmocka_unit_test(a_limit_from_the_start_grows_while_there_is_room),
		cmocka_unit_test(the_processes_left_are_those_of_the_user_and_of_the_cgroups),
		cmocka_unit_test(after_a_while_there_may_be_one_more_and_then_another),
		cmocka_unit_test(a_job_is_given_up_when_none_could_run_for_a_while),
		cmocka_unit_test(while_others_run_it_is_tried_for_ever),
		cmocka_unit_test(after_that_each_is_tried_once_until_one_starts),
		cmocka_unit_test(a_start_ends_the_wait),
		cmocka_unit_test(the_text_says_what_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
