/* SPDX-License-Identifier: Apache-2.0 */
/* Each clock of a run and each rule of the watchdog: when it ends a rank, when it does not, and the
 * effect on the job and its device. */
#include "chips_story.h"

#include <math.h>

/* One job, as far as that phase. */
static struct fake_job *reached(enum run_phase last)
{
	struct fake_job *j;

	begin(1);
	j = submitted(1);
	open_all(1);
	for (int p = PHASE_TAKEN; p <= (int)last; p++)
		worker_reaches(worker_on(0), (enum run_phase)p);
	return j;
}

static bool is_being_ended(int32_t device)
{
	return worker_on(device)->is_asked || worker_on(device)->is_killed;
}

static void ends_for_its_clock(int32_t device)
{
	if (!worker_on(device)->is_killed)
		worker_answers(worker_on(device));
	assert_true(worker_on(device)->is_killed);
	worker_dies(worker_on(device));
}

static void enters(int32_t device, enum driver_call call)
{
	atomic_store(&worker_on(device)->board.call, call);
	atomic_store(&worker_on(device)->board.call_since_ns, board_now_ns());
}

static void shows(int32_t device, uint32_t evidence)
{
	atomic_store(&worker_on(device)->board.has_reported, 1);
	atomic_store(&worker_on(device)->board.evidence, evidence);
	atomic_store(&worker_on(device)->board.progress_ns, board_now_ns());
	atomic_fetch_add(&worker_on(device)->board.done, 1);
}

/* ---- clocks ---- */

