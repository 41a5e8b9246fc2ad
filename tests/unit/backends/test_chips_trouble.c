/* SPDX-License-Identifier: Apache-2.0 */
/* Failures of workers and gangs, one story each, on a virtual clock. */
#include "chips_story.h"

#include <math.h>

/* ---- the table ---- */

static void every_class_has_its_row(void **state)
{
	(void)state;
	for (int class = DVS_JOB; class < DVS_CLASS_COUNT; class ++) {
		const struct class_fate *fate = device_class_fate((enum dvs_class) class);
		struct fake_job *j;

		if (class == DVS_PEER) /* of a single rank: a deadlock, see below */
			continue;
		begin(1);
		j = submitted(1);
		open_all(1);
		worker_ends(worker_on(0), (enum dvs_class) class, false);
		assert_int_equal(j->state, FAKE_ENDED);
		assert_int_equal(j->result.status, fate->status);
		assert_int_equal(j->result.reason, fate->reason);
		assert_int_equal(j->result.is_uncounted, !fate->is_counted);
		assert_int_equal(worker_on(0)->is_killed, !fate->worker_goes_on);
		assert_int_equal(unit(0)->health.n_marks, fate->mark != MARK_NONE);
		assert_int_equal(unit(0)->health.state == HEALTH_QUARANTINED,
				 fate->mark == MARK_QUARANTINE);
		world_done();
	}
	begin(1);
}

static void a_process_that_cannot_go_on_gets_no_other_run(void **state)
{
	(void)state;
	begin(1);
	submitted(1);
	open_all(1);
	worker_ends(worker_on(0), DVS_JOB, true);
	assert_true(worker_on(0)->is_killed);
}

/* ---- deaths ---- */

static void an_idle_process_that_dies_is_opened_again(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(1);
	run_through(j);
	j = submitted(2); /* device 0 is open, device 1 opens */
	assert_int_equal(unit(0)->state, UNIT_IDLE);
	worker_dies(worker_on(0));
	worker_opens(worker_on(1));
	assert_int_equal(j->state, FAKE_SUBMITTED); /* not before both are open */
	worker_opens(worker_on(0));
	run_through(j);
	assert_int_equal(j->result.status, JOB_PASSED);
}

static void also_when_rank_0_was_sent_its_request(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	run_through(submitted(2));
	j = submitted(2);
	assert_int_equal(unit(0)->state, UNIT_BUSY);
	worker_dies(worker_on(1));
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_opens(worker_on(1));
	assert_int_equal(unit(1)->state, UNIT_BUSY);
	run_through(j);
	assert_int_equal(j->result.status, JOB_PASSED);
}

static void one_that_dies_before_its_first_run_has_not_opened(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(3);
	j = submitted(2);
	worker_opens(worker_on(0));
	worker_dies(worker_on(0)); /* and would so for ever */
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
	run_through(j);
	assert_int_equal(j->result.status, JOB_PASSED);
	assert_string_equal(j->where, "chips/2,1"); /* its neighbour comes last */
}

static void when_no_process_can_be_made_jobs_wait(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 3; n++) {
		struct fake_job *j;

		begin(3);
		world.cannot_start = true;
		j = submitted(n);
		assert_int_equal(j->state, FAKE_SUBMITTED);
		world_pass(3);
		world.cannot_start = false;
		world_pass(6);
		run_through(j);
		assert_int_equal(j->result.status, JOB_PASSED);
		world_done();
	}
	begin(1);
}

static void a_job_that_was_never_read_does_not_count(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	run_through(submitted(1));
	j = submitted(1);
	worker_dies(worker_on(0)); /* nobody knew yet that it was dying */
	assert_int_equal(j->result.reason, REASON_LOST);
	assert_true(j->result.is_uncounted);
	j = submitted(1);
	worker_opens(worker_on(0));
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_dies(worker_on(0));
	assert_int_equal(j->result.reason, REASON_LOST);
	assert_false(j->result.is_uncounted);
}

static void nor_at_fault_when_it_dies_elsewhere(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	run_through(submitted(1));
	j = submitted(1);
	worker_dies(worker_on(0)); /* unread */
	unit(0)->health.state = HEALTH_SUSPECT;
	job_submit(j); /* device 1 */
	for (int32_t i = 0; i < 2; i++)
		if (worker_on(i)) {
			worker_opens(worker_on(i));
			worker_reaches(worker_on(i), PHASE_TAKEN);
			worker_dies(worker_on(i));
		}
	assert_int_equal(j->result.reason, REASON_LOST); /* its first own one */
	job_submit(j);
	for (int32_t i = 0; i < 2; i++)
		if (worker_on(i)) {
			worker_opens(worker_on(i));
			worker_reaches(worker_on(i), PHASE_TAKEN);
			worker_dies(worker_on(i));
		}
	assert_int_equal(j->result.reason, REASON_BREAKS_DEVICES);
}

