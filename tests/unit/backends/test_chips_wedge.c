/* SPDX-License-Identifier: Apache-2.0 */
/* A job that breaks devices is detected at the second device, and its devices are usable again if
 * they open. */
#include "chips_story.h"

#include <math.h>
#include <string.h>

static bool is_read(const struct device_worker *w)
{
	return w->state == FAKE_RUNS;
}

/* Does the work of the workers of j until it runs. */
static void begins(struct fake_job *j)
{
	job_submit(j);
	for (int k = 0; k < 20 && j->state == FAKE_SUBMITTED; k++)
		for (uint32_t i = 0; i < world.settings.n_devices; i++) {
			struct device_worker *w = worker_on((int32_t)i);

			if (w && w->is_killed)
				worker_dies(w);
			else if (w && w->state == FAKE_OPENING && !unit(i)->is_probe)
				worker_opens(w);
		}
	assert_int_equal(j->state, FAKE_STARTED);
}

static void wedges(struct fake_job *j, int32_t device)
{
	begins(j);
	assert_true(is_read(worker_on(device)));
	worker_reaches(worker_on(device), PHASE_TAKEN);
	worker_ends(worker_on(device), DVS_WEDGE, false);
	worker_dies(worker_on(device));
	assert_int_equal(j->state, FAKE_ENDED);
}

/* Of three devices, no two in one domain, it breaks 0 and 1. */
static struct fake_job *breaker(void)
{
	struct fake_job *j;

	begin_apart(3);
	j = job_new(1);
	strcpy(j->id, "j");
	wedges(j, 0);
	assert_int_equal(j->result.reason, REASON_WEDGE);
	assert_true(j->result.is_uncounted);
	wedges(j, 1);
	return j;
}

static void the_second_wedge_is_the_jobs(void **state)
{
	struct fake_job *j = breaker();

	(void)state;
	assert_int_equal(j->result.status, JOB_FAILED);
	assert_int_equal(j->result.reason, REASON_BREAKS_DEVICES);
	assert_false(j->result.is_uncounted);
	assert_memory_equal(j->message, "the job breaks devices (0-1): device 1: ", 40);
	for (int i = 0; i < 2; i++) /* they may be broken */
		assert_int_equal(world.stored[i].state, HEALTH_QUARANTINED);
	run_through(submitted(1));
}

static void what_opens_again_is_well_and_what_does_not_stays_out(void **state)
{
	struct fake_job *waiting;

	(void)state;
	breaker();
	waiting = submitted(3);
	assert_true(unit(0)->is_probe && unit(1)->is_probe);
	worker_opens(worker_on(0));
	worker_opens_not(worker_on(1), DVS_WEDGE, "it does not open");
	worker_dies(worker_on(1));
	assert_int_equal(world.stored[0].state, HEALTH_HEALTHY);
	assert_int_equal(world.stored[0].n_marks + world.stored[0].n_quarantines, 0);
	assert_int_equal(world.stored[1].state, HEALTH_QUARANTINED);
	assert_int_equal(world.stored[1].n_marks, 1);
	assert_true(world.stored[1].until_wall_s > clock_wall(&world.clock.clock));
	world_pass(610); /* when its time is over it has another chance */
	if (waiting->state == FAKE_SUBMITTED && worker_on(1))
		worker_opens(worker_on(1));
	assert_int_equal(world.stored[1].state, HEALTH_HEALTHY);
}

static void what_others_did_is_not_given_back(void **state)
{
	(void)state;
	breaker();
	world.stored[0].marks[1] = world.stored[0].marks[0];
	snprintf(world.stored[0].marks[1].job, HEALTH_JOB, "somebody else");
	world.stored[0].n_marks = 2;
	submitted(3);
	worker_opens(worker_on(0)); /* that health is read when it opens */
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	assert_int_equal(world.stored[0].n_marks, 1);
}

static void a_death_after_which_it_does_not_open_is_no_clean_bill(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_apart(2);
	j = job_new(1);
	begins(j);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_dies(worker_on(0));
	unit(0)->health.state = HEALTH_QUARANTINED; /* then it did not open any more */
	unit(0)->health.until_wall_s = clock_wall(&world.clock.clock) + 300;
	world.stored[0] = unit(0)->health;
	begins(j);
	worker_reaches(worker_on(1), PHASE_TAKEN);
	worker_dies(worker_on(1));
	assert_int_equal(j->result.reason, REASON_BREAKS_DEVICES);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED); /* before it was probed */
	submitted(2);
	assert_true(unit(0)->is_probe);
	worker_opens(worker_on(0));
	assert_int_equal(world.stored[0].state, HEALTH_HEALTHY);
}

/* ---- commands ---- */

static void command_breaks(struct fake_job *j, int32_t device)
{
	job_submit(j);
	assert_int_equal(j->state, FAKE_STARTED);
	slot_ends(world.slots[0], false);
	slot_dies(world.slots[0]);
	worker_opens_not(worker_on(device), DVS_WEDGE, "it does not open");
	worker_dies(worker_on(device));
	assert_int_equal(j->state, FAKE_ENDED);
}

