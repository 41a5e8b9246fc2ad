/* SPDX-License-Identifier: Apache-2.0 */
/* A pool among other processes: devices that it leaves to earlier waiters, and devices that it
 * waits for. */
#include "chips_story.h"

#include <sys/inotify.h>

static bool is_locked(int32_t device)
{
	int fd = take(device);

	if (fd >= 0)
		close(fd);
	return fd < 0;
}

static void others_wait_for(int32_t device, bool do_they)
{
	world.is_others[device] = do_they;
	others_change();
}

/* ---- its locks ---- */

static void the_lock_is_taken_before_the_worker_is_started(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_locks(2);
	j = submitted(1);
	assert_true(worker_on(0)->options->lock_fd > 0);
	assert_true(is_locked(0) && !is_locked(1));
	run_through(j);
	assert_true(is_locked(0)); /* as long as its worker lives */
	worker_dies(worker_on(0));
	assert_false(is_locked(0));
}

static void a_device_that_others_have_costs_no_process(void **state)
{
	struct fake_job *j;
	int theirs;

	(void)state;
	begin_with_locks(1);
	theirs = take(0);
	j = submitted(1);
	world_pass(20);
	assert_int_equal(world.n_made, 0);
	assert_non_null(strstr(world.waits, "device 0 is in use by pid "));
	close(theirs);
	others_change();
	run_through(j);
	assert_int_equal(world.n_made, 1);
}

static void a_gang_takes_all_or_none(void **state)
{
	int theirs, closings = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct fake_job *gang;
	char event[256];

	(void)state;
	begin_with_locks(3);
	theirs = take(1);
	gang = submitted(3);
	assert_int_equal(world.n_made, 0);
	assert_false(is_locked(0) || is_locked(2));
	assert_string_equal(world.wants, "sim-0\nsim-1\nsim-2\n");
	inotify_add_watch(closings, lock_dir, IN_CLOSE_WRITE);
	world_pass(100);
	assert_int_equal(read(closings, event, sizeof(event)), -1); /* none is woken in vain */
	close(closings);
	assert_false(is_locked(0) || is_locked(2));
	close(theirs);
	others_change();
	run_through(gang);
	assert_int_equal(gang->result.status, JOB_PASSED);
	assert_string_equal(world.wants, "");
}

/* Locks of its workers are kept; locks that were taken without use are released. */
static void a_gang_in_vain_gives_back_what_is_new(void **state)
{
	int theirs;

	(void)state;
	begin_with_locks(3);
	run_through(submitted(1));
	theirs = take(2);
	submitted(3);
	assert_true(is_locked(0));
	assert_false(is_locked(1));
	close(theirs);
}

static void what_is_to_be_lent_stays_locked_while_workers_leave(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_locks(2);
	run_through(submitted(1));
	j = job_new(2);
	j->request.is_borrowed = true;
	j->request.env_name = "DEVICES";
	job_submit(j);
	assert_true(worker_on(0)->is_closed);
	assert_true(is_locked(0) && is_locked(1));
	worker_dies(worker_on(0));
	assert_int_equal(j->state, FAKE_STARTED);
	slot_ends(world.slots[0], true);
	slot_dies(world.slots[0]);
	assert_false(is_locked(0) || is_locked(1));
}

static void a_lock_goes_from_one_worker_to_the_next(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_locks(1);
	run_through(submitted(1));
	j = job_new(1);
	j->request.open_options = "{\"runtime\":\"other\"}";
	job_submit(j);
	assert_true(worker_on(0)->is_closed);
	worker_dies(worker_on(0));
	assert_true(is_locked(0));
	run_through(j);
}

static void a_lock_that_cannot_be_made_ends_the_job(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_locks(1);
	fs_remove_tree(lock_dir);
	j = submitted(1);
	world_pass(1);
	assert_int_equal(j->result.reason, REASON_LAUNCH);
	assert_non_null(strstr(j->message, "cannot lock "));
	assert_int_equal(world.n_made, 0);
}

/* ---- earlier processes ---- */