static void what_failed_and_died_is_not_taken_for_idle(void **state)
{
	struct fake_job *j, *next;

	(void)state;
	begin(1);
	j = submitted(1);
	next = submitted(1);
	open_all(1);
	worker_fails_and_dies(worker_on(0), DVS_JOB);
	assert_int_equal(j->result.reason, REASON_WRONG_RESULT);
	run_through(next);
	assert_int_equal(next->result.status, JOB_PASSED);
}

static void what_cannot_be_killed_is_dead_and_holds_up_nobody(void **state)
{
	struct fake_job *j, *next;

	(void)state;
	begin(2);
	j = submitted(2);
	open_all(2);
	launch(2);
	next = submitted(1);
	world.backend->ops->kill(world.backend, &j->job, KILL_NOW, REASON_USER);
	assert_true(worker_on(0)->is_killed && worker_on(1)->is_killed);
	worker_dies(worker_on(1));
	worker_stays(worker_on(0));
	assert_int_equal(j->state, FAKE_ENDED);
	assert_int_equal(unit(0)->health.state, HEALTH_DEAD);
	assert_int_equal(world.stored[0].state, HEALTH_DEAD);
	run_through(next);
	assert_string_equal(next->where, "chips/1");
	j = submitted(2); /* of which one is dead */
	assert_int_equal(j->state, FAKE_ENDED);
	assert_int_equal(j->result.reason, REASON_NO_DEVICE);
	close_backend();
	worker_dies(worker_on(1));
	assert_true(world.is_closed);
}

static void a_convicts_end_leaves_its_device_to_others(void **state)
{
	struct fake_job *j, *next;

	(void)state;
	begin(2);
	j = submitted(2);
	j->request.run_s = 1;
	open_all(2);
	launch(2);
	world_pass(1.01);
	assert_true(worker_on(0)->is_asked || worker_on(1)->is_asked);
	next = submitted(1);
	for (int32_t i = 0; i < 2; i++)
		if (worker_on(i)->is_asked)
			worker_dies(worker_on(i)); /* before it has answered */
	assert_int_equal(j->state, FAKE_STARTED);
	for (int32_t i = 0; i < 2; i++)
		if (worker_on(i)->state == FAKE_OPENING)
			worker_opens(worker_on(i));
	world_pass(1.5);
	for (int32_t i = 0; i < 2; i++)
		if (worker_on(i)->n_ranks == 1)
			assert_false(worker_on(i)->is_killed);
	world_pass(1);
	run_through(j);
	assert_int_equal(j->result.reason, REASON_TIMEOUT);
	run_through(next);
	assert_int_equal(next->result.status, JOB_PASSED);
}

static void a_job_that_was_killed_has_run_so_long(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	open_all(1);
	world_pass(4);
	world.backend->ops->kill(world.backend, &j->job, KILL_NOW, REASON_USER);
	worker_dies(worker_on(0));
	assert_true(j->result.duration_s > 3.9 && j->result.duration_s < 4.1);
}

/* ---- hanging ---- */

static void a_close_that_hangs_is_ended(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	run_through(submitted(1));
	j = job_new(1);
	j->request.open_options = "{\"runtime\":\"other\"}";
	job_submit(j);
	assert_int_equal(unit(0)->state, UNIT_CLOSING);
	world_pass(61);
	assert_true(worker_on(0)->is_killed);
	run_through(j);
	close_backend();
	world_pass(61);
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_true(world.is_closed);
	assert_non_null(strstr(world.trouble, "chips/0: device 0 did not close within 60s"));
	assert_int_equal(unit(0)->health.state, HEALTH_SUSPECT);
}

static void an_open_that_nobody_waits_for_has_its_clock(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	world.backend->ops->kill(world.backend, &j->job, KILL_TERM, REASON_USER);
	assert_int_equal(j->state, FAKE_ENDED);
	world_pass(301);
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
}

/* Its word was on the way when it was killed. */
static void an_open_that_comes_with_the_kill_is_none(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	world.backend->ops->kill(world.backend, &j->job, KILL_TERM, REASON_USER);
	world_pass(301);
	assert_true(worker_on(0)->is_killed);
	worker_opens(worker_on(0));
	assert_int_equal(unit(0)->state, UNIT_DYING);
	worker_dies(worker_on(0));
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
}

