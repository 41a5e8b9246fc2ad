/* SPDX-License-Identifier: Apache-2.0 */
/* A pause, as by Ctrl-Z: all that a slot runs stops, and so do its clocks. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "exec_bed.h"

static void a_pause_stops_all_of_the_job_and_its_clocks(void **state)
{
	struct slot_bed *b = *state;
	double began_s = bed_now_s(), stopped_s, paused_s;
	pid_t leader, orphan;

	b->rules.timeout_s = 2;
	bed_shell(b, "(setsid sh -c 'echo orphan $$; exec sleep 1000' &); echo leader $$; "
		     "while :; do :; done");
	bed_start(b, 1);
	orphan = bed_pid_in_log(b, "orphan ");
	leader = bed_pid_in_log(b, "leader ");
	slot_pause(b->slot, true);
	bed_wait_for_state(leader, "T");
	bed_wait_for_state(orphan, "T");
	stopped_s = bed_now_s();
	poll(NULL, 0, 2100); /* longer than the time limit */
	assert_false(b->has_ended);
	paused_s = bed_now_s() - stopped_s;
	slot_pause(b->slot, false);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_true(bed_now_s() - began_s >= 2 + paused_s);
	assert_true(b->result.duration_s <= bed_now_s() - began_s - paused_s);
}

static void a_paused_job_can_be_killed(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "trap 'exit 0' TERM; echo up $$; while :; do :; done");
	for (int now = 0; now <= 1; now++) {
		unlink(b->log); /* the last round's, which says up, too */
		bed_start(b, 1);
		pid_t pid = bed_pid_in_log(b, "up ");

		slot_pause(b->slot, true);
		bed_wait_for_state(pid, "T");
		slot_kill(b->slot, now, REASON_USER);
		bed_wait(b);
		assert_ended(b, JOB_KILLED, REASON_USER);
		assert_int_equal(b->result.term_signal, now ? SIGKILL : 0);
		slot_pause(b->slot, false);
	}
}

/* Such as another dvsched. */
static void a_handler_of_tstp_is_signalled_first(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "trap told=1 TSTP; trap on=1 CONT; echo up $$; "
		     "while [ \"$told$on\" != 11 ]; do :; done");
	bed_start(b, 1);
	pid_t pid = bed_pid_in_log(b, "up ");

	slot_pause(b->slot, true);
	bed_wait_for_state(pid, "T");
	slot_pause(b->slot, false);
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
}

static void what_is_forked_while_it_stops_stops(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "echo up $$; while :; do (:) & (:) & wait; done");
	bed_start(b, 1);
	pid_t pid = bed_pid_in_log(b, "up ");

	slot_pause(b->slot, true);
	bed_wait_for_state(pid, "TD");
	slot_pause(b->slot, false);
	bed_wait_for_state(pid, "RS");
	slot_kill(b->slot, true, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
}

/* They work for jobs, and are stopped with them. */
static void kept_daemons_pause_too(void **state)
{
	static const char *const keep[] = {"sleep", NULL};
	struct slot_bed *b = *state;
	pid_t pid;

	b->rules.keep = keep;
	bed_shell(b, "setsid sleep 1000 & echo pid $!; "
		     "while ! grep -q sleep /proc/$!/comm; do :; done");
	bed_start(b, 1);
	pid = bed_pid_in_log(b, "pid ");
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	slot_pause(b->slot, true);
	bed_wait_for_state(pid, "T");
	slot_pause(b->slot, false);
	bed_wait_for_state(pid, "S");
}

/* A second pause, and a second end of a pause, have no effect. */
static void a_pause_in_a_pause_is_one(void **state)
{
	struct slot_bed *b = *state;
	pid_t pid;

	b->rules.timeout_s = 1000;
	bed_shell(b, "echo up $$; while :; do :; done");
	bed_start(b, 1);
	pid = bed_pid_in_log(b, "up ");
	slot_pause(b->slot, true);
	slot_pause(b->slot, true);
	bed_wait_for_state(pid, "T");
	slot_pause(b->slot, false);
	slot_pause(b->slot, false);
	bed_wait_for_state(pid, "R");
	assert_false(b->has_ended);
	slot_kill(b->slot, true, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(a_pause_stops_all_of_the_job_and_its_clocks),
		EXEC_CASE(a_paused_job_can_be_killed),
		EXEC_CASE(a_handler_of_tstp_is_signalled_first),
		EXEC_CASE(what_is_forked_while_it_stops_stops),
		EXEC_CASE(kept_daemons_pause_too),
		EXEC_CASE(a_pause_in_a_pause_is_one),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
