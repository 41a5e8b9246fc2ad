/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs that need more devices than are usable: which of them wait, and for how long. */
#include "chips_story.h"

#include <math.h>

/* deadlock: 30 s; probation: 300 s. */
static void quarantine(int32_t device, double for_s)
{
	world.stored[device] = (struct device_health){
		.state = HEALTH_QUARANTINED,
		.n_quarantines = 1,
		.until_wall_s = isinf(for_s) ? 253402300799.0
					     : clock_wall(&world.clock.clock) + for_s};
}

/* A probe ends, well or not. */
static void probe_ends(int32_t device, bool is_good)
{
	assert_non_null(worker_on(device));
	assert_true(unit((uint32_t)device)->is_probe);
	if (is_good)
		worker_opens(worker_on(device));
	else
		worker_opens_not(worker_on(device), DVS_WEDGE, "it does not open");
	worker_dies(worker_on(device));
}

static void the_end_of_a_quarantine_is_waited_for(void **state)
{
	struct fake_job *jobs[3];

	(void)state;
	world_init(2);
	quarantine(0, 250);
	quarantine(1, 400);
	world_begin();
	for (int i = 0; i < 3; i++)
		jobs[i] = submitted(1);
	world_pass(249);
	for (int i = 0; i < 3; i++)
		assert_int_equal(jobs[i]->state, FAKE_SUBMITTED);
	world_pass(2);
	probe_ends(0, true);
	probe_ends(0, true);
	for (int i = 0; i < 3; i++)
		run_through(jobs[i]);
	assert_int_equal(jobs[2]->result.status, JOB_PASSED);
}

static void but_not_longer_than_twice_the_probation(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(1);
	quarantine(0, 601);
	world_begin();
	j = submitted(1);
	world_pass(29);
	assert_int_equal(j->state, FAKE_SUBMITTED);
	world_pass(2);
	assert_int_equal(j->result.reason, REASON_NO_DEVICE);
	assert_non_null(strstr(j->message, "; the quarantine that it waits for ends in 9m"));
	assert_non_null(strstr(j->message, "too late for a job without a 'queue_timeout'"));
}

static void a_pool_that_was_idle_begins_to_wait_with_its_first_job(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(1);
	quarantine(0, 5000);
	world_begin();
	world_pass(100);
	j = submitted(1);
	assert_int_equal(j->state, FAKE_SUBMITTED);
	world_pass(31);
	assert_int_equal(j->result.reason, REASON_NO_DEVICE);
}

static void nor_again_and_again(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(1);
	quarantine(0, 300);
	world_begin();
	j = submitted(1);
	world_pass(301);
	probe_ends(0, false); /* now it is quarantined for twice as long */
	assert_int_equal(j->state, FAKE_SUBMITTED);
	world_pass(31);
	assert_int_equal(j->result.reason, REASON_NO_DEVICE);
}

static void a_queue_timeout_says_how_long(void **state)
{
	struct fake_job *patient, *other;

	(void)state;
	world_init(1);
	quarantine(0, 1000);
	world_begin();
	patient = job_new(1);
	other = job_new(1);
	patient->request.queue_s = 1100;
	other->request.queue_s = 900;
	job_submit(patient);
	job_submit(other);
	world_pass(31);
	assert_int_equal(other->result.reason, REASON_NO_DEVICE); /* it would wait in vain */
	assert_non_null(strstr(other->message, ", after its 'queue_timeout'"));
	world_pass(970);
	probe_ends(0, true);
	probe_ends(0, true);
	run_through(patient);
	assert_int_equal(patient->result.status, JOB_PASSED);
}

static void what_nothing_brings_back_is_said_at_once(void **state)
{
	struct fake_job *gang;

	(void)state;
	for (int dead = 0; dead <= 1; dead++) {
		world_init(3);
		quarantine(1, INFINITY);
		if (dead)
			world.stored[1].state = HEALTH_DEAD;
		world_begin();
		gang = submitted(3);
		assert_int_equal(gang->result.reason, REASON_NO_DEVICE);
		assert_non_null(strstr(gang->message, "needs 3 of the 3 devices of 'chips', 2 of "
						      "them usable; device 1 is "));
		assert_non_null(
			strstr(gang->message, "'dvsched chips clear' makes a device usable"));
		run_through(submitted(2));
		world_done();
	}
	begin(1);
}