static void likewise_when_the_run_is_over(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	world.backend->ops->kill(world.backend, &j->job, KILL_TERM, REASON_USER);
	close_backend();
	assert_true(worker_on(0)->is_killed);
	worker_opens(worker_on(0));
	worker_dies(worker_on(0));
	assert_true(world.is_closed);
	assert_int_equal(unit(0)->health.state, HEALTH_UNKNOWN);
}

static void so_has_a_probe(void **state)
{
	(void)state;
	world_init(2);
	world.stored[0] = (struct device_health){.state = HEALTH_QUARANTINED, .until_wall_s = 1};
	world_begin();
	submitted(2);
	assert_int_equal(unit(0)->state, UNIT_OPENING);
	world_pass(301);
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
	assert_false(unit(0)->is_probe);
	assert_true(unit(0)->health.until_wall_s > clock_wall(&world.clock.clock));
}

static void a_process_that_is_stopped_while_it_opens_is_found(void **state)
{
	(void)state;
	begin(1);
	submitted(1);
	atomic_store(&worker_on(0)->board.beat_ns, board_now_ns());
	world_pass(3.5);
	assert_true(worker_on(0)->is_killed);
}

/* No timer fires meanwhile, and nothing is read: by a STOP, a batch system's suspend, a stalled
 * machine. */
static void scheduler_is_stopped(double s)
{
	world.clock.now_s += s;
}

static void nobody_is_judged_by_the_time_the_scheduler_was_stopped(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(2);
	open_all(2);
	launch(2);
	world.has_beats = true; /* of workers that were stopped, too: once they go on */
	world_pass(2);
	for (uint32_t i = 0; i < 2; i++) {
		atomic_store(&worker_on((int32_t)i)->board.evidence, 1);
		worker_on((int32_t)i)->is_stopped = true;
	}
	worker_reaches(worker_on(0), PHASE_FINISHED); /* longer ago than finish() may take */
	scheduler_is_stopped(600);
	world_pass(0.1);
	assert_false(worker_on(0)->is_killed || worker_on(1)->is_killed);
	worker_ends(worker_on(0), DVS_OK, false); /* it is heard only now */
	assert_false(worker_on(1)->is_killed);
	worker_on(1)->is_stopped = false;
	world_pass(5);
	assert_false(worker_on(1)->is_killed);
	worker_reaches(worker_on(1), PHASE_FINISHED);
	worker_ends(worker_on(1), DVS_OK, false);
	assert_int_equal(j->result.status, JOB_PASSED);
}

static void a_worker_that_stays_stopped_is_found_after_that(void **state)
{
	(void)state;
	begin(1);
	submitted(1);
	open_all(1);
	launch(1);
	atomic_store(&worker_on(0)->board.beat_ns, board_now_ns());
	world_pass(2);
	scheduler_is_stopped(600);
	world_pass(0.1);
	assert_false(worker_on(0)->is_killed);
	world_pass(5);
	assert_true(worker_on(0)->is_asked || worker_on(0)->is_killed);
}

static void an_open_is_not_late_for_a_scheduler_that_was_stopped(void **state)
{
	(void)state;
	begin(1);
	submitted(1);
	world_pass(2);
	scheduler_is_stopped(600);
	world_pass(0.1);
	assert_false(worker_on(0)->is_killed);
	worker_opens(worker_on(0));
	world_pass(1);
	assert_false(worker_on(0)->is_killed);
}

static void a_worker_that_never_closes_has_a_limit_without_a_budget(void **state)
{
	(void)state;
	world_init(1);
	world.settings.budget_s[CLOCK_RESET] = 0;
	world_begin();
	run_through(submitted(1));
	close_backend();
	world_pass(899);
	assert_false(worker_on(0)->is_killed);
	world_pass(2);
	assert_true(worker_on(0)->is_killed);
}

static void one_that_never_reads_its_request_is_found(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	run_through(submitted(1));
	j = submitted(1);
	atomic_store(&worker_on(0)->board.epoch, 77);
	world_pass(9);
	assert_true(worker_on(0)->is_asked || worker_on(0)->is_killed);
	world_pass(2);
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_int_equal(j->result.reason, REASON_LOST);
}

static void cleaning_up_after_a_fault_has_a_clock(void **state)
{
	static const enum driver_call calls[] = {CALL_FINISH, CALL_LEAVE, CALL_RESET, CALL_ABORT};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct fake_job *j;

		begin(1);
		j = submitted(1);
		j->request.run_s = 0;
		open_all(1);
		worker_reaches(worker_on(0), PHASE_TAKEN);
		atomic_store(&worker_on(0)->board.call, calls[i]);
		atomic_store(&worker_on(0)->board.call_since_ns, board_now_ns());
		for (int p = PHASE_LOADED; p <= PHASE_LAUNCHED; p++)
			worker_reaches(worker_on(0), (enum run_phase)p);
		world_pass(63);
		assert_true(worker_on(0)->is_killed);
		worker_dies(worker_on(0));
		assert_int_equal(j->state, FAKE_ENDED);
		world_done();
	}
	begin(1);
}

