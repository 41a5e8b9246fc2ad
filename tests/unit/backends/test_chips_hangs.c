/* SPDX-License-Identifier: Apache-2.0 */
/* Hanging and stopped workers, and a scheduler that was stopped: which workers are ended. */
#include "chips_story.h"

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

/* Its message was sent before it was killed, and is read afterwards. */
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
	worker_ends(worker_on(0), DVS_OK, false); /* its message is read only now */
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
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
		STORY(a_hang_after_the_first_error_is_not_the_cause),
		STORY(the_wall_stands_before_the_release_too),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
