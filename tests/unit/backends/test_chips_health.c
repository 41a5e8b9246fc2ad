/* SPDX-License-Identifier: Apache-2.0 */
/* Health that others write while the pool uses a device: another process, or a person. */
#include "chips_story.h"

#include <math.h>

static void what_others_found_out_of_a_device_counts(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	world.stored[0].state = HEALTH_QUARANTINED; /* by another process, since we began */
	world.stored[0].until_wall_s = INFINITY;
	j = submitted(1);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	assert_null(worker_on(0));
}

static void set_aside_by_a_person(int device)
{
	world.stored[device].state = HEALTH_QUARANTINED;
	world.stored[device].until_wall_s = 253402300799.0;
}

static void what_a_person_sets_aside_gets_no_other_job(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	run_through(submitted(1));
	assert_int_equal(unit(0)->state, UNIT_IDLE);
	set_aside_by_a_person(0);
	world_pass(2);
	j = submitted(1);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
}

static void nor_does_what_happens_there_bring_it_back(void **state)
{
	static const enum dvs_class classes[] = {DVS_OK, DVS_POISON, DVS_WEDGE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		begin(1);
		world.stored[0].state = HEALTH_SUSPECT;
		submitted(1);
		open_all(1);
		worker_reaches(worker_on(0), PHASE_TAKEN);
		set_aside_by_a_person(0);
		worker_ends(worker_on(0), classes[i], classes[i] == DVS_OK);
		assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
		assert_true(world.stored[0].until_wall_s == 253402300799.0);
		world_done();
	}
	begin(1);
}

static void what_a_person_clears_is_used_again(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(2);
	set_aside_by_a_person(0);
	world_begin();
	run_through(submitted(1));
	submitted(1); /* it has 1 */
	world.stored[0] = (struct device_health){0};
	world_pass(2);
	j = submitted(1);
	worker_opens(worker_on(0));
	assert_string_equal(j->where, "chips/0");
}

static void also_while_nothing_else_happens(void **state)
{
	(void)state;
	world_init(1);
	world.stored[0] = (struct device_health){
		.state = HEALTH_QUARANTINED, .until_wall_s = clock_wall(&world.clock.clock) + 300};
	world_begin();
	submitted(1);
	world_pass(20);
	assert_null(worker_on(0));
	world.stored[0] = (struct device_health){0};
	world_pass(1.1);
	assert_non_null(worker_on(0));
}

static void a_file_that_cannot_be_read_keeps_others_readable(void **state)
{
	(void)state;
	world_init(2);
	world.is_unreadable[1] = true;
	set_aside_by_a_person(0);
	world_begin();
	run_through(submitted(1)); /* on 1 */
	world.stored[0] = (struct device_health){0};
	submitted(1);
	world_pass(2);
	submitted(1);
	assert_non_null(worker_on(0));
}

static void what_could_not_be_written_is_not_forgotten(void **state)
{
	(void)state;
	world_init(2);
	world.is_unwritable[0] = true;
	world_begin();
	submitted(1);
	worker_opens(worker_on(0));
	worker_ends(worker_on(0), DVS_WEDGE, false);
	world_pass(2);
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
	assert_int_equal(world.stored[0].state, HEALTH_UNKNOWN);
}

/* A turn waits once for a lock that is held by another process, not at every change. */
static void a_lock_that_somebody_keeps_is_waited_for_once(void **state)
{
	(void)state;
	begin(1);
	run_through(submitted(1));
	assert_int_equal(world.stored[0].state, HEALTH_HEALTHY);
	submitted(1);
	worker_ends(worker_on(0), DVS_POISON, false);
	assert_int_equal(world.stored[0].state, HEALTH_SUSPECT);
	assert_int_equal(world.lock_ms, HEALTH_LOCK_MS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(what_others_found_out_of_a_device_counts),
		STORY(what_a_person_sets_aside_gets_no_other_job),
		STORY(nor_does_what_happens_there_bring_it_back),
		STORY(what_a_person_clears_is_used_again),
		STORY(also_while_nothing_else_happens),
		STORY(a_file_that_cannot_be_read_keeps_others_readable),
		STORY(what_could_not_be_written_is_not_forgotten),
		STORY(a_lock_that_somebody_keeps_is_waited_for_once),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