static void what_others_found_out_of_a_device_counts(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	world.stored[0].state = HEALTH_QUARANTINED; /* by another process, since we began */
	world.stored[0].until_wall_s = INFINITY;
	j = submitted(1);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	assert_null(worker_on(0));
}

static void set_aside_by_a_person(int device)
{
	world.stored[device].state = HEALTH_QUARANTINED;
	world.stored[device].until_wall_s = 253402300799.0;
}

static void what_a_person_sets_aside_gets_no_other_job(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	run_through(submitted(1));
	assert_int_equal(unit(0)->state, UNIT_IDLE);
	set_aside_by_a_person(0);
	world_pass(2);
	j = submitted(1);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
}

static void nor_does_what_happens_there_bring_it_back(void **state)
{
	static const enum dvs_class classes[] = {DVS_OK, DVS_POISON, DVS_WEDGE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		begin(1);
		world.stored[0].state = HEALTH_SUSPECT;
		submitted(1);
		open_all(1);
		worker_reaches(worker_on(0), PHASE_TAKEN);
		set_aside_by_a_person(0);
		worker_ends(worker_on(0), classes[i], classes[i] == DVS_OK);
		assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
		assert_true(world.stored[0].until_wall_s == 253402300799.0);
		world_done();
	}
	begin(1);
}

static void what_a_person_clears_is_used_again(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(2);
	set_aside_by_a_person(0);
	world_begin();
	run_through(submitted(1));
	submitted(1); /* it has 1 */
	world.stored[0] = (struct device_health){0};
	world_pass(2);
	j = submitted(1);
	worker_opens(worker_on(0));
	assert_string_equal(j->where, "chips/0");
}

static void also_while_nothing_else_happens(void **state)
{
	(void)state;
	world_init(1);
	world.stored[0] = (struct device_health){
		.state = HEALTH_QUARANTINED, .until_wall_s = clock_wall(&world.clock.clock) + 300};
	world_begin();
	submitted(1);
	world_pass(20);
	assert_null(worker_on(0));
	world.stored[0] = (struct device_health){0};
	world_pass(1.1);
	assert_non_null(worker_on(0));
}

static void a_file_that_cannot_be_read_keeps_others_readable(void **state)
{
	(void)state;
	world_init(2);
	world.is_unreadable[1] = true;
	set_aside_by_a_person(0);
	world_begin();
	run_through(submitted(1)); /* on 1 */
	world.stored[0] = (struct device_health){0};
	submitted(1);
	world_pass(2);
	submitted(1);
	assert_non_null(worker_on(0));
}

static void what_could_not_be_written_is_not_forgotten(void **state)
{
	(void)state;
	world_init(2);
	world.is_unwritable[0] = true;
	world_begin();
	submitted(1);
	worker_opens(worker_on(0));
	worker_ends(worker_on(0), DVS_WEDGE, false);
	world_pass(2);
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
	assert_int_equal(world.stored[0].state, HEALTH_UNKNOWN);
}

/* A turn waits once for a lock that is not to be had, and not at every change. */
static void a_lock_that_somebody_keeps_is_waited_for_once(void **state)
{
	(void)state;
	begin(1);
	run_through(submitted(1));
	assert_int_equal(world.stored[0].state, HEALTH_HEALTHY);
	submitted(1);
	worker_ends(worker_on(0), DVS_POISON, false);
	assert_int_equal(world.stored[0].state, HEALTH_SUSPECT);
	assert_int_equal(world.lock_ms, HEALTH_LOCK_MS);
}

static void a_hang_after_the_first_error_is_not_the_cause(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	open_all(1);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_on(0)->has_failed = true;
	atomic_store(&worker_on(0)->board.call, CALL_RESET);
	atomic_store(&worker_on(0)->board.call_since_ns, board_now_ns());
	world_pass(63);
	assert_true(worker_on(0)->is_killed);
	worker_fails_and_dies(worker_on(0), DVS_JOB);
	assert_int_equal(j->state, FAKE_ENDED);
	assert_int_equal(j->result.reason, REASON_WRONG_RESULT);
	run_through(submitted(1)); /* and its device goes on in a fresh process */
}

