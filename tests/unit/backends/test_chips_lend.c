/* SPDX-License-Identifier: Apache-2.0 */
/* Devices for a command: the wait for them, devices that it must not get, and the effect of its end
 * on them. */
#include "chips_story.h"

#include <math.h>

static struct fake_job *command(uint32_t n_devices)
{
	struct fake_job *j = job_new(n_devices);

	j->request.is_borrowed = true;
	j->request.env_name = "DEVICES";
	j->request.has_barrier = j->request.has_join = false;
	job_submit(j);
	return j;
}

static struct slot *slot(void)
{
	assert_int_equal(world.n_slots, 1);
	return world.slots[0];
}

static void ends(bool is_good)
{
	slot_ends(slot(), is_good);
	slot_dies(slot());
}

/* ---- before it starts ---- */

static void a_worker_that_has_one_open_leaves_first(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	run_through(submitted(1));
	j = command(2);
	assert_true(worker_on(0)->is_closed);
	assert_int_equal(j->state, FAKE_SUBMITTED);
	assert_int_equal(world.n_slots, 0);
	worker_dies(worker_on(0));
	assert_int_equal(j->state, FAKE_STARTED);
	assert_string_equal(j->where, "chips/1,0");
	ends(true);
	assert_int_equal(j->result.status, JOB_PASSED);
}

/* The worker that was to leave could not be killed: its device is lost, and never lent. */
static void what_became_unusable_meanwhile_is_not_lent(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	run_through(submitted(2));
	j = command(1);
	world_pass(61); /* it does not close */
	assert_true(worker_on(0)->is_killed);
	worker_stays(worker_on(0));
	assert_int_equal(world.stored[0].state, HEALTH_DEAD);
	assert_true(worker_on(1)->is_closed);
	worker_dies(worker_on(1));
	assert_int_equal(j->state, FAKE_STARTED);
	assert_string_equal(j->where, "chips/1");
	ends(true);
}

static void nor_is_the_last_one(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	run_through(submitted(1));
	j = command(1);
	world_pass(61);
	worker_stays(worker_on(0));
	assert_int_equal(world.n_slots, 0);
	assert_int_equal(j->result.reason, REASON_NO_DEVICE);
}

static void one_that_nobody_has_open_is_lent_first(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	run_through(submitted(1));
	j = command(1);
	assert_string_equal(j->where, "chips/1");
	assert_false(worker_on(0)->is_closed);
	ends(true);
}

static void a_quarantined_one_is_not_lent(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(2);
	world.stored[0] = (struct device_health){.state = HEALTH_QUARANTINED, .until_wall_s = 2e9};
	world_begin();
	j = command(1);
	assert_string_equal(j->where, "chips/1");
	ends(true);
}

static void nor_is_one_that_others_have_set_aside_since(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	world.stored[0] = (struct device_health){.state = HEALTH_QUARANTINED, .until_wall_s = 2e9};
	j = command(1);
	assert_string_equal(j->where, "chips/1");
	ends(true);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
}

static void one_that_is_lent_is_nobody_elses(void **state)
{
	struct fake_job *j, *next;

	(void)state;
	begin(1);
	j = command(1);
	next = submitted(1);
	world_pass(100);
	assert_null(worker_on(0));
	assert_int_equal(next->state, FAKE_SUBMITTED);
	ends(true);
	assert_int_equal(j->result.status, JOB_PASSED);
	run_through(next);
}

static void one_that_runs_is_suspended_with_us(void **state)
{
	(void)state;
	begin(1);
	command(1);
	world.backend->ops->suspend(world.backend, true);
	assert_true(slot()->is_paused);
	world.backend->ops->suspend(world.backend, false);
	assert_false(slot()->is_paused);
	ends(true);
}

static void one_that_waits_can_be_killed(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	run_through(submitted(1));
	j = command(1);
	world.backend->ops->kill(world.backend, &j->job, KILL_TERM, REASON_USER);
	assert_int_equal(j->result.status, JOB_KILLED);
	assert_int_equal(j->result.reason, REASON_USER);
	worker_dies(worker_on(0));
	run_through(submitted(1));
}

/* ---- locks ---- */

static void all_are_locked_or_none(void **state)
{
	struct fake_job *j;
	int theirs, fd;

	(void)state;
	begin_with_locks(3);
	theirs = take(1);
	j = command(3);
	assert_int_equal(j->state, FAKE_SUBMITTED);
	assert_int_equal(world.n_slots, 0);
	fd = take(0); /* nothing is held while it waits */
	assert_true(fd >= 0);
	close(fd);
	close(theirs);
	world_pass(0.3);
	assert_int_equal(j->state, FAKE_STARTED);
	for (int32_t i = 0; i < 3; i++)
		assert_int_equal(take(i), -1);
	ends(true);
	assert_int_equal(j->result.status, JOB_PASSED);
	fd = take(2);
	assert_true(fd >= 0);
	close(fd);
}

static void another_is_taken_if_one_is_in_use(void **state)
{
	struct fake_job *j;
	int theirs;

	(void)state;
	begin_with_locks(2);
	theirs = take(0);
	j = command(1);
	assert_string_equal(j->where, "chips/1");
	ends(true);
	close(theirs);
}

