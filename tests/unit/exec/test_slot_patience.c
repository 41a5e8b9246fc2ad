/* SPDX-License-Identifier: Apache-2.0 */
/* How long the scheduler waits for the response of a slot, and what it does then. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/proc_stat.h"
#include "disk.h"
#include "slot_bed.h"

static int teardown(void **state)
{
	bed_free(*state);
	return 0;
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

/* The reason of the kill stays that of the job. A pause gives the slot the time anew. */
static void a_slot_that_does_not_kill_its_job_is_killed(void **state)
{
	struct slot_bed *b;

	setenv("DVSCHED_TEST_DEAF", "1", 1);
	*state = b = bed_new();
	unsetenv("DVSCHED_TEST_DEAF");
	b->rules.grace_s = 1000;
	bed_shell(b, "exit 0");
	bed_start(b, 1);
	slot_kill(b->slot, true, REASON_MAX_FAILURES);
	slot_pause(b->slot, true);
	slot_pause(b->slot, false);
	bed_wait(b);
	assert_true(b->has_died);
	assert_non_null(strstr(b->why, ") did not end its job in time, and was killed"));
	assert_int_equal(b->lost, REASON_MAX_FAILURES);
}

/* The job writes it into a file. */
static pid_t pid_of_job(struct slot_bed *b)
{
	_cleanup_(freep) char *path = xasprintf("%s/pid", b->base);
	pid_t pid = 0;

	for (unsigned n = 0; n < 60000 && pid == 0; n++) {
		_cleanup_(freep) char *text = disk_text(path);

		if (text && strchr(text, '\n'))
			pid = (pid_t)atoi(text);
		bed_turn(b);
	}
	assert_true(pid > 0);
	return pid;
}

/* It was not read while the slot had no reader. */
static void what_a_slot_said_before_it_was_killed_counts(void **state)
{
	struct slot_bed *b = *state = bed_new();
	struct proc_stat st;
	pid_t pid;

	b->rules.is_shown = true;
	bed_shell(b, "echo $$ > pid; head -c 100000 /dev/zero | tr '\\0' x; exit 3");
	bed_start(b, 1);
	slot_listen(b->slot, false);
	pid = pid_of_job(b);
	for (unsigned n = 0; n < 60000 && proc_stat_read(pid, &st); n++)
		bed_turn(b);
	slot_kill(b->slot, true, REASON_USER);
	while (!b->has_died)
		ev_run(b->loop, EVRUN_ONCE);
	assert_true(b->has_ended);
	assert_int_equal(b->said.len, 100000);
	assert_int_equal(b->result.exit_status, 3);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_idle_slot_that_is_stopped_is_no_reason_to_wait,
					  teardown),
		cmocka_unit_test_teardown(a_stopped_slot_and_its_job_can_be_freed, teardown),
		cmocka_unit_test_teardown(a_slot_that_does_not_kill_its_job_is_killed, teardown),
		cmocka_unit_test_teardown(what_a_slot_said_before_it_was_killed_counts, teardown),
	};

	if (getenv("DVSCHED_TEST_DEAF"))
		for (;;)
			pause();
	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
