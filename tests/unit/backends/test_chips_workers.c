/* SPDX-License-Identifier: Apache-2.0 */
/* Lifetime of a worker, choice of its next job, and waiting for devices of other processes. */
#include "chips_story.h"

#include <math.h>

static struct fake_job *with_image(uint64_t image_key)
{
	struct fake_job *j = job_new(1);

	j->request.image_key = image_key;
	job_submit(j);
	return j;
}

/* ---- retiring ---- */

static void a_worker_is_used_again(void **state)
{
	(void)state;
	begin(1);
	for (int i = 0; i < 20; i++) {
		run_through(submitted(1));
		world_pass(3);
	}
	assert_int_equal(world.n_made, 1);
	assert_false(worker_on(0)->is_closed);
}

static void one_with_other_options_is_closed_first(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	run_through(submitted(1));
	j = job_new(1);
	j->request.open_options = "{\"runtime\":\"other\"}";
	job_submit(j);
	assert_true(worker_on(0)->is_closed);
	worker_dies(worker_on(0));
	assert_string_equal(worker_on(0)->options->options, "{\"runtime\":\"other\"}");
	run_through(j);
	assert_int_equal(world.n_made, 2);
}

static void it_retires_after_so_many_runs(void **state)
{
	(void)state;
	world_init(1);
	world.settings.max_runs = 3;
	world_begin();
	for (int i = 1; i <= 6; i++) {
		run_through(submitted(1));
		assert_int_equal(worker_on(0)->is_closed, i % 3 == 0);
	}
	assert_int_equal(world.n_made, 2);
}

static void it_retires_at_an_age(void **state)
{
	(void)state;
	world_init(1);
	world.settings.max_age_s = 100;
	world_begin();
	run_through(submitted(1));
	world_pass(99);
	run_through(submitted(1));
	assert_false(worker_on(0)->is_closed);
	world_pass(2);
	run_through(submitted(1));
	assert_true(worker_on(0)->is_closed);
}

static void it_may_retire_after_each_run(void **state)
{
	(void)state;
	world_init(1);
	world.settings.max_age_s = 0.5;
	world_begin();
	submitted(1);
	open_all(1);
	world_pass(0.5);
	ends_well(0);
	assert_true(worker_on(0)->is_closed);
}

static void it_retires_when_it_holds_more_memory(void **state)
{
	(void)state;
	world_init(1);
	world.settings.max_growth = 1000;
	world_begin();
	for (int i = 0; i < 4; i++) {
		submitted(1);
		if (i == 0)
			open_all(1);
		atomic_store(&worker_on(0)->board.committed_bytes, 5000 + 400u * (unsigned)i);
		ends_well(0);
		assert_int_equal(worker_on(0)->is_closed, i == 3);
	}
}

/* Its run and its device are well: it is closed, without a mark or a failure. */
static void it_retires_when_its_driver_says_that_it_is_worn(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	for (int i = 0; i < 3; i++) {
		j = submitted(1);
		if (i == 0)
			open_all(1);
		atomic_store(&worker_on(0)->board.is_worn, i == 2);
		ends_well(0);
		assert_int_equal(j->result.status, JOB_PASSED);
		assert_int_equal(worker_on(0)->is_closed, i == 2);
	}
	assert_int_equal(unit(0)->health.state, HEALTH_HEALTHY);
}

static void one_that_nobody_needs_leaves(void **state)
{
	(void)state;
	world_init(2);
	world.settings.idle_s = 20;
	world_begin();
	run_through(submitted(1));
	world_pass(15);
	run_through(submitted(1)); /* it is needed again: its time begins anew */
	world_pass(19);
	assert_false(worker_on(0)->is_closed);
	world_pass(1.5);
	assert_true(worker_on(0)->is_closed);
}

static void it_may_leave_soon(void **state)
{
	(void)state;
	world_init(1);
	world.settings.idle_s = 0.5;
	world_begin();
	run_through(submitted(1));
	world_pass(0.4);
	assert_false(worker_on(0)->is_closed);
	world_pass(0.2);
	assert_true(worker_on(0)->is_closed);
}