static void the_wall_stands_before_the_release_too(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(2);
	world.settings.wall_s = 100;
	world.settings.budget_s[CLOCK_LOAD] = 0;
	world_begin();
	j = submitted(2);
	open_all(2);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_reaches(worker_on(1), PHASE_TAKEN);
	world_pass(104);
	assert_true(worker_on(0)->is_killed && worker_on(1)->is_killed);
	worker_dies(worker_on(0));
	worker_dies(worker_on(1));
	assert_int_equal(j->result.reason, REASON_TIMEOUT);
}

/* ---- ranks that name others as the cause ---- */

static void who_waits_for_the_release_is_not_guilty(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(3);
	j = submitted(3);
	open_all(3);
	for (int32_t i = 0; i < 3; i++)
		for (int p = PHASE_TAKEN; p <= (i == 1 ? PHASE_LOADED : PHASE_ARMED); p++)
			worker_reaches(worker_on(i), (enum run_phase)p);
	worker_ends(worker_on(1), DVS_PEER, false); /* and the others are all there */
	world_pass(3);
	assert_true(worker_on(0)->is_cancelled && worker_on(2)->is_cancelled);
	world_pass(3);
	run_through(j);
	assert_int_equal(j->result.reason, REASON_DEADLOCK);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(unit(i)->health.n_marks, 0);
}

static void who_has_not_even_opened_makes_no_timer_spin(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	run_through(submitted(2));
	j = submitted(2);
	worker_dies(worker_on(1)); /* idle, before its request */
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_ends(worker_on(0), DVS_PEER, false);
	world_pass(20);
	run_through(j);
	assert_int_equal(j->state, FAKE_ENDED);
}

static void who_may_go_on_after_a_wrong_result_not_after_a_death(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(3);
	j = job_new(3);
	j->request.fail_fast = false;
	job_submit(j);
	open_all(3);
	launch(3);
	worker_ends(worker_on(0), DVS_JOB, false);
	assert_false(worker_on(2)->is_cancelled);
	worker_dies(worker_on(1));
	assert_true(worker_on(2)->is_cancelled);
	run_through(j);
	assert_int_equal(j->result.reason, REASON_WRONG_RESULT); /* the first */
}

static void nobody_goes_on_who_was_not_released(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = job_new(2);
	j->request.fail_fast = false;
	job_submit(j);
	open_all(2);
	worker_ends(worker_on(0), DVS_JOB, false); /* and there is no directory */
	run_through(j);
	assert_int_equal(j->result.reason, REASON_WRONG_RESULT);
}

static void who_opens_while_it_is_quarantined_is_closed(void **state)
{
	struct fake_job *j, *next;

	(void)state;
	world_init(2);
	world.settings.health.marks = 1;
	world_begin();
	j = submitted(2);
	open_all(2);
	launch(2);
	next = submitted(1);
	worker_ends(worker_on(0), DVS_POISON, false);
	worker_dies(worker_on(0)); /* its peer takes its time: the next job gets the device */
	assert_int_equal(unit(0)->state, UNIT_OPENING);
	worker_ends(worker_on(1), DVS_PEER, false);
	assert_int_equal(j->result.reason, REASON_POISON);
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
	world.backend->ops->kill(world.backend, &next->job, KILL_NOW, REASON_USER);
	worker_opens(worker_on(0));
	assert_int_equal(unit(0)->state, UNIT_CLOSING);
}

static void what_one_rank_is_done_with_is_anothers_at_once(void **state)
{
	struct fake_job *next;

	(void)state;
	begin(2);
	submitted(2);
	open_all(2);
	launch(2);
	next = submitted(1);
	worker_ends(worker_on(0), DVS_OK, false);
	assert_int_equal(next->state, FAKE_STARTED);
}

static void also_when_it_was_never_sent_anything(void **state)
{
	struct fake_job *next;

	(void)state;
	begin(2);
	run_through(submitted(2));
	submitted(2); /* rank 0 makes the directory */
	next = submitted(1);
	world.backend->ops->kill(world.backend, &world.jobs[1].job, KILL_TERM, REASON_USER);
	assert_int_equal(next->state, FAKE_STARTED);
	assert_string_equal(next->where, "chips/1");
}

/* ---- waiting ---- */

static void nothing_spins_while_jobs_wait(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(2);
	world.settings.idle_s = 2;
	world_begin();
	run_through(submitted(2));
	j = job_new(1);
	j->request.run_s = j->request.stall_s = 0;
	job_submit(j);
	submitted(2);
	world_pass(200); /* one idle, one at work, one job that waits */
	run_through(j);
}