static void what_is_free_and_others_wait_for_is_theirs(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_locks(2);
	others_wait_for(0, true);
	j = submitted(1);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
	assert_false(is_locked(0));
	submitted(2);
	world_pass(11);
	assert_non_null(strstr(world.waits, "; device 0 goes to a process that has waited longer"));
}

static void an_idle_worker_makes_room(void **state)
{
	(void)state;
	begin_with_locks(1);
	run_through(submitted(1));
	assert_false(worker_on(0)->is_closed);
	others_wait_for(0, true);
	assert_true(worker_on(0)->is_closed);
	worker_dies(worker_on(0));
	assert_false(is_locked(0));
}

static void a_run_is_not_interrupted_and_the_next_one_waits(void **state)
{
	struct fake_job *j, *next;

	(void)state;
	begin_with_locks(1);
	j = submitted(1);
	next = submitted(1);
	open_all(1);
	others_wait_for(0, true);
	assert_false(worker_on(0)->is_closed || worker_on(0)->is_cancelled);
	ends_well(0);
	assert_int_equal(j->result.status, JOB_PASSED);
	assert_true(worker_on(0)->is_closed);
	worker_dies(worker_on(0));
	assert_false(is_locked(0));
	assert_int_equal(next->state, FAKE_SUBMITTED);
	assert_string_equal(world.wants, "sim-0\n"); /* behind them */
	others_wait_for(0, false);
	run_through(next);
}

/* What is opened for long is used for longer: four times as long. */
static void what_took_long_to_open_is_kept_for_a_while(void **state)
{
	uint32_t n = 0;

	(void)state;
	begin_with_locks(1);
	for (int i = 0; i < 10; i++)
		submitted(1);
	world_pass(10);
	open_all(1);
	others_wait_for(0, true);
	while (!worker_on(0)->is_closed) {
		world_pass(4);
		ends_well(0);
		n++;
	}
	assert_int_equal(n, 8); /* 10 s + 7 * 4 s < 40 s */
}

static void one_that_opens_runs_one_job_at_least(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_locks(1);
	j = submitted(1);
	others_wait_for(0, true);
	assert_false(worker_on(0)->is_killed || worker_on(0)->is_closed);
	open_all(1);
	assert_int_equal(j->state, FAKE_STARTED);
	ends_well(0);
	assert_true(worker_on(0)->is_closed);
	worker_dies(worker_on(0));
	others_wait_for(0, false);
	j = submitted(1); /* again: it is as new */
	others_wait_for(0, true);
	open_all(1);
	assert_int_equal(j->state, FAKE_STARTED);
	ends_well(0);
	assert_true(worker_on(0)->is_closed);
}

static void a_gang_that_opens_keeps_what_is_open_already(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_with_locks(2);
	gang = submitted(2);
	worker_opens(worker_on(0));
	others_wait_for(0, true);
	assert_false(worker_on(0)->is_closed);
	worker_opens(worker_on(1));
	assert_int_equal(gang->state, FAKE_STARTED);
	run_through(gang);
}

static void devices_that_are_lent_come_back_and_are_theirs(void **state)
{
	struct fake_job *j, *next;

	(void)state;
	begin_with_locks(1);
	j = job_new(1);
	next = job_new(1);
	j->request.is_borrowed = next->request.is_borrowed = true;
	j->request.env_name = next->request.env_name = "DEVICES";
	job_submit(j);
	job_submit(next);
	assert_int_equal(j->state, FAKE_STARTED);
	others_wait_for(0, true);
	slot_ends(world.slots[0], true);
	slot_dies(world.slots[0]);
	assert_int_equal(j->result.status, JOB_PASSED);
	assert_int_equal(next->state, FAKE_SUBMITTED);
	assert_false(is_locked(0));
	others_wait_for(0, false);
	assert_int_equal(next->state, FAKE_STARTED);
	slot_ends(world.slots[0], true);
	slot_dies(world.slots[0]);
}

/* ---- our place ---- */

static void who_has_all_it_needs_waits_for_nobody(void **state)
{
	struct fake_job *first;

	(void)state;
	begin_with_locks(1);
	first = submitted(1);
	submitted(1); /* waits for our own first one */
	assert_string_equal(world.wants, "");
	run_through(first);
	assert_int_equal(world.n_places, 0);
}

