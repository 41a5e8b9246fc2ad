/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks that end because of other ranks: the cause, and when each device is free. */
#include "chips_story.h"

static void a_rank_that_waits_for_the_release_is_not_ended(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(3);
	j = submitted(3);
	open_all(3);
	for (int32_t i = 0; i < 3; i++)
		for (int p = PHASE_TAKEN; p <= (i == 1 ? PHASE_LOADED : PHASE_ARMED); p++)
			worker_reaches(worker_on(i), (enum run_phase)p);
	worker_ends(worker_on(1), DVS_PEER, false); /* and all others are open */
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(a_rank_that_waits_for_the_release_is_not_ended),
		STORY(who_has_not_even_opened_makes_no_timer_spin),
		STORY(who_may_go_on_after_a_wrong_result_not_after_a_death),
		STORY(nobody_goes_on_who_was_not_released),
		STORY(who_opens_while_it_is_quarantined_is_closed),
		STORY(what_one_rank_is_done_with_is_anothers_at_once),
		STORY(also_when_it_was_never_sent_anything),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