static void without_a_limit_it_stays(void **state)
{
	(void)state;
	begin(1);
	run_through(submitted(1));
	world_pass(1e6);
	assert_false(worker_on(0)->is_closed);
}

static void one_that_is_idle_while_others_wait_stays(void **state)
{
	struct fake_job *lasting;

	(void)state;
	world_init(2);
	world.settings.idle_s = 20;
	world_begin();
	run_through(submitted(2));
	lasting = submitted(1);
	lasting->request.run_s = 0;
	submitted(2);
	world_pass(50);
	assert_false(worker_on(1)->is_closed);
}

static void a_close_that_hangs_makes_its_device_suspect(void **state)
{
	(void)state;
	world_init(1);
	world.settings.idle_s = 20;
	world_begin();
	run_through(submitted(1));
	world_pass(20.5);
	assert_true(worker_on(0)->is_closed);
	world_pass(59);
	assert_false(worker_on(0)->is_killed);
	world_pass(2);
	assert_true(worker_on(0)->is_killed);
	assert_int_equal(world.stored[0].state, HEALTH_SUSPECT);
	assert_non_null(strstr(world.stored[0].reason, "did not close within 60s"));
}

static void a_run_that_ends_while_all_close_is_the_last(void **state)
{
	(void)state;
	begin(2);
	submitted(1);
	open_all(1);
	close_backend();
	assert_false(world.is_closed);
	ends_well(0);
	assert_true(worker_on(0)->is_closed);
	worker_dies(worker_on(0));
	assert_true(world.is_closed);
	assert_string_equal(world.trouble, "");
}

static void nothing_starts_while_it_is_paused(void **state)
{
	struct fake_job *next;

	(void)state;
	begin(1);
	submitted(1);
	next = submitted(1);
	open_all(1);
	world.backend->ops->pause(world.backend, true);
	ends_well(0);
	assert_int_equal(next->state, FAKE_SUBMITTED);
	assert_int_equal(job_submit(job_new(1)), SUBMIT_BUSY);
	world.backend->ops->pause(world.backend, false);
	assert_int_equal(next->state, FAKE_STARTED);
	assert_int_equal(world.n_capacity, 1);
}

/* ---- images ---- */

static void a_job_whose_image_is_loaded_goes_first(void **state)
{
	struct fake_job *other, *same;

	(void)state;
	begin(1);
	with_image(1);
	open_all(1);
	other = with_image(2);
	same = with_image(1);
	ends_well(0);
	assert_int_equal(same->state, FAKE_STARTED);
	assert_int_equal(other->state, FAKE_SUBMITTED);
}

static void a_streak_has_an_end(void **state)
{
	struct fake_job *other, *same[12];

	(void)state;
	world_init(1);
	world.settings.max_streak = 4;
	world_begin();
	with_image(1);
	open_all(1);
	other = with_image(2);
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		same[i] = with_image(1);
	for (int i = 0; i < 3; i++) {
		ends_well(0);
		assert_int_equal(same[i]->state, FAKE_STARTED);
		assert_int_equal(other->state, FAKE_SUBMITTED);
	}
	ends_well(0); /* the fourth */
	assert_int_equal(other->state, FAKE_STARTED);
}

static void without_affinity_the_order_counts(void **state)
{
	struct fake_job *other, *same;

	(void)state;
	world_init(1);
	world.settings.has_affinity = false;
	world_begin();
	with_image(1);
	open_all(1);
	other = with_image(2);
	same = with_image(1);
	ends_well(0);
	assert_int_equal(other->state, FAKE_STARTED);
	assert_int_equal(same->state, FAKE_SUBMITTED);
}

static void nobody_returns_to_where_it_failed_for_an_image(void **state)
{
	struct fake_job *j, *other;

	(void)state;
	begin(2);
	j = with_image(1);
	other = with_image(2);
	open_all(2);
	worker_ends(worker_on(0), DVS_BUSY, false); /* not counted; the worker goes on */
	job_submit(j);
	assert_int_equal(j->state, FAKE_SUBMITTED);
	run_through(other);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
}

/* ---- reservations ---- */

/* Both devices at work, the first for run_s, a gang of two that has waited too long. */
static struct fake_job *gang_that_waits(double run_s)
{
	struct fake_job *gang;