static void nor_for_devices_that_others_have(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	for (int i = 0; i < 40; i++) {
		if (worker_on(0)) {
			worker_opens_not(worker_on(0), DVS_BUSY, "in use by pid 1");
			worker_dies(worker_on(0));
		}
		world_pass(3);
	}
	assert_int_equal(j->state, FAKE_SUBMITTED);
	assert_true(world.n_made < 45);
	world_pass(6);
	run_through(j);
	assert_int_equal(j->result.status, JOB_PASSED);
}

static void what_waits_is_said_once_until_all_have_started(void **state)
{
	struct fake_job *first;

	(void)state;
	begin(2);
	first = job_new(2);
	first->request.run_s = first->request.stall_s = 0;
	job_submit(first);
	open_all(2);
	launch(2);
	submitted(1);
	submitted(1);
	world_pass(9);
	assert_int_equal(world.n_waits, 0);
	world_pass(2);
	assert_int_equal(world.n_waits, 1);
	assert_string_equal(world.waits,
			    "j1: devices: it needs 1 of the 2 devices of 'chips', 2 of "
			    "them usable (and 1 more)");
	submitted(1);
	world_pass(30);
	assert_int_equal(world.n_waits, 1);
	run_through(first);
	run_through(&world.jobs[3]);
	assert_int_equal(world.n_waits, 1);
	first = job_new(2);
	first->request.run_s = first->request.stall_s = 0;
	job_submit(first);
	launch(2);
	submitted(1);
	world_pass(11);
	assert_int_equal(world.n_waits, 2);
}

static void a_device_that_others_have_is_named_to_who_waits(void **state)
{
	(void)state;
	begin(1);
	submitted(1);
	for (int i = 0; i < 40; i++) {
		if (worker_on(0)) {
			worker_opens_not(worker_on(0), DVS_BUSY, "in use by pid 1");
			worker_dies(worker_on(0));
		}
		world_pass(3);
	}
	assert_int_equal(world.n_waits, 1);
	assert_non_null(strstr(world.waits, "in use by pid 1"));
}

static void nor_while_it_is_paused(void **state)
{
	struct fake_job *j, *waiting;

	(void)state;
	begin(1);
	j = submitted(1);
	waiting = job_new(1);
	waiting->request.queue_s = 10;
	job_submit(waiting);
	world.backend->ops->pause(world.backend, true);
	world_pass(100);
	assert_int_equal(waiting->state, FAKE_SUBMITTED);
	world.backend->ops->pause(world.backend, false);
	assert_int_equal(waiting->state, FAKE_SUBMITTED); /* a pause is not its fault */
	run_through(j);
	run_through(waiting);
	assert_int_equal(waiting->result.status, JOB_PASSED);
}

static void a_probe_of_a_device_that_is_in_use_comes_again_later(void **state)
{
	(void)state;
	world_init(2);
	world.stored[0] = (struct device_health){.state = HEALTH_QUARANTINED, .until_wall_s = 1};
	world_begin();
	submitted(2);
	for (int i = 0; i < 20 && worker_on(0); i++) {
		worker_opens_not(worker_on(0), DVS_BUSY, "in use by pid 1");
		worker_dies(worker_on(0));
	}
	assert_null(worker_on(0));
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
	world_pass(0.5);
	assert_non_null(worker_on(0));
	world_pass(20); /* it opens, and takes its time */
}

static void a_device_on_probation_takes_a_canary(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(1);
	world.stored[0] = (struct device_health){.state = HEALTH_QUARANTINED, .until_wall_s = 1};
	world_begin();
	j = submitted(1);
	for (int i = 0; i < 2; i++) {
		worker_opens(worker_on(0)); /* a probe */
		assert_int_equal(j->state, FAKE_SUBMITTED);
		worker_dies(worker_on(0));
	}
	assert_int_equal(unit(0)->health.state, HEALTH_PROBATION);
	run_through(j);
	assert_int_equal(unit(0)->health.state, HEALTH_HEALTHY);
}

static void a_poisoned_device_is_probed_before_its_next_job(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	submitted(1);
	open_all(1);
	worker_ends(worker_on(0), DVS_POISON, false);
	j = submitted(1);
	worker_dies(worker_on(0));
	assert_int_equal(unit(0)->state, UNIT_OPENING);
	assert_int_equal(j->state, FAKE_SUBMITTED); /* the fresh process is the probe */
	worker_opens(worker_on(0));
	assert_int_equal(j->state, FAKE_STARTED);
	worker_ends(worker_on(0), DVS_POISON, false);
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
	j = submitted(1);
	worker_dies(worker_on(0));
	assert_null(worker_on(0)); /* a quarantine has its time */
	world_pass(10);
	assert_null(worker_on(0));
	assert_int_equal(j->state, FAKE_SUBMITTED);
}

