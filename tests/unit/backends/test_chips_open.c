/* SPDX-License-Identifier: Apache-2.0 */
/* Which workers are opened, and which job gets an open one: opening is not part of any job. */
#include "chips_double.h"

static int end_world(void **state)
{
	(void)state;
	world_done();
	return 0;
}

static void begin(uint32_t n_devices)
{
	world_init(n_devices);
	world_begin();
}

static uint32_t n_opening(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < world.c->n_units; i++)
		n += world.c->units[i].state == UNIT_OPENING;
	return n;
}

/* An idle worker on device 0. */
static void begin_with_one_open(uint32_t n_devices)
{
	begin(n_devices);
	job_goes_through(job_submitted(1));
	assert_int_equal(world.c->units[0].state, UNIT_IDLE);
}

static void a_device_that_hangs_in_open_holds_no_job(void **state)
{
	struct fake_job *jobs[4];

	(void)state;
	begin(4);
	for (int i = 0; i < 4; i++)
		jobs[i] = job_submitted(1);
	assert_int_equal(n_opening(), 4);
	for (int32_t i = 0; i < 4; i++)
		if (i != 1)
			worker_opens(worker_on(i));
	for (int i = 0; i < 3; i++)
		assert_int_equal(jobs[i]->state, FAKE_STARTED);
	assert_int_equal(jobs[3]->state, FAKE_SUBMITTED);
	worker_ends(worker_on(2), DVS_OK, false);
	assert_string_equal(jobs[3]->where, "chips/2");
}

static void as_many_workers_open_as_waiting_jobs_need(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin(6);
	job_submitted(1);
	gang = job_submitted(3);
	assert_int_equal(n_opening(), 4);
	world_pass(10);
	assert_int_equal(n_opening(), 4);
	for (int32_t i = 0; i < 3; i++)
		worker_opens(worker_on(i));
	assert_int_equal(gang->state, FAKE_SUBMITTED); /* all or nothing */
	assert_null(worker_on(4));
	worker_opens(worker_on(3));
	assert_string_equal(gang->where, "chips/1-3");
}

static void what_is_open_is_taken_before_what_opens(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_one_open(3);
	j = job_submitted(1);
	assert_string_equal(j->where, "chips/0");
	j = job_submitted(1);
	assert_int_equal(n_opening(), 1);
	worker_goes_through(worker_on(0));
	worker_ends(worker_on(0), DVS_OK, false);
	assert_string_equal(j->where, "chips/0");
	assert_int_equal(n_opening(), 1); /* it goes on: the next job will use it */
	assert_string_equal(job_submitted(1)->where, "");
	worker_opens(worker_on(1));
	assert_string_equal(world.jobs[3].where, "chips/1");
}

static void a_slow_open_is_not_waited_for_alone(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(3);
	j = job_submitted(1);
	world_pass(29);
	assert_int_equal(n_opening(), 1);
	world_pass(2); /* a tenth of its limit */
	assert_int_equal(n_opening(), 2);
	worker_opens(worker_on(1));
	assert_string_equal(j->where, "chips/1");
}

static void a_gang_keeps_what_was_set_aside_for_it(void **state)
{
	struct fake_job *gang, *small;

	(void)state;
	begin_with_one_open(2);
	gang = job_submitted(2);
	small = job_submitted(1);
	assert_int_equal(n_opening(), 1);
	assert_int_equal(small->state, FAKE_SUBMITTED);
	worker_opens(worker_on(1));
	assert_int_equal(gang->state, FAKE_STARTED);
	job_goes_through(gang);
	assert_int_equal(small->state, FAKE_STARTED);
}

static void but_not_while_a_device_hangs(void **state)
{
	struct fake_job *gang, *small;

	(void)state;
	begin_with_one_open(2);
	gang = job_submitted(2);
	small = job_submitted(1);
	small->request.run_s = 1;
	world_pass(31);
	assert_int_equal(gang->state, FAKE_SUBMITTED);
	assert_string_equal(small->where, "chips/0");
}

