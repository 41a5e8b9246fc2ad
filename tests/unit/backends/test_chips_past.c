/* SPDX-License-Identifier: Apache-2.0 */
/* Earlier failures of a job: their effect on the next failure, and on the device of a retry. */
#include "chips_story.h"

#include <math.h>

/* The next attempt, which gets a device that is open or opens. */
static void begins(struct fake_job *j, int32_t device)
{
	job_submit(j);
	for (int k = 0; k < 20 && j->state == FAKE_SUBMITTED; k++) {
		struct device_worker *w = worker_on(device);

		if (w && (w->is_killed || w->is_closed))
			worker_dies(w);
		else if (w && w->state == FAKE_OPENING)
			worker_opens(w);
		else
			world_pass(1);
	}
	assert_int_equal(j->state, FAKE_STARTED);
	worker_reaches(worker_on(device), PHASE_TAKEN);
}

static void ends_on(struct fake_job *j, int32_t device, enum dvs_class class)
{
	begins(j, device);
	worker_ends(worker_on(device), class, false);
	assert_int_equal(j->state, FAKE_ENDED);
}

/* Marks from before a pass have no effect on later failures. */
static void what_was_before_a_pass_is_not_taken_back(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_apart(4);
	j = job_new(1);
	ends_on(j, 0, DVS_STALL);
	ends_on(j, 1, DVS_TIMEOUT);
	ends_on(j, 2, DVS_POISON);
	begins(j, 3);
	run_through(j);
	assert_int_equal(j->result.status, JOB_PASSED);
	for (int i = 0; i < 3; i++)
		assert_int_equal(world.stored[i].n_marks, 1);
	world.stored[0] = world.stored[1] = (struct device_health){0}; /* cleared */
	unit(0)->health = unit(1)->health = world.stored[0];
	ends_on(j, 3, DVS_POISON);
	ends_on(j, 0, DVS_POISON); /* the second one: it is the job */
	assert_int_equal(j->result.reason, REASON_BREAKS_DEVICES);
	assert_string_equal(j->message, "the job breaks devices (0,3): device 0: it went wrong");
	assert_int_equal(world.stored[3].n_marks, 0);
	assert_int_equal(world.stored[2].n_marks, 1);
}

/* A job that ended so did not break its device: others may run there. */
static void a_failure_of_one_job_keeps_no_other_away(void **state)
{
	struct fake_job *a, *b;

	(void)state;
	begin_apart(2);
	a = job_new(1);
	ends_on(a, 0, DVS_BUSY);
	b = submitted(1);
	assert_string_equal(b->where, "chips/0");
	job_submit(a); /* and it waits for 1, or takes it if it is free */
	worker_opens(worker_on(1));
	assert_string_equal(a->where, "chips/1");
}

/* It has tried all devices: it waits for none. */
static void who_has_failed_everywhere_takes_what_is_free(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_apart(2);
	j = job_new(1);
	ends_on(j, 0, DVS_BUSY);
	ends_on(j, 1, DVS_BUSY);
	job_submit(j);
	assert_int_equal(j->state, FAKE_STARTED);
}

/* A gang of two that failed on one of three devices can avoid that one, but there is no third
 * untried device to wait for. */
static void a_gang_waits_for_as_many_others_as_it_needs(void **state)
{
	struct fake_job *gang, *small;

	(void)state;
	begin_apart(3);
	gang = submitted(2);
	small = submitted(1);
	open_all(3);
	launch(2);
	worker_ends(worker_on(0), DVS_BUSY, false);
	worker_ends(worker_on(1), DVS_PEER, false);
	assert_int_equal(gang->state, FAKE_ENDED);
	job_submit(gang);
	assert_int_equal(gang->state, FAKE_SUBMITTED); /* 1 and 2 are others, and 2 is busy */
	ends_well(2);
	assert_int_equal(small->state, FAKE_ENDED);
	assert_string_equal(gang->where, "chips/1-2");
	run_through(gang);
	world.c->units[2].health.state = HEALTH_DEAD;
	world.stored[2].state = HEALTH_DEAD;
	gang = submitted(2);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_ends(worker_on(0), DVS_BUSY, false);
	run_through(gang);
	job_submit(gang);
	assert_int_equal(gang->state, FAKE_STARTED); /* there are no two others */
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(what_was_before_a_pass_is_not_taken_back),
		STORY(a_failure_of_one_job_keeps_no_other_away),
		STORY(who_has_failed_everywhere_takes_what_is_free),
		STORY(a_gang_waits_for_as_many_others_as_it_needs),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