static void a_place_is_for_one_job(void **state)
{
	struct fake_job *a, *b;
	int theirs;

	(void)state;
	begin_with_locks(1);
	theirs = take(0);
	a = submitted(1);
	b = submitted(1);
	assert_int_equal(world.n_places, 1);
	close(theirs);
	others_change();
	assert_string_equal(world.wants, "");
	open_all(1);
	others_wait_for(0, true);
	ends_well(0);
	worker_dies(worker_on(0));
	assert_int_equal(a->state, FAKE_ENDED);
	assert_int_equal(world.n_places, 2); /* b is behind them */
	others_wait_for(0, false);
	run_through(b);
}

/* Its devices open: it waits for no process. */
static void who_is_served_waits_for_nobody(void **state)
{
	int theirs;

	(void)state;
	begin_with_locks(2);
	theirs = take(0);
	submitted(1);
	world_pass(0.1);
	submitted(2);
	assert_string_equal(world.wants, "sim-0\nsim-1\n"); /* for the second one */
	world.backend->ops->kill(world.backend, &world.jobs[1].job, KILL_NOW, REASON_USER);
	world_turn();
	assert_string_equal(world.wants, "");
	assert_int_equal(worker_on(1)->state, FAKE_OPENING);
	close(theirs);
}

static void nor_does_who_could_not_run_anyway(void **state)
{
	int theirs;

	(void)state;
	begin_with_locks(3);
	theirs = take(0);
	world.c->units[2].health.state = HEALTH_QUARANTINED;
	world.c->units[2].health.until_wall_s = 2e9;
	submitted(1); /* it finds out about the first one */
	submitted(3);
	assert_string_equal(world.wants, "");
	close(theirs);
}

static void who_is_next_has_a_place_of_its_own(void **state)
{
	int theirs;

	(void)state;
	begin_with_locks(1);
	theirs = take(0);
	submitted(1);
	submitted(1);
	assert_int_equal(world.n_places, 1);
	world.backend->ops->kill(world.backend, &world.jobs[0].job, KILL_NOW, REASON_USER);
	world_turn();
	assert_string_equal(world.wants, "sim-0\n");
	assert_int_equal(world.n_places, 2); /* not that of the one that was killed */
	close(theirs);
}

/* Another job is first in the queue now; the place is still that of the one that took it. */
static void a_place_stays_with_its_job(void **state)
{
	struct fake_job *lasting, *small, *gang;
	int theirs;

	(void)state;
	begin_with_locks(3);
	theirs = take(0);
	lasting = submitted(1);
	small = submitted(1);
	worker_opens(worker_on(1));
	worker_opens(worker_on(2));
	gang = submitted(3);
	assert_int_equal(world.n_places, 1);
	worker_ends(worker_on(2), DVS_BUSY, false);
	assert_int_equal(small->state, FAKE_ENDED);
	job_submit(small);
	assert_int_equal(world.n_places, 1);
	assert_int_equal(gang->state, FAKE_SUBMITTED);
	close(theirs);
	others_change();
	run_through(small);
	run_through(lasting);
	run_through(gang);
	assert_int_equal(world.n_places, 1);
}

static void a_device_that_is_not_usable_is_not_waited_for(void **state)
{
	int theirs;

	(void)state;
	begin_with_locks(3);
	theirs = take(1);
	world.c->units[2].health.state = HEALTH_QUARANTINED;
	world.c->units[2].health.until_wall_s = 2e9;
	submitted(2);
	assert_string_equal(world.wants, "sim-0\nsim-1\n");
	close(theirs);
}

static void who_is_paused_or_closing_waits_for_nothing(void **state)
{
	int theirs;

	(void)state;
	begin_with_locks(1);
	theirs = take(0);
	submitted(1);
	assert_string_equal(world.wants, "sim-0\n");
	world.backend->ops->pause(world.backend, true);
	world_turn();
	assert_string_equal(world.wants, "");
	world.backend->ops->pause(world.backend, false);
	world_turn();
	assert_string_equal(world.wants, "sim-0\n");
	world.backend->ops->suspend(world.backend, true);
	assert_string_equal(world.wants, "");
	world.backend->ops->suspend(world.backend, false);
	world_pass(6);
	assert_string_equal(world.wants, "sim-0\n");
	world.backend->ops->kill(world.backend, &world.jobs[0].job, KILL_NOW, REASON_USER);
	world_turn();
	close_backend();
	assert_string_equal(world.wants, "");
	close(theirs);
}