static void a_lock_that_cannot_be_made_ends_it(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_locks(1);
	fs_remove_tree(lock_dir);
	j = command(1);
	assert_int_equal(j->result.reason, REASON_LAUNCH);
	assert_non_null(strstr(j->message, "cannot lock "));
}

/* ---- the effect of its end ---- */

static void after_a_pass_nobody_looks(void **state)
{
	(void)state;
	begin(2);
	command(2);
	ends(true);
	assert_int_equal(world.n_made, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(world.stored[i].state, HEALTH_HEALTHY);
}

static void nor_after_a_kill(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command(1);
	world.backend->ops->kill(world.backend, &j->job, KILL_TERM, REASON_USER);
	assert_true(slot()->is_killed);
	ends(false);
	assert_int_equal(j->result.reason, REASON_USER);
	assert_int_equal(world.n_made, 0);
}

static void nor_when_no_process_could_be_made(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	world.cannot_start = true;
	j = command(1);
	assert_int_equal(j->result.reason, REASON_LAUNCH);
	world.cannot_start = false;
	assert_int_equal(world.n_made, 0);
	run_through(submitted(1));
}

static void a_failure_on_good_devices_is_its_own(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = command(2);
	ends(false);
	assert_int_equal(j->state, FAKE_STARTED); /* not reported before all devices were checked */
	worker_opens(worker_on(0));
	assert_int_equal(j->state, FAKE_STARTED);
	worker_opens(worker_on(1));
	assert_int_equal(j->result.status, JOB_FAILED);
	assert_int_equal(j->result.reason, REASON_EXIT);
	assert_false(j->result.is_uncounted);
	for (int i = 0; i < 2; i++)
		assert_int_equal(world.stored[i].n_marks, 0);
}

static void one_that_does_not_open_any_more_is_at_fault(void **state)
{
	static const enum dvs_class classes[] = {DVS_WEDGE, DVS_POISON, DVS_STALL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		struct fake_job *j;

		begin(4);
		j = command(1);
		ends(false);
		worker_opens_not(worker_on(0), classes[i], "it is broken");
		worker_dies(worker_on(0));
		assert_int_equal(j->result.status, JOB_FAILED);
		assert_int_equal(j->result.reason, REASON_WEDGE);
		assert_true(j->result.is_uncounted);
		assert_string_equal(
			j->message,
			"it failed; then device 0 does not open any more: it is broken");
		assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
		assert_int_equal(world.stored[1].state, HEALTH_SUSPECT);
		assert_int_equal(world.stored[2].state, HEALTH_UNKNOWN);
		world_done();
	}
	begin(1);
}

static void what_cannot_be_asked_says_nothing(void **state)
{
	static const enum dvs_class classes[] = {DVS_BUSY, DVS_CONFIG, DVS_UNSUPPORTED};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		struct fake_job *j;

		begin(2);
		j = command(1);
		ends(false);
		worker_opens_not(worker_on(0), classes[i], "no");
		worker_dies(worker_on(0));
		assert_int_equal(j->result.reason, REASON_EXIT);
		assert_false(j->result.is_uncounted);
		assert_int_equal(world.stored[0].state, HEALTH_UNKNOWN);
		world_done();
	}
	begin(1);
}

static void one_that_opens_too_late_does_not_open(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = command(1);
	ends(false);
	world_pass(299);
	assert_false(worker_on(0)->is_killed);
	world_pass(2);
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_int_equal(j->result.reason, REASON_WEDGE);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
}

static void its_retry_goes_elsewhere(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = command(1);
	assert_string_equal(j->where, "chips/0");
	ends(false);
	worker_opens(worker_on(0));
	job_submit(j);
	assert_string_equal(j->where, "chips/1");
	ends(true);
	assert_int_equal(j->result.status, JOB_PASSED);
}

static void a_slot_that_dies_loses_it(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command(1);
	slot_dies(slot());
	worker_opens(worker_on(0)); /* the devices are checked afterwards */
	assert_int_equal(j->result.status, JOB_KILLED);
	assert_int_equal(j->result.reason, REASON_LOST);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(a_worker_that_has_one_open_leaves_first),
		STORY(what_became_unusable_meanwhile_is_not_lent),
		STORY(nor_is_the_last_one),
		STORY(one_that_nobody_has_open_is_lent_first),
		STORY(a_quarantined_one_is_not_lent),
		STORY(nor_is_one_that_others_have_set_aside_since),
		STORY(one_that_is_lent_is_nobody_elses),
		STORY(one_that_runs_is_suspended_with_us),
		STORY(one_that_waits_can_be_killed),
		STORY_WITH_LOCKS(all_are_locked_or_none),
		STORY_WITH_LOCKS(another_is_taken_if_one_is_in_use),
		STORY_WITH_LOCKS(a_lock_that_cannot_be_made_ends_it),
		STORY(after_a_pass_nobody_looks),
		STORY(nor_after_a_kill),
		STORY(nor_when_no_process_could_be_made),
		STORY(a_failure_on_good_devices_is_its_own),
		STORY(one_that_does_not_open_any_more_is_at_fault),
		STORY(what_cannot_be_asked_says_nothing),
		STORY(one_that_opens_too_late_does_not_open),
		STORY(its_retry_goes_elsewhere),
		STORY(a_slot_that_dies_loses_it),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
