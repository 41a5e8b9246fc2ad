/* SPDX-License-Identifier: Apache-2.0 */
/* What every class of error does, and workers that die: one story each, on a virtual clock. */
#include "chips_story.h"

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

static void the_end_of_a_hung_worker_leaves_its_device_to_others(void **state)
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
		STORY(the_end_of_a_hung_worker_leaves_its_device_to_others),
		STORY(a_job_that_was_killed_has_run_so_long),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
