/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog of a gang: its run, a deadlock, a peer that is missing, and its end. */
#include "chips_watch.h"

/* ---- its run ---- */

static void a_run_that_is_too_long_is_that_of_who_still_runs(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 3);
	r.v.released_s = now_s - 600;
	for (int i = 0; i < 3; i++)
		r.ranks[i].progress_ns = ago(0);
	fails(&r, 0, DVS_TIMEOUT, "timed out: the run took longer than 10m00s");
	r.ranks[1].evidence = 1; /* the others may wait for it */
	fails(&r, 1, DVS_TIMEOUT, "timed out: the run took longer than 10m00s");
	r.ranks[1].phase = PHASE_RAN; /* it is over */
	fails(&r, 0, DVS_TIMEOUT, "timed out: the run took longer than 10m00s");
	r.ranks[0].has_worker = false;
	fails(&r, 2, DVS_TIMEOUT, "timed out: the run took longer than 10m00s");
	r.ranks[2].is_given_up = true;
	is_well(&r);
	r.ranks[2].is_given_up = false;
	r.v.is_released = false;
	is_well(&r);
	rig_done(&r);
}

static void without_a_barrier_the_run_of_each_rank_begins_with_its_request(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 2);
	r.q.has_barrier = false;
	r.v.released_s = 1;
	r.ranks[0].evidence = 1;
	r.ranks[0].progress_ns = ago(0);
	r.ranks[1].sent_s = now_s - 599.75;
	looks_again_in(&r, 0.25);
	r.ranks[1].sent_s = now_s - 600;
	fails(&r, 1, DVS_TIMEOUT, "timed out: the run took longer than 10m00s");
	r.ranks[1].phase = PHASE_RAN;
	is_well(&r);
	rig_done(&r);
}

static void rig_init_waiting(struct rig *r)
{
	rig_init(r, 3);
	for (uint32_t i = 0; i < 3; i++) {
		r->ranks[i].evidence = i == 1 ? 0 : 2;
		r->ranks[i].has_reported = true;
		r->ranks[i].done = 4 + i;
		r->ranks[i].progress_ns = ago(20 - i);
	}
}

static void a_deadlock_says_what_each_rank_waits_for(void **state)
{
	struct rig r;

	(void)state;
	rig_init_waiting(&r);
	fails(&r, 0, DVS_DEADLOCK,
	      "deadlock: nothing runs and nothing can; rank 0 is waiting for other ranks at step 4 "
	      "for "
	      "20.0s; rank 1 is idle at step 5 for 19.0s; rank 2 is waiting for other ranks at "
	      "step 6 for "
	      "18.0s");
	r.ranks[0].stage = STAGE_ENDED;
	r.ranks[1].evidence = 3; /* no driver should report this */
	fails(&r, 1, DVS_DEADLOCK,
	      "deadlock: nothing runs and nothing can; rank 1 is idle at step 5 for 19.0s; rank 2 "
	      "is "
	      "waiting for other ranks at step 6 for 18.0s");
	rig_done(&r);
}

/* The last one that moved, whichever rank it was, and the last end of a rank. */
static void a_deadlock_begins_with_the_last_movement(void **state)
{
	struct rig r;

	(void)state;
	rig_init_waiting(&r);
	r.ranks[1].progress_ns = ago(9.75);
	looks_again_in(&r, 0.25);
	r.ranks[1].progress_ns = ago(10);
	assert_int_equal(look(&r)->class, DVS_DEADLOCK);
	r.ranks[1].progress_ns = ago(90);
	r.v.moved_s = now_s - 9.75;
	looks_again_in(&r, 0.25);
	rig_done(&r);
}

static void it_is_no_deadlock_while_anybody_may_move_the_others(void **state)
{
	static const char *const ways[] = {"unreleased", "unlimited", "naive", "opens", "finishes",
					   "given up",	 "no worker", "runs",  "armed", "silent"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct rig r;
		struct watch_rank *k = &r.ranks[1];

		rig_init_waiting(&r);
		switch (i) {
		case 0:
			r.v.is_released = false;
			break;
		case 1:
			r.q.stall_s = 0;
			break;
		case 2:
			r.s.watch = WATCH_IDLE;
			for (int n = 0; n < 3; n++)
				r.ranks[n].progress_ns = ago(1);
			break;
		case 3:
			k->stage = STAGE_BEFORE;
			break;
		case 4:
			k->phase = PHASE_RAN;
			break;
		case 5:
			k->is_given_up = true;
			break;
		case 6:
			k->has_worker = false;
			break;
		case 7:
			k->evidence = 1;
			k->progress_ns = ago(1);
			break;
		case 8:
			k->phase = PHASE_ARMED;
			break;
		default:
			k->has_reported = false;
			break;
		}
		if (look(&r)->kind != VERDICT_NONE)
			fail_msg("%s: %s", ways[i], r.verdict.text.s);
		rig_done(&r);
	}
}