	begin(2);
	submitted(1)->request.run_s = run_s;
	submitted(1)->request.run_s = run_s;
	gang = submitted(2);
	open_all(2);
	launch(2);
	world_pass(5.5);
	ends_well(0);
	assert_int_equal(gang->state, FAKE_SUBMITTED);
	return gang;
}

static void who_is_over_in_time_may_use_what_is_reserved(void **state)
{
	struct fake_job *gang = gang_that_waits(60), *brief = job_new(1);

	(void)state;
	brief->request.run_s = 20;
	job_submit(brief);
	assert_int_equal(brief->state, FAKE_STARTED);
	ends_well(0);
	ends_well(1);
	assert_int_equal(gang->state, FAKE_STARTED);
}

static void who_is_not_must_wait(void **state)
{
	static const double limits_s[] = {0, 100};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits_s); i++) {
		struct fake_job *gang = gang_that_waits(60), *lasting = job_new(1);

		lasting->request.run_s = limits_s[i];
		job_submit(lasting);
		assert_int_equal(lasting->state, FAKE_SUBMITTED);
		ends_well(1);
		assert_int_equal(gang->state, FAKE_STARTED);
		world_done();
	}
	begin(1);
}

static void before_its_time_nothing_is_reserved(void **state)
{
	struct fake_job *gang, *lasting;

	(void)state;
	begin(2);
	submitted(1);
	submitted(1);
	gang = submitted(2);
	open_all(2);
	launch(2);
	world_pass(4);
	lasting = job_new(1);
	lasting->request.run_s = 0;
	job_submit(lasting);
	ends_well(0);
	assert_int_equal(lasting->state, FAKE_STARTED);
	assert_int_equal(gang->state, FAKE_SUBMITTED);
}

static void ends_in(struct fake_job *j, double run_s)
{
	j->request.run_s = run_s;
	job_submit(j);
}

static struct fake_job *lasting(void)
{
	struct fake_job *j = job_new(1);

	j->request.run_s = 0;
	job_submit(j);
	return j;
}

static void what_is_free_first_is_reserved(void **state)
{
	static const double run_s[] = {100, 20, 50};
	struct fake_job *gang, *one, *two;

	(void)state;
	begin(3);
	for (size_t i = 0; i < ARRAY_LEN(run_s); i++)
		ends_in(job_new(1), run_s[i]);
	gang = submitted(2);
	open_all(3);
	launch(3);
	world_pass(5.5);
	one = lasting();
	two = lasting();
	ends_well(1); /* as estimated: the reservation is kept */
	assert_int_equal(one->state, FAKE_SUBMITTED);
	ends_well(2);
	assert_int_equal(gang->state, FAKE_STARTED);
	assert_string_equal(gang->where, "chips/1-2");
	assert_int_equal(two->state, FAKE_SUBMITTED);
}

static void a_domain_is_reserved_as_a_whole(void **state)
{
	static const double run_s[] = {10, 50, 12, 40};
	struct fake_job *gang, *one, *two;

	(void)state;
	begin(4);
	for (size_t i = 0; i < ARRAY_LEN(run_s); i++)
		ends_in(job_new(1), run_s[i]);
	gang = job_new(2);
	gang->request.same_domain = true;
	job_submit(gang);
	open_all(4);
	launch(4);
	world_pass(5.5);
	one = lasting();
	two = lasting();
	ends_well(0); /* its neighbour takes longer than 3 does */
	assert_string_equal(one->where, "chips/0");
	ends_well(2);
	assert_int_equal(two->state, FAKE_SUBMITTED);
	ends_well(3);
	assert_string_equal(gang->where, "chips/2-3");
}

static void of_two_domains_that_are_free_together_the_first_is_reserved(void **state)
{
	struct fake_job *gang, *jobs[2];

	(void)state;
	begin(4);
	for (int i = 0; i < 4; i++)
		ends_in(job_new(1), 50);
	gang = job_new(2);
	gang->request.same_domain = true;
	job_submit(gang);
	open_all(4);
	launch(4);
	world_pass(5.5);
	jobs[0] = lasting();
	jobs[1] = lasting();
	ends_well(0);
	assert_int_equal(jobs[0]->state, FAKE_SUBMITTED);
	ends_well(2);
	assert_string_equal(jobs[0]->where, "chips/2");
	ends_well(1);
	assert_string_equal(gang->where, "chips/0-1");
}