static void each_clock_of_a_run_has_its_end(void **state)
{
	static const struct {
		enum run_phase reached;
		double limit_s;
		enum job_reason reason;
		bool is_counted;
		uint32_t n_marks;
	} rows[] = {
		{PHASE_NONE, 5, REASON_LOST, false, 1}, /* its request is not even read */
		{PHASE_TAKEN, 30, REASON_POISON, false, 1},
		{PHASE_LOADED, 61, REASON_STALL, true, 1},
		{PHASE_LAUNCHED, 60, REASON_TIMEOUT, true, 1},
		{PHASE_RAN, 60, REASON_POISON, false, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake_job *j = reached(rows[i].reached);

		j->request.run_s = rows[i].reason == REASON_TIMEOUT ? rows[i].limit_s : 0;
		world_pass(rows[i].limit_s - 0.5);
		assert_false(is_being_ended(0));
		world_pass(1.5);
		assert_true(is_being_ended(0));
		ends_for_its_clock(0);
		assert_int_equal(j->result.reason, rows[i].reason);
		assert_int_equal(j->result.is_uncounted, !rows[i].is_counted);
		assert_int_equal(world.stored[0].n_marks, rows[i].n_marks);
		world_done();
	}
	begin(1);
}

static void a_clock_says_which_one_and_what_the_driver_does(void **state)
{
	struct fake_job *j = reached(PHASE_TAKEN);

	(void)state;
	enters(0, CALL_LOAD);
	world_pass(30.5);
	ends_for_its_clock(0);
	assert_non_null(strstr(j->message, "load was not done within 30.0s; driver none is in "
					   "load() for 30."));
	assert_string_equal(j->context, "it hangs\n");
}

static void a_run_without_a_limit_goes_on(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = job_new(1);
	j->request.run_s = 0;
	job_submit(j);
	open_all(1);
	launch(1);
	world_pass(5000);
	assert_false(is_being_ended(0));
}

static void the_clock_of_a_gangs_run_begins_with_its_release(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(2);
	open_all(2);
	for (int p = PHASE_TAKEN; p <= PHASE_ARMED; p++)
		worker_reaches(worker_on(0), (enum run_phase)p);
	worker_reaches(worker_on(1), PHASE_TAKEN);
	worker_reaches(worker_on(1), PHASE_LOADED);
	world_pass(55);
	assert_false(worker_on(0)->is_released);
	worker_reaches(worker_on(1), PHASE_ARMED);
	for (int32_t i = 0; i < 2; i++) {
		assert_true(worker_on(i)->is_released);
		worker_reaches(worker_on(i), PHASE_LAUNCHED);
	}
	world_pass(59);
	assert_false(is_being_ended(0) || is_being_ended(1));
	world_pass(2);
	assert_true(is_being_ended(0) || is_being_ended(1));
	run_through(j);
	assert_int_equal(j->result.reason, REASON_TIMEOUT);
	assert_true(j->result.duration_s > 59 && j->result.duration_s < 62);
}

static void without_a_barrier_each_rank_has_its_own_clock(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = job_new(2);
	j->request.has_barrier = false;
	j->request.open_s = 0;
	job_submit(j);
	worker_opens(worker_on(0));
	worker_opens(worker_on(1));
	assert_int_equal(j->state, FAKE_STARTED);
	world_pass(0.5);
	for (int p = PHASE_TAKEN; p <= PHASE_LAUNCHED; p++)
		worker_reaches(worker_on(0), (enum run_phase)p);
	worker_reaches(worker_on(1), PHASE_TAKEN);
	world_pass(19.5);
	for (int p = PHASE_LOADED; p <= PHASE_LAUNCHED; p++)
		worker_reaches(worker_on(1), (enum run_phase)p);
	world_pass(41);
	assert_true(is_being_ended(0));
	assert_false(worker_on(1)->is_asked);
	ends_for_its_clock(0);
	run_through(j);
	assert_int_equal(j->result.reason, REASON_TIMEOUT);
	assert_int_equal(world.stored[0].n_marks, 1);
	assert_int_equal(world.stored[1].n_marks, 0);
}

static void a_device_that_opens_too_late_is_left_and_the_job_goes_on(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = job_new(1);
	j->request.open_s = 20;
	job_submit(j);
	enters(0, CALL_OPEN);
	world_pass(19);
	assert_false(worker_on(0)->is_killed);
	world_pass(1.5);
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	assert_non_null(
		strstr(world.stored[0].reason,
		       "device 0 did not open within 20s; driver none is in open() for 20."));
	assert_int_equal(j->state, FAKE_SUBMITTED);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
	assert_int_equal(j->n_ended, 1);
}

static void who_waits_too_long_for_devices_never_ran(void **state)
{
	struct fake_job *first, *j;

	(void)state;
	begin(1);
	first = submitted(1);
	first->request.run_s = 0;
	j = job_new(1);
	j->request.queue_s = 15;
	job_submit(j);
	open_all(1);
	launch(1);
	world_pass(14.5);
	assert_int_equal(j->state, FAKE_SUBMITTED);
	world_pass(1);
	assert_int_equal(j->result.reason, REASON_QUEUE_TIMEOUT);
	assert_int_equal(j->n_started, 0);
	assert_int_equal(first->state, FAKE_STARTED);
}

static void an_attempt_as_a_whole_has_a_limit(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(1);
	world.settings.wall_s = 40;
	world_begin();
	j = submitted(1);
	open_all(1);
	launch(1);
	world_pass(39);
	assert_false(is_being_ended(0));
	world_pass(2);
	ends_for_its_clock(0);
	assert_int_equal(j->result.reason, REASON_TIMEOUT);
	assert_non_null(strstr(j->message, "'wall'"));
}

/* ---- the watchdog ---- */

static void what_runs_and_does_not_move_stalls(void **state)
{
	struct fake_job *j = reached(PHASE_LAUNCHED);

	(void)state;
	for (int i = 0; i < 4; i++) {
		world_pass(9);
		assert_false(is_being_ended(0));
		shows(0, 1);
	}
	world_pass(11);
	assert_true(is_being_ended(0));
	ends_for_its_clock(0);
	assert_int_equal(j->result.reason, REASON_STALL);
	assert_non_null(strstr(j->message, "no progress for 10s at step 4"));
	assert_int_equal(world.stored[0].n_marks, 1);
}

/* A driver that never reports progress has only the time limit of the run. */
static void one_that_says_nothing_is_never_judged_by_it(void **state)
{
	static const uint32_t n_ranks[] = {1, 2};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(n_ranks); k++) {
		struct fake_job *j;

		begin(2);
		j = job_new(n_ranks[k]);
		j->request.run_s = 0;
		job_submit(j);
		open_all(n_ranks[k]);
		launch(n_ranks[k]);
		world_pass(1000);
		for (uint32_t i = 0; i < n_ranks[k]; i++)
			assert_false(is_being_ended((int32_t)i));
		run_through(j);
		assert_int_equal(j->result.status, JOB_PASSED);
		world_done();
	}
	begin(1);
}