static void a_wedge_at_open_is_one_of_its_neighbours_too(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(4);
	j = submitted(1);
	worker_opens_not(worker_on(0), DVS_WEDGE, "no heartbeat");
	worker_dies(worker_on(0));
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
	assert_int_equal(unit(1)->health.state, HEALTH_SUSPECT);
	assert_int_equal(unit(2)->health.state, HEALTH_UNKNOWN);
	run_through(j);
	assert_string_equal(j->where, "chips/2"); /* and neither the suspect one */
}

static void a_broken_domain_is_no_home_for_a_gang(void **state)
{
	struct fake_job *dead, *quarantined;

	(void)state;
	world_init(4);
	world.stored[0].state = world.stored[2].state = HEALTH_DEAD;
	world_begin();
	dead = job_new(2);
	dead->request.same_domain = true;
	job_submit(dead);
	assert_int_equal(dead->result.reason, REASON_NO_DEVICE);
	world_done();
	world_init(4);
	for (int i = 0; i < 4; i += 2)
		world.stored[i] = (struct device_health){.state = HEALTH_QUARANTINED,
							 .until_wall_s = 2e9};
	world_begin();
	quarantined = job_new(2);
	quarantined->request.same_domain = true;
	job_submit(quarantined);
	assert_int_equal(quarantined->state, FAKE_SUBMITTED);
	world_pass(31);
	assert_int_equal(quarantined->result.reason, REASON_NO_DEVICE);
}

/* ---- who is first ---- */

static void who_waited_too_long_goes_before_who_fits_better(void **state)
{
	struct fake_job *gang;

	(void)state;
	world_init(2);
	world.settings.max_streak = 1000;
	world_begin();
	submitted(1);
	submitted(1);
	gang = submitted(2);
	gang->request.image_key = 2;
	for (int i = 2; i < 30; i++)
		submitted(1);
	open_all(2);
	launch(2);
	world_pass(6);
	for (int k = 0; k < 12 && gang->state == FAKE_SUBMITTED; k++)
		for (int32_t i = 0; i < 2; i++)
			if (worker_on(i) && worker_on(i)->state == FAKE_RUNS)
				worker_ends(worker_on(i), DVS_OK, false);
	assert_int_equal(gang->state, FAKE_STARTED);
}

static void but_a_long_queue_keeps_images_together(void **state)
{
	struct fake_job *jobs[20];

	(void)state;
	begin(2);
	for (int i = 0; i < 20; i++) {
		jobs[i] = job_new(1);
		jobs[i]->request.image_key = 1 + (uint64_t)i % 2;
		job_submit(jobs[i]);
	}
	open_all(2);
	launch(2);
	world_pass(6); /* now all of them have waited too long */
	for (int i = 0; i < 6; i++) {
		worker_ends(worker_on(0), DVS_OK, false);
		launch(1);
	}
	for (int i = 0; i < 14; i += 2)
		assert_string_equal(jobs[i]->where, "chips/0");
	assert_int_equal(jobs[3]->state, FAKE_SUBMITTED);
}

static void devices_of_one_domain_are_kept_for_who_needs_them(void **state)
{
	struct fake_job *gang;
	uint32_t n = 0;

	(void)state;
	begin(4);
	for (int i = 0; i < 4; i++)
		submitted(1);
	gang = submitted(2);
	gang->request.same_domain = true;
	open_all(4);
	launch(4);
	for (; n < 40; n++)
		submitted(1);
	world_pass(6);
	/* Never two neighbours at once. */
	for (n = 0; n < 24 && gang->state == FAKE_SUBMITTED; n++) {
		static const int32_t order[] = {0, 2, 1, 3};
		struct device_worker *w = worker_on(order[n % 4]);

		if (w && w->state == FAKE_RUNS)
			worker_ends(w, DVS_OK, false);
	}
	assert_int_equal(gang->state, FAKE_STARTED);
}

static void nothing_is_kept_for_who_cannot_run(void **state)
{
	struct fake_job *small;

	(void)state;
	world_init(3);
	world.stored[0] = (struct device_health){.state = HEALTH_QUARANTINED, .until_wall_s = 2e9};
	world_begin();
	small = submitted(1);
	submitted(3);
	run_through(small);
	world_pass(6);
	run_through(submitted(1));
}

static void what_failed_here_waits_for_another_device(void **state)
{
	struct fake_job *j, *other;

	(void)state;
	begin(2);
	j = submitted(1);
	other = submitted(1);
	open_all(2);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_dies(worker_on(0));
	assert_int_equal(j->result.reason, REASON_LOST);
	job_submit(j); /* again: device 0 is free, device 1 will be */
	assert_int_equal(j->state, FAKE_SUBMITTED);
	run_through(other);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
}