static void likewise_a_command_that_borrows(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_apart(3);
	j = job_new(1);
	j->request.is_borrowed = true;
	j->request.env_name = "DEVICES";
	command_breaks(j, 0);
	assert_int_equal(j->result.reason, REASON_WEDGE);
	assert_true(j->result.is_uncounted);
	command_breaks(j, 1);
	assert_int_equal(j->result.status, JOB_FAILED);
	assert_int_equal(j->result.reason, REASON_BREAKS_DEVICES);
	assert_false(j->result.is_uncounted);
	submitted(3);
	assert_null(worker_on(0)); /* it was just probed */
	world_pass(301);
	worker_opens(worker_on(0));
	assert_int_equal(world.stored[0].state, HEALTH_HEALTHY);
}

/* Where it had failed before on a device that opened. */
static void also_where_it_had_failed_otherwise(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(1);
	world_begin();
	j = job_new(1);
	j->request.is_borrowed = true;
	j->request.env_name = "DEVICES";
	job_submit(j);
	slot_ends(world.slots[0], false);
	slot_dies(world.slots[0]);
	worker_opens(worker_on(0));
	assert_int_equal(j->result.reason, REASON_EXIT);
	job_submit(j);
	worker_goes_through(worker_on(0)); /* it leaves first */
	world_pass(6);
	slot_ends(world.slots[0], false);
	slot_dies(world.slots[0]);
	worker_opens_not(worker_on(0), DVS_WEDGE, "it does not open");
	worker_dies(worker_on(0));
	assert_int_equal(j->result.reason, REASON_WEDGE);
	unit(0)->health = world.stored[0] = (struct device_health){0}; /* a person cleared it */
	world_pass(1);
	command_breaks(j, 0);
	assert_int_equal(j->result.reason, REASON_BREAKS_DEVICES);
}

/* It borrows 0 and 1 of three, and neither opens after it. */
static struct fake_job *breaks_two(int32_t domain_0, int32_t domain_1)
{
	struct fake_job *j;

	world_init(3);
	world.devices[0].domain = domain_0;
	world.devices[1].domain = domain_1;
	world.devices[2].domain = -1;
	world_begin();
	j = job_new(2);
	j->request.is_borrowed = true;
	j->request.env_name = "DEVICES";
	job_submit(j);
	slot_ends(world.slots[0], false);
	slot_dies(world.slots[0]);
	for (int32_t i = 0; i < 2; i++) {
		worker_opens_not(worker_on(i), DVS_WEDGE, "it does not open");
		worker_dies(worker_on(i));
	}
	assert_int_equal(j->state, FAKE_ENDED);
	return j;
}

static void two_at_once_are_enough(void **state)
{
	struct fake_job *j = breaks_two(-1, -1);

	(void)state;
	assert_int_equal(j->result.status, JOB_FAILED);
	assert_int_equal(j->result.reason, REASON_BREAKS_DEVICES);
	assert_false(j->result.is_uncounted);
	assert_memory_equal(j->message, "the job breaks devices (0-1): ", 30);
	submitted(3);
	world_pass(301); /* they open again: its marks go */
	for (int32_t i = 0; i < 2; i++) {
		worker_opens(worker_on(i));
		assert_int_equal(world.stored[i].state, HEALTH_HEALTHY);
	}
}

static void two_of_one_domain_may_have_failed_together(void **state)
{
	struct fake_job *j = breaks_two(7, 7);

	(void)state;
	assert_int_equal(j->result.reason, REASON_WEDGE);
	assert_true(j->result.is_uncounted);
}

static void two_of_two_domains_are_enough(void **state)
{
	(void)state;
	assert_int_equal(breaks_two(7, 8)->result.reason, REASON_BREAKS_DEVICES);
}

static void nor_that_of_other_commands(void **state)
{
	struct fake_job *jobs[2];

	(void)state;
	begin_apart(3);
	for (int i = 0; i < 2; i++) {
		jobs[i] = job_new(1);
		jobs[i]->request.is_borrowed = true;
		jobs[i]->request.env_name = "DEVICES";
		command_breaks(jobs[i], i);
		assert_int_equal(jobs[i]->result.reason, REASON_WEDGE);
		assert_true(jobs[i]->result.is_uncounted);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(the_second_wedge_is_the_jobs),
		STORY(what_opens_again_is_well_and_what_does_not_stays_out),
		STORY(what_others_did_is_not_given_back),
		STORY(a_death_after_which_it_does_not_open_is_no_clean_bill),
		STORY(likewise_a_command_that_borrows),
		STORY(also_where_it_had_failed_otherwise),
		STORY(two_at_once_are_enough),
		STORY(two_of_one_domain_may_have_failed_together),
		STORY(two_of_two_domains_are_enough),
		STORY(nor_that_of_other_commands),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return RUN(tests);
}