static void an_attempt_that_is_too_long_is_that_of_who_is_left(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 4);
	r.q.run_s = 0;
	r.s.wall_s = 100;
	r.v.started_s = now_s - 100;
	r.ranks[0].stage = STAGE_ENDED;
	r.ranks[1].stage = STAGE_SENT;
	r.ranks[1].phase = PHASE_ARMED;
	fails(&r, 2, DVS_TIMEOUT, "the attempt as a whole took longer than 'wall'"); /* it runs */
	r.ranks[0].stage = STAGE_RUNNING;
	r.ranks[2].stage = r.ranks[3].stage = STAGE_BEFORE;
	fails(&r, 0, DVS_TIMEOUT, "the attempt as a whole took longer than 'wall'");
	r.ranks[0].stage = STAGE_ENDED;
	fails(&r, 1, DVS_TIMEOUT, "the attempt as a whole took longer than 'wall'");
	r.ranks[1].is_given_up = true;
	is_well(&r);
	rig_done(&r);
}

/* ---- a peer that is missing ---- */

static void who_has_not_come_is_the_one_that_others_missed(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 4);
	r.v.is_released = false;
	r.v.missing_at_s = now_s + 0.25;
	r.ranks[0].stage = STAGE_ENDED; /* it said so */
	r.ranks[1].stage = STAGE_ARMED; /* it is there */
	r.ranks[1].phase = PHASE_ARMED;
	r.ranks[2].stage = STAGE_SENT;
	r.ranks[2].phase = PHASE_LOADED;
	r.ranks[2].call = CALL_JOIN;
	r.ranks[3].stage = STAGE_SENT;
	looks_again_in(&r, 0.25); /* it may say why itself */
	r.v.missing_at_s = now_s;
	fails(&r, 2, DVS_STALL, "the other ranks waited for it; its driver is in join()");
	r.ranks[2].is_given_up = true;
	r.ranks[3].stage = STAGE_RUNNING;
	fails(&r, 3, DVS_STALL, "the other ranks waited for it; its driver is in none()");
	r.ranks[3].stage = STAGE_BEFORE; /* no other rank is left */
	assert_int_equal(look(&r)->kind, VERDICT_GIVE_UP);
	rig_done(&r);
}

/* ---- the end ---- */

static void a_job_that_is_asked_to_end_is_killed_when_its_time_is_over(void **state)
{
	static const struct {
		double diagnose_in_s, kill_in_s, again_in_s;
		enum verdict_kind kind;
	} rows[] = {
		{INFINITY, 0.25, 0.25, VERDICT_NONE}, {0.5, 0.25, 0.25, VERDICT_NONE},
		{0.25, 0.5, 0.25, VERDICT_NONE},      {0.5, 0, 0, VERDICT_KILL},
		{0, 0.5, 0, VERDICT_NO_ANSWER},	      {0, 0, 0, VERDICT_NO_ANSWER},
		{INFINITY, 0, 0, VERDICT_KILL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_init(&r, 1);
		r.ranks[0].beat_ns = ago(100); /* it is not judged any more */
		r.v.is_ending = true;
		r.v.diagnose_by_s = now_s + rows[i].diagnose_in_s;
		r.v.kill_at_s = now_s + rows[i].kill_in_s;
		assert_int_equal(look(&r)->kind, rows[i].kind);
		assert_true(fabs(r.verdict.next_s - now_s - rows[i].again_in_s) < 1e-6);
		rig_done(&r);
	}
}

/* One at a time: the first rank, and the first of its limits. */
static void one_verdict_is_given_at_a_time(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 3);
	r.ranks[1].beat_ns = r.ranks[2].beat_ns = ago(100);
	r.ranks[1].call = CALL_POLL;
	r.ranks[1].call_since_ns = ago(100);
	r.v.released_s = r.v.started_s = now_s - 1000;
	r.s.wall_s = 1;
	r.v.missing_at_s = 1;
	fails(&r, 1, DVS_LOST, "its worker does not answer: no heartbeat for 3s");
	r.ranks[1].is_given_up = true;
	fails(&r, 2, DVS_LOST, "its worker does not answer: no heartbeat for 3s");
	r.ranks[2].is_given_up = true;
	fails(&r, 0, DVS_TIMEOUT, "timed out: the run took longer than 10m00s");
	r.q.run_s = 0;
	fails(&r, 0, DVS_TIMEOUT, "the attempt as a whole took longer than 'wall'");
	r.s.wall_s = 0;
	fails(&r, 0, DVS_STALL, "the other ranks waited for it; its driver is in none()");
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_that_is_too_long_is_that_of_who_still_runs),
		cmocka_unit_test(without_a_barrier_the_run_of_each_rank_begins_with_its_request),
		cmocka_unit_test(a_deadlock_says_what_each_rank_waits_for),
		cmocka_unit_test(a_deadlock_begins_with_the_last_movement),
		cmocka_unit_test(it_is_no_deadlock_while_anybody_may_move_the_others),
		cmocka_unit_test(an_attempt_that_is_too_long_is_that_of_who_is_left),
		cmocka_unit_test(who_has_not_come_is_the_one_that_others_missed),
		cmocka_unit_test(a_job_that_is_asked_to_end_is_killed_when_its_time_is_over),
		cmocka_unit_test(one_verdict_is_given_at_a_time),
	};

	return RUN(tests);
}