static void nor_for_one_that_is_quarantined(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	world.stored[1] = (struct device_health){
		.state = HEALTH_QUARANTINED, .until_wall_s = clock_wall(&world.clock.clock) + 300};
	unit(1)->health = world.stored[1];
	j = submitted(1);
	worker_opens(worker_on(0));
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_ends(worker_on(0), DVS_POISON, false);
	worker_dies(worker_on(0));
	job_submit(j);
	assert_non_null(worker_on(0)); /* at once */
}

static void but_not_for_ever(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(1);
	submitted(1);
	open_all(2);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_dies(worker_on(0));
	job_submit(j);
	world_pass(6);
	worker_opens(worker_on(0));
	assert_string_equal(j->where, "chips/0");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(every_class_has_its_row),
		STORY(a_process_that_cannot_go_on_gets_no_other_run),
		STORY(an_idle_process_that_dies_is_opened_again),
		STORY(also_when_rank_0_was_sent_its_request),
		STORY(one_that_dies_before_its_first_run_has_not_opened),
		STORY(when_no_process_can_be_made_jobs_wait),
		STORY(a_job_that_was_never_read_does_not_count),
		STORY(nor_at_fault_when_it_dies_elsewhere),
		STORY(what_failed_and_died_is_not_taken_for_idle),
		STORY(what_cannot_be_killed_is_dead_and_holds_up_nobody),
		STORY(a_convicts_end_leaves_its_device_to_others),
		STORY(a_job_that_was_killed_has_run_so_long),
		STORY(a_close_that_hangs_is_ended),
		STORY(an_open_that_nobody_waits_for_has_its_clock),
		STORY(an_open_that_comes_with_the_kill_is_none),
		STORY(likewise_when_the_run_is_over),
		STORY(so_has_a_probe),
		STORY(a_process_that_is_stopped_while_it_opens_is_found),
		STORY(nobody_is_judged_by_the_time_the_scheduler_was_stopped),
		STORY(a_worker_that_stays_stopped_is_found_after_that),
		STORY(an_open_is_not_late_for_a_scheduler_that_was_stopped),
		STORY(a_worker_that_never_closes_has_a_limit_without_a_budget),
		STORY(one_that_never_reads_its_request_is_found),
		STORY(cleaning_up_after_a_fault_has_a_clock),
		STORY(what_others_found_out_of_a_device_counts),
		STORY(what_a_person_sets_aside_gets_no_other_job),
		STORY(nor_does_what_happens_there_bring_it_back),
		STORY(what_a_person_clears_is_used_again),
		STORY(also_while_nothing_else_happens),
		STORY(a_file_that_cannot_be_read_keeps_others_readable),
		STORY(what_could_not_be_written_is_not_forgotten),
		STORY(a_lock_that_somebody_keeps_is_waited_for_once),
		STORY(a_hang_after_the_first_error_is_not_the_cause),
		STORY(the_wall_stands_before_the_release_too),
		STORY(who_waits_for_the_release_is_not_guilty),
		STORY(who_has_not_even_opened_makes_no_timer_spin),
		STORY(who_may_go_on_after_a_wrong_result_not_after_a_death),
		STORY(nobody_goes_on_who_was_not_released),
		STORY(who_opens_while_it_is_quarantined_is_closed),
		STORY(what_one_rank_is_done_with_is_anothers_at_once),
		STORY(also_when_it_was_never_sent_anything),
		STORY(nothing_spins_while_jobs_wait),
		STORY(nor_for_devices_that_others_have),
		STORY(nor_while_it_is_paused),
		STORY(what_waits_is_said_once_until_all_have_started),
		STORY(a_device_that_others_have_is_named_to_who_waits),
		STORY(a_probe_of_a_device_that_is_in_use_comes_again_later),
		STORY(a_device_on_probation_takes_a_canary),
		STORY(a_poisoned_device_is_probed_before_its_next_job),
		STORY(a_wedge_at_open_is_one_of_its_neighbours_too),
		STORY(a_broken_domain_is_no_home_for_a_gang),
		STORY(who_waited_too_long_goes_before_who_fits_better),
		STORY(but_a_long_queue_keeps_images_together),
		STORY(devices_of_one_domain_are_kept_for_who_needs_them),
		STORY(nothing_is_kept_for_who_cannot_run),
		STORY(what_failed_here_waits_for_another_device),
		STORY(nor_for_one_that_is_quarantined),
		STORY(but_not_for_ever),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