/* ---- locks ---- */

static void in_use(int32_t device)
{
	worker_opens_not(worker_on(device), DVS_BUSY, "device 0 is in use by pid 1");
	worker_dies(worker_on(device));
}

/* 0.2 s, and each time twice as long up to 5 s. */
static void a_device_that_others_have_is_asked_for_less_and_less_often(void **state)
{
	static const double pauses_s[] = {0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5};

	(void)state;
	begin(1);
	submitted(1);
	for (size_t i = 0; i < ARRAY_LEN(pauses_s); i++) {
		in_use(0);
		world_pass(pauses_s[i] * 0.95);
		assert_null(worker_on(0));
		world_pass(pauses_s[i] * 0.1);
		assert_non_null(worker_on(0));
	}
	assert_int_equal(world.stored[0].state, HEALTH_UNKNOWN);
}

static void when_it_was_free_again_that_begins_anew(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	for (int i = 0; i < 4; i++) {
		in_use(0);
		world_pass(5);
	}
	run_through(j);
	worker_dies(worker_on(0)); /* idle, and gone */
	submitted(1);
	in_use(0);
	world_pass(0.3);
	assert_non_null(worker_on(0));
}

static void nobody_is_named_who_has_it_no_more(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	in_use(0);
	world_pass(0.3);
	open_all(1);
	assert_int_equal(j->state, FAKE_STARTED);
	j->request.run_s = j->request.stall_s = 0;
	submitted(1);
	world_pass(11);
	assert_int_equal(world.n_waits, 1);
	assert_null(strstr(world.waits, "in use"));
}

static void who_finds_one_in_use_takes_another(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(1);
	in_use(0);
	assert_int_equal(j->state, FAKE_SUBMITTED);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
	assert_int_equal(j->n_ended, 1);
}

static void a_gang_that_finds_one_in_use_holds_none(void **state)
{
	struct fake_job *gang, *single;

	(void)state;
	begin(2);
	gang = submitted(2);
	single = submitted(1);
	worker_opens(worker_on(1));
	in_use(0);
	assert_int_equal(gang->state, FAKE_SUBMITTED);
	assert_int_equal(single->state, FAKE_STARTED); /* on what the gang had */
	assert_string_equal(single->where, "chips/1");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(a_worker_is_used_again),
		STORY(one_with_other_options_is_closed_first),
		STORY(it_retires_after_so_many_runs),
		STORY(it_retires_at_an_age),
		STORY(it_may_retire_after_each_run),
		STORY(it_retires_when_it_holds_more_memory),
		STORY(it_retires_when_its_driver_says_that_it_is_worn),
		STORY(one_that_nobody_needs_leaves),
		STORY(it_may_leave_soon),
		STORY(without_a_limit_it_stays),
		STORY(one_that_is_idle_while_others_wait_stays),
		STORY(a_close_that_hangs_makes_its_device_suspect),
		STORY(a_run_that_ends_while_all_close_is_the_last),
		STORY(nothing_starts_while_it_is_paused),
		STORY(a_job_whose_image_is_loaded_goes_first),
		STORY(a_streak_has_an_end),
		STORY(without_affinity_the_order_counts),
		STORY(nobody_returns_to_where_it_failed_for_an_image),
		STORY(who_is_over_in_time_may_use_what_is_reserved),
		STORY(who_is_not_must_wait),
		STORY(before_its_time_nothing_is_reserved),
		STORY(what_is_free_first_is_reserved),
		STORY(a_domain_is_reserved_as_a_whole),
		STORY(of_two_domains_that_are_free_together_the_first_is_reserved),
		STORY(a_device_that_others_have_is_asked_for_less_and_less_often),
		STORY(when_it_was_free_again_that_begins_anew),
		STORY(nobody_is_named_who_has_it_no_more),
		STORY(who_finds_one_in_use_takes_another),
		STORY(a_gang_that_finds_one_in_use_holds_none),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
