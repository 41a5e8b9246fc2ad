/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting jobs: what they wait for, messages about them, and their order. */
#include "chips_story.h"

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
	assert_int_equal(waiting->state, FAKE_SUBMITTED); /* a pause does not count */
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

static void a_gang_does_not_start_in_a_broken_domain(void **state)
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

/* ---- order ---- */

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
		STORY(nothing_spins_while_jobs_wait),
		STORY(nor_for_devices_that_others_have),
		STORY(nor_while_it_is_paused),
		STORY(what_waits_is_said_once_until_all_have_started),
		STORY(a_device_that_others_have_is_named_to_who_waits),
		STORY(a_probe_of_a_device_that_is_in_use_comes_again_later),
		STORY(a_device_on_probation_takes_a_canary),
		STORY(a_poisoned_device_is_probed_before_its_next_job),
		STORY(a_wedge_at_open_is_one_of_its_neighbours_too),
		STORY(a_gang_does_not_start_in_a_broken_domain),
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