static void a_gang_waits_for_as_many_as_it_needs(void **state)
{
	struct fake_job *gang, *large;

	(void)state;
	world_init(3);
	quarantine(1, 100);
	quarantine(2, 5000);
	world_begin();
	gang = submitted(2);
	large = submitted(3);
	world_pass(31);
	assert_int_equal(large->result.reason, REASON_NO_DEVICE);
	assert_int_equal(gang->state, FAKE_SUBMITTED);
	world_pass(70);
	probe_ends(1, true);
	probe_ends(1, true);
	run_through(gang);
	assert_int_equal(gang->result.status, JOB_PASSED);
}

static void likewise_in_one_fault_domain(void **state)
{
	struct fake_job *gang;

	(void)state;
	world_init(4);
	quarantine(0, 5000);
	quarantine(2, 100);
	world_begin();
	gang = job_new(2);
	gang->request.same_domain = true;
	job_submit(gang);
	world_pass(101);
	probe_ends(2, true);
	probe_ends(2, true);
	run_through(gang);
	assert_string_equal(gang->where, "chips/3,2"); /* that on probation comes last */
}

/* A device may be usable again after its end. */
static void nobody_ends_while_anything_runs(void **state)
{
	struct fake_job *gang, *lasting, *command;

	(void)state;
	world_init(2);
	quarantine(0, 5000);
	world_begin();
	lasting = job_new(1);
	lasting->request.run_s = lasting->request.stall_s = 0;
	job_submit(lasting);
	worker_opens(worker_on(1));
	gang = submitted(2);
	world_pass(100);
	assert_int_equal(gang->state, FAKE_SUBMITTED);
	command = job_new(1);
	command->request.is_borrowed = true;
	command->request.env_name = "DEVICES";
	job_submit(command);
	run_through(lasting); /* and its worker makes room for the command */
	assert_int_equal(command->state, FAKE_STARTED);
	world_pass(100);
	assert_int_equal(gang->state, FAKE_SUBMITTED);
	slot_ends(world.slots[0], true);
	slot_dies(world.slots[0]);
	world_pass(31);
	assert_int_equal(gang->result.reason, REASON_NO_DEVICE);
}

/* A gang does not wait for it. A failed job on a single device may be right that the device is the
 * cause. */
static void a_single_job_waits_for_what_it_broke(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	worker_opens(worker_on(0));
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_ends(worker_on(0), DVS_WEDGE, false);
	worker_dies(worker_on(0));
	assert_int_equal(j->result.reason, REASON_WEDGE);
	job_submit(j);
	world_pass(299);
	assert_int_equal(j->state, FAKE_SUBMITTED);
}

static void a_pause_is_not_counted(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(1);
	quarantine(0, 1100);
	world_begin();
	j = submitted(1);
	world.backend->ops->pause(world.backend, true);
	world_pass(1000);
	world.backend->ops->pause(world.backend, false);
	world_pass(50);
	assert_int_equal(j->state, FAKE_SUBMITTED);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(the_end_of_a_quarantine_is_waited_for),
		STORY(but_not_longer_than_twice_the_probation),
		STORY(a_pool_that_was_idle_begins_to_wait_with_its_first_job),
		STORY(nor_again_and_again),
		STORY(a_queue_timeout_says_how_long),
		STORY(what_nothing_brings_back_is_said_at_once),
		STORY(a_gang_waits_for_as_many_as_it_needs),
		STORY(likewise_in_one_fault_domain),
		STORY(nobody_ends_while_anything_runs),
		STORY(a_single_job_waits_for_what_it_broke),
		STORY(a_pause_is_not_counted),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return RUN(tests);
}