/* A command is put back before the gang that has the place in the queue, and does not take that
 * place. */
static void a_place_stays_with_its_job_behind_another_one(void **state)
{
	int theirs[] = {-1, -1};
	struct fake_job *command;

	(void)state;
	begin_with_locks(3);
	run_through(submitted(1)); /* 0 is open */
	for (int i = 0; i < 2; i++)
		theirs[i] = take(i + 1);
	submitted(2);
	assert_int_equal(world.n_places, 1);
	command = job_new(1);
	command->request.is_borrowed = true;
	command->request.env_name = "DEVICES";
	job_submit(command);
	assert_true(worker_on(0)->is_closed);
	world.stored[0] = (struct device_health){
		.state = HEALTH_QUARANTINED, .until_wall_s = clock_wall(&world.clock.clock) + 100};
	unit(0)->health = world.stored[0];
	worker_dies(worker_on(0));
	assert_ptr_equal(list_entry(world.c->queue.next, struct chips_job, link)->job,
			 &command->job);
	assert_int_equal(world.n_places, 1);
	for (int i = 0; i < 2; i++)
		close(theirs[i]);
}

static void what_others_wait_for_is_not_probed(void **state)
{
	(void)state;
	begin_with_locks(2);
	world.stored[0] = (struct device_health){.state = HEALTH_QUARANTINED,
						 .until_wall_s = clock_wall(&world.clock.clock)};
	unit(0)->health = world.stored[0];
	others_wait_for(0, true);
	submitted(2);
	world_pass(20);
	assert_null(worker_on(0));
	others_wait_for(0, false);
	assert_true(unit(0)->is_probe);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY_WITH_LOCKS(the_lock_is_taken_before_the_worker_is_started),
		STORY_WITH_LOCKS(a_device_that_others_have_costs_no_process),
		STORY_WITH_LOCKS(a_gang_takes_all_or_none),
		STORY_WITH_LOCKS(a_gang_in_vain_gives_back_what_is_new),
		STORY_WITH_LOCKS(what_is_to_be_lent_stays_locked_while_workers_leave),
		STORY_WITH_LOCKS(a_lock_goes_from_one_worker_to_the_next),
		STORY_WITH_LOCKS(a_lock_that_cannot_be_made_ends_the_job),
		STORY_WITH_LOCKS(what_is_free_and_others_wait_for_is_theirs),
		STORY_WITH_LOCKS(an_idle_worker_makes_room),
		STORY_WITH_LOCKS(a_run_is_not_interrupted_and_the_next_one_waits),
		STORY_WITH_LOCKS(what_took_long_to_open_is_kept_for_a_while),
		STORY_WITH_LOCKS(one_that_opens_runs_one_job_at_least),
		STORY_WITH_LOCKS(a_gang_that_opens_keeps_what_is_open_already),
		STORY_WITH_LOCKS(devices_that_are_lent_come_back_and_are_theirs),
		STORY_WITH_LOCKS(who_has_all_it_needs_waits_for_nobody),
		STORY_WITH_LOCKS(a_place_is_for_one_job),
		STORY_WITH_LOCKS(who_is_served_waits_for_nobody),
		STORY_WITH_LOCKS(nor_does_who_could_not_run_anyway),
		STORY_WITH_LOCKS(who_is_next_has_a_place_of_its_own),
		STORY_WITH_LOCKS(a_place_stays_with_its_job),
		STORY_WITH_LOCKS(a_place_stays_with_its_job_behind_another_one),
		STORY_WITH_LOCKS(what_others_wait_for_is_not_probed),
		STORY_WITH_LOCKS(a_device_that_is_not_usable_is_not_waited_for),
		STORY_WITH_LOCKS(who_is_paused_or_closing_waits_for_nothing),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