static void a_device_with_other_options_is_opened_anew(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_one_open(2);
	world.c->units[1].health.state = HEALTH_DEAD;
	j = job_new(1);
	j->request.open_options = "{\"runtime\":\"b\"}";
	job_submit(j);
	assert_int_equal(world.c->units[0].state, UNIT_CLOSING);
	worker_dies(worker_on(0));
	assert_string_equal(worker_on(0)->options->options, "{\"runtime\":\"b\"}");
	worker_opens(worker_on(0));
	assert_int_equal(j->state, FAKE_STARTED);
}

static void one_idle_worker_closes_for_it_and_no_other(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(3);
	j = job_submitted(3);
	job_goes_through(j);
	j = job_new(1);
	j->request.open_options = "{\"runtime\":\"b\"}";
	job_submit(j);
	world_pass(5);
	assert_int_equal(world.c->units[0].state, UNIT_CLOSING);
	assert_int_equal(world.c->units[1].state, UNIT_IDLE);
	assert_int_equal(world.c->units[2].state, UNIT_IDLE);
}

static void options_that_the_driver_refuses_end_who_waits_with_them(void **state)
{
	struct fake_job *bad[2], *good;

	(void)state;
	begin(1);
	for (int i = 0; i < 2; i++) {
		bad[i] = job_new(1);
		bad[i]->request.open_options = "{\"runtime\":\"none\"}";
		job_submit(bad[i]);
	}
	good = job_submitted(1);
	worker_opens_not(worker_on(0), DVS_CONFIG, "there is no such runtime");
	worker_dies(worker_on(0));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(bad[i]->result.status, JOB_KILLED);
		assert_int_equal(bad[i]->result.reason, REASON_LAUNCH);
		assert_string_equal(bad[i]->message, "there is no such runtime");
	}
	assert_int_equal(world.c->units[0].health.state, HEALTH_UNKNOWN);
	job_goes_through(good);
	assert_int_equal(good->result.status, JOB_PASSED);
}

/* No other device would make a difference. */
static void an_open_that_fails_for_its_job_is_not_tried_elsewhere(void **state)
{
	static const enum dvs_class classes[] = {DVS_JOB, DVS_CONFIG, DVS_UNSUPPORTED};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		struct fake_job *j;

		begin(2);
		j = job_submitted(1);
		worker_opens_not(worker_on(0), classes[i], "what is this?");
		worker_dies(worker_on(0));
		assert_int_equal(j->result.reason, REASON_LAUNCH);
		assert_string_equal(j->message, "what is this?");
		assert_null(worker_on(1));
		world_done();
	}
	begin(1);
}

static void the_queue_clock_ends_nobody_whose_devices_open(void **state)
{
	struct fake_job *j, *other;

	(void)state;
	begin(1);
	j = job_new(1);
	other = job_new(1);
	j->request.queue_s = other->request.queue_s = 10;
	job_submit(j);
	job_submit(other);
	world_pass(20);
	assert_int_equal(j->state, FAKE_SUBMITTED);
	assert_int_equal(other->result.reason, REASON_QUEUE_TIMEOUT);
	worker_opens(worker_on(0));
	assert_int_equal(j->state, FAKE_STARTED);
}

static void same_domain_goes_where_the_least_is_to_be_done(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin(4);
	job_goes_through(job_submitted(4)); /* all open */
	worker_dies(worker_on(0));
	gang = job_new(2);
	gang->request.same_domain = true;
	job_submit(gang);
	assert_string_equal(gang->where, "chips/2-3");
}

#define STORY(name) cmocka_unit_test_teardown(name, end_world)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(a_device_that_hangs_in_open_holds_no_job),
		STORY(as_many_workers_open_as_waiting_jobs_need),
		STORY(what_is_open_is_taken_before_what_opens),
		STORY(a_slow_open_is_not_waited_for_alone),
		STORY(a_gang_keeps_what_was_set_aside_for_it),
		STORY(but_not_while_a_device_hangs),
		STORY(a_device_with_other_options_is_opened_anew),
		STORY(one_idle_worker_closes_for_it_and_no_other),
		STORY(options_that_the_driver_refuses_end_who_waits_with_them),
		STORY(an_open_that_fails_for_its_job_is_not_tried_elsewhere),
		STORY(the_queue_clock_ends_nobody_whose_devices_open),
		STORY(same_domain_goes_where_the_least_is_to_be_done),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return RUN(tests);
}