static void who_waits_for_others_or_does_nothing_is_not_ended(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(3);
	j = job_new(3);
	j->request.run_s = 0;
	job_submit(j);
	open_all(3);
	launch(3);
	shows(0, 2);
	shows(1, 0);
	for (int i = 0; i < 20; i++) {
		shows(2, 1);
		world_pass(9);
		assert_false(is_being_ended(0) || is_being_ended(1) || is_being_ended(2));
	}
	run_through(j);
	assert_int_equal(j->result.status, JOB_PASSED);
}

static void the_idle_rule_ends_them(void **state)
{
	world_init(2);
	(void)state;
	world.settings.watch = WATCH_IDLE;
	world_begin();
	submitted(2);
	open_all(2);
	launch(2);
	shows(0, 2);
	for (int i = 0; i < 3; i++) {
		shows(1, 1);
		world_pass(4);
	}
	assert_true(is_being_ended(0));
}

static void when_nobody_moves_and_all_wait_it_is_a_deadlock(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(2);
	open_all(2);
	launch(2);
	world_pass(1);
	shows(0, 2);
	shows(1, 0);
	world_pass(9.5);
	assert_false(is_being_ended(0) || is_being_ended(1));
	world_pass(1.5);
	assert_true(is_being_ended(0));
	run_through(j);
	assert_int_equal(j->result.reason, REASON_DEADLOCK);
	assert_non_null(strstr(j->message, "rank 0 is waiting for other ranks at step 1 for "));
	assert_non_null(strstr(j->message, "rank 1 is idle at step 1 for "));
	for (int i = 0; i < 2; i++)
		assert_int_equal(world.stored[i].n_marks, 0);
}

static void before_the_release_nothing_is_a_deadlock(void **state)
{
	(void)state;
	begin(2);
	submitted(2);
	open_all(2);
	for (int p = PHASE_TAKEN; p <= PHASE_ARMED; p++)
		worker_reaches(worker_on(0), (enum run_phase)p);
	worker_reaches(worker_on(1), PHASE_TAKEN);
	shows(0, 2);
	shows(1, 0);
	world_pass(29);
	assert_false(is_being_ended(0) || is_being_ended(1));
}

static void a_call_that_must_not_wait_is_a_stall(void **state)
{
	static const struct {
		enum driver_call call;
		bool must_not_wait;
	} rows[] = {{CALL_LAUNCH, true},   {CALL_POLL, true},	   {CALL_ABORT, true},
		    {CALL_CLASSIFY, true}, {CALL_IS_USABLE, true}, {CALL_PREPARE, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int has_stall = 0; has_stall < 2; has_stall++) {
			double limit_s = has_stall ? 4 : 10;
			struct fake_job *j;

			begin(1);
			j = job_new(1);
			j->request.run_s = 0;
			j->request.stall_s = has_stall ? 4 : 0;
			job_submit(j);
			open_all(1);
			launch(1);
			enters(0, rows[i].call);
			world_pass(limit_s - 0.5);
			assert_false(is_being_ended(0));
			world_pass(2);
			assert_int_equal(is_being_ended(0), rows[i].must_not_wait);
			if (rows[i].must_not_wait) {
				ends_for_its_clock(0);
				assert_int_equal(j->result.reason, REASON_STALL);
			}
			world_done();
		}
	begin(1);
}

static void one_that_does_not_beat_is_lost(void **state)
{
	struct fake_job *j = reached(PHASE_LAUNCHED);

	(void)state;
	world.has_beats = true;
	world_pass(20);
	assert_false(is_being_ended(0));
	worker_on(0)->is_stopped = true;
	world_pass(2.5);
	assert_false(is_being_ended(0));
	world_pass(2);
	assert_true(is_being_ended(0));
	world_pass(1.1); /* and does not answer either */
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_int_equal(j->result.reason, REASON_LOST);
	assert_false(j->result.is_uncounted);
}

static void a_hung_worker_is_asked_for_a_second(void **state)
{
	struct fake_job *j = reached(PHASE_LAUNCHED);

	(void)state;
	world_pass(60.5);
	assert_true(worker_on(0)->is_asked);
	assert_false(worker_on(0)->is_killed);
	world_pass(0.4);
	assert_false(worker_on(0)->is_killed);
	world_pass(0.7);
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_non_null(strstr(j->context, "did not answer"));
}

/* ---- peers ---- */

static void peers_have_their_grace_and_no_mark(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(3);
	j = submitted(3);
	open_all(3);
	launch(3);
	worker_ends(worker_on(1), DVS_POISON, false);
	assert_true(worker_on(0)->is_cancelled && worker_on(2)->is_cancelled);
	worker_ends(worker_on(0), DVS_STALL, false); /* fallout, whatever it looks like */
	world_pass(1.9);
	assert_false(worker_on(2)->is_killed);
	world_pass(0.2);
	assert_true(worker_on(2)->is_killed);
	worker_dies(worker_on(2));
	run_through(j);
	assert_int_equal(j->result.reason, REASON_POISON);
	assert_non_null(strstr(j->message, "rank 1 on device 1"));
	for (int i = 0; i < 3; i++)
		assert_int_equal(world.stored[i].n_marks, i == 1);
}

static void nobody_is_released_before_the_last_is_there(void **state)
{
	(void)state;
	begin(3);
	submitted(3);
	worker_opens(worker_on(0));
	worker_opens(worker_on(2));
	assert_int_equal(worker_on(0)->state, FAKE_IDLE); /* nothing is sent before all are open */
	worker_opens(worker_on(1));
	assert_int_equal(worker_on(0)->state, FAKE_RUNS);
	assert_int_equal(worker_on(1)->state, FAKE_IDLE); /* nor before there is a directory */
	worker_reaches(worker_on(0), PHASE_TAKEN);
	for (int32_t i = 0; i < 3; i++) {
		for (int p = i ? PHASE_TAKEN : PHASE_LOADED; p <= PHASE_ARMED; p++)
			worker_reaches(worker_on(i), (enum run_phase)p);
		for (int32_t k = 0; k < 3; k++)
			assert_int_equal(worker_on(k)->is_released, i == 2);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(each_clock_of_a_run_has_its_end),
		STORY(a_clock_says_which_one_and_what_the_driver_does),
		STORY(a_run_without_a_limit_goes_on),
		STORY(the_clock_of_a_gangs_run_begins_with_its_release),
		STORY(without_a_barrier_each_rank_has_its_own_clock),
		STORY(a_device_that_opens_too_late_is_left_and_the_job_goes_on),
		STORY(who_waits_too_long_for_devices_never_ran),
		STORY(an_attempt_as_a_whole_has_a_limit),
		STORY(what_runs_and_does_not_move_stalls),
		STORY(one_that_says_nothing_is_never_judged_by_it),
		STORY(who_waits_for_others_or_does_nothing_is_not_ended),
		STORY(the_idle_rule_ends_them),
		STORY(when_nobody_moves_and_all_wait_it_is_a_deadlock),
		STORY(before_the_release_nothing_is_a_deadlock),
		STORY(a_call_that_must_not_wait_is_a_stall),
		STORY(one_that_does_not_beat_is_lost),
		STORY(a_hung_worker_is_asked_for_a_second),
		STORY(peers_have_their_grace_and_no_mark),
		STORY(nobody_is_released_before_the_last_is_there),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
