/* SPDX-License-Identifier: Apache-2.0 */
/* A command that has its devices: its environment, its end, and its results. */
#include "chips_story.h"

#include <math.h>

static struct fake_job *command_new(uint32_t n_devices)
{
	struct fake_job *j = job_new(n_devices);

	j->request.is_borrowed = true;
	j->request.env_name = "DEVICES";
	j->request.has_barrier = j->request.has_join = false;
	return j;
}

static struct fake_job *command(uint32_t n_devices)
{
	struct fake_job *j = command_new(n_devices);

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

static void killed(const struct fake_job *j, enum kill_level level)
{
	world.backend->ops->kill(world.backend, &j->job, level, REASON_USER);
}

/* ---- its environment ---- */

static void its_environment_names_its_devices(void **state)
{
	static const char *const usual[] = {"VISIBLE", "ALSO", NULL}, *const none[] = {NULL};
	static const char *const more[] = {"PORT=1", "LICENCE=2", "BOARD=3", "LANE=4", NULL};
	static const struct {
		const char *own;
		const char *const *of_pool, *const *of_job;
		const char *env;
	} cases[] = {
		{"A,B", usual, NULL, "DVSCHED_DEVICES=0,1|A=u0,u1|B=u0,u1"},
		{NULL, usual, NULL, "DVSCHED_DEVICES=0,1|VISIBLE=u0,u1|ALSO=u0,u1"},
		{NULL, usual, more,
		 "DVSCHED_DEVICES=0,1|VISIBLE=u0,u1|ALSO=u0,u1|PORT=1|LICENCE=2|BOARD=3|LANE=4"},
		{"", usual, more, "DVSCHED_DEVICES=0,1|PORT=1|LICENCE=2|BOARD=3|LANE=4"},
		{NULL, none, NULL, "DVSCHED_DEVICES=0,1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_job *j;

		world_init(2);
		world.devices[0].lent_as = "u0";
		world.devices[1].lent_as = "u1";
		world.settings.lend_variables = cases[i].of_pool;
		world_begin();
		j = command_new(2);
		j->request.env_name = cases[i].own;
		j->env = cases[i].of_job;
		job_submit(j);
		assert_string_equal(slot()->env, cases[i].env);
		ends(true);
		world_done();
	}
	begin(1);
}

static void its_slot_has_what_the_pool_says(void **state)
{
	struct fake_job *j;
	const struct slot_options *o;

	(void)state;
	world_init(3);
	for (int i = 0; i < 3; i++)
		world.devices[i].numa = -1;
	world.devices[1].cpus = "0-3";
	world.devices[1].numa = 1;
	world_begin();
	run_through(submitted(1)); /* 0 is open: 1 is lent first */
	j = command(1);
	o = &slot()->options;
	assert_string_equal(o->scratch_root, "/nowhere");
	assert_true(o->default_grace_s == 5 && o->job_nofile == 77);
	assert_int_equal(o->number, 1);
	assert_string_equal(o->cpus, "0-3");
	assert_int_equal(o->numa, 1);
	assert_int_equal(o->n_kept, 0); /* without locks */
	assert_ptr_equal(slot()->spec, &j->spec);
	assert_int_equal(slot()->attempt, 1);
	ends(false);
	worker_opens(worker_on(1));
	job_submit(j);
	assert_int_equal(slot()->attempt, 2);
	ends(true);
}

/* Whichever process dies first, the devices are free when the last one is gone. */
static void its_slot_has_a_copy_of_each_lock(void **state)
{
	(void)state;
	begin_with_locks(3);
	command(2);
	assert_int_equal(slot()->options.n_kept, 2);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(slot()->kept[i], unit(i)->lock.fd);
	ends(true);
}

static void its_processes_are_measured_while_it_runs(void **state)
{
	struct fake_job *j;
	struct job_load load = {0};

	(void)state;
	begin(1);
	run_through(submitted(1));
	j = command(1);
	assert_false(world.backend->ops->measure(world.backend, &j->job, &load)); /* it waits */
	worker_dies(worker_on(0));
	assert_true(world.backend->ops->measure(world.backend, &j->job, &load));
	assert_int_equal(load.n_processes, 1);
	assert_false(world.backend->ops->measure(world.backend, &world.jobs[0].job, &load));
	ends(true);
	assert_false(world.backend->ops->measure(world.backend, &j->job, &load));
}

static void what_its_slot_notes_is_reported_at_once(void **state)
{
	(void)state;
	begin(1);
	command(1);
	slot()->handler->noted(slot(), slot()->ctx, "it was stopped");
	assert_string_equal(world.warned, "it was stopped");
	world.c->warn = NULL; /* no key asks for it */
	slot()->handler->noted(slot(), slot()->ctx, "again");
	assert_string_equal(world.warned, "it was stopped");
	ends(true);
}

/* ---- the terminal ---- */

static void who_is_shown_or_interactive_has_the_terminal(void **state)
{
	(void)state;
	for (int is_shown = 0; is_shown < 2; is_shown++) {
		struct fake_job *j;

		begin(1);
		j = command_new(1);
		j->rules.is_shown = is_shown;
		j->rules.is_interactive = !is_shown;
		job_submit(j);
		assert_string_equal(world.console, "take ");
		slot()->handler->said(slot(), slot()->ctx, "hello", 4);
		slot()->handler->stopped(slot(), slot()->ctx);
		assert_string_equal(world.console, "take say:hell stopped ");
		world.console[0] = '\0';
		slot_ends(slot(), true); /* given back at once, before its slot is gone */
		assert_string_equal(world.console, "release ");
		slot_dies(slot());
		assert_string_equal(world.console, "release ");
		assert_int_equal(j->result.status, JOB_PASSED);
		world_done();
	}
	begin(1);
}

static void who_has_the_terminal_gives_it_back_when_its_slot_dies(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command_new(1);
	j->rules.is_interactive = true;
	job_submit(j);
	slot_dies(slot());
	assert_string_equal(world.console, "take release ");
	worker_opens(worker_on(0));
	assert_int_equal(j->result.reason, REASON_LOST);
}

/* A kill does not wait for the screen. */
static void a_kill_hurries_who_has_the_terminal(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command_new(1);
	j->rules.is_shown = true;
	job_submit(j);
	killed(j, KILL_TERM);
	assert_string_equal(world.console, "take hurry ");
	ends(false);
	assert_string_equal(world.console, "take hurry release ");
	world.console[0] = '\0';
	j = command(1); /* it has none */
	killed(j, KILL_TERM);
	ends(false);
	assert_string_equal(world.console, "");
}

static void who_gets_no_terminal_never_ran(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	world.has_no_terminal = true;
	j = command_new(1);
	j->rules.is_interactive = true;
	job_submit(j);
	assert_int_equal(j->result.status, JOB_KILLED);
	assert_int_equal(j->result.reason, REASON_LAUNCH);
	assert_string_equal(j->message, "there is no terminal");
	assert_int_equal(j->n_started, 0);
	run_through(submitted(1)); /* and its device is free */
}

/* The terminal is released before dvsched stops, and taken again before anything continues. */
static void the_terminal_is_suspended_with_us(void **state)
{
	(void)state;
	begin(1);
	command(1);
	world.backend->ops->suspend(world.backend, true);
	assert_string_equal(world.console, "suspend ");
	world.backend->ops->suspend(world.backend, false);
	assert_string_equal(world.console, "suspend resume ");
	ends(true);
}

/* ---- its end ---- */

static void a_kill_is_gentle_or_it_is_not(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command(1);
	killed(j, KILL_TERM);
	assert_true(slot()->is_killed && !slot()->is_killed_now);
	killed(j, KILL_NOW);
	assert_true(slot()->is_killed_now);
	ends(false);
	assert_int_equal(j->result.status, JOB_KILLED);
	assert_int_equal(j->result.reason, REASON_USER);
	assert_int_equal(j->n_ended, 1);
}

static void one_that_has_ended_is_not_killed_any_more(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command(1);
	slot_ends(slot(), true);
	assert_true(slot()->is_closed);
	killed(j, KILL_NOW);
	assert_false(slot()->is_killed);
	slot_dies(slot());
	assert_int_equal(j->result.status, JOB_PASSED); /* its own end was first */
}

static void a_slot_that_dies_after_the_end_changes_nothing(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command(1);
	slot_ends(slot(), false);
	assert_int_equal(j->state,
			 FAKE_STARTED); /* its devices are locked as long as the slot is there */
	slot_dies(slot());
	worker_opens(worker_on(0));
	assert_int_equal(j->result.reason, REASON_EXIT);
	assert_string_equal(j->message, "it failed");
}

static void a_slot_that_dies_of_a_kill_was_killed(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command(1);
	killed(j, KILL_NOW);
	slot_dies(slot());
	assert_int_equal(j->result.status, JOB_KILLED);
	assert_int_equal(j->result.reason, REASON_USER);
	assert_string_equal(j->message, "it died");
	assert_int_equal(j->result.exit_status, -1);
	assert_int_equal(world.n_made, 0); /* its device is not checked */
}

static void a_kill_ends_the_checks_of_its_devices(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = command(2);
	ends(false);
	worker_opens(worker_on(0));
	killed(j, KILL_TERM);
	assert_true(worker_on(1)->is_killed);
	assert_false(worker_on(0)->is_killed); /* that one is known to be well */
	assert_int_equal(j->state, FAKE_STARTED);
	worker_dies(worker_on(1));
	assert_int_equal(j->result.reason, REASON_EXIT); /* its own reason, as before */
	assert_non_null(strstr(j->details, "{\"device\":1,\"lent_as\":\"it\"}"));
}

static void a_run_that_closes_looks_at_no_device(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command(1);
	close_backend();
	assert_true(world.is_closed); /* there is no worker to wait for */
	ends(false);
	assert_int_equal(j->result.reason, REASON_EXIT);
	assert_int_equal(world.n_made, 0);
}

static void a_device_that_cannot_be_looked_at_says_nothing(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command(1);
	world.cannot_start = true;
	ends(false);
	assert_int_equal(j->result.reason, REASON_EXIT);
	assert_int_equal(world.stored[0].state, HEALTH_UNKNOWN);
	world.cannot_start = false;
}

/* ---- its results ---- */

static void its_details_say_how_its_devices_are(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_apart(4);
	world.settings.driver_version = "7";
	run_through(submitted(1));
	world.c->units[2].health.state = HEALTH_DEAD;
	j = command(3);
	world_pass(2);
	worker_dies(worker_on(0));
	assert_string_equal(j->where, "chips/1,3,0");
	ends(false);
	worker_opens(worker_on(1));
	worker_opens_not(worker_on(3), DVS_WEDGE, "it is broken");
	worker_dies(worker_on(3));
	worker_opens_not(worker_on(0), DVS_BUSY, "in use by pid 1");
	worker_dies(worker_on(0));
	assert_string_equal(
		j->details,
		"{\"driver\":\"none\",\"driver_version\":\"7\",\"queue_s\":2.0,\"blame\":"
		"\"device\","
		"\"borrowed\":[{\"device\":1,\"lent_as\":\"it\",\"probe\":\"ok\"},"
		"{\"device\":3,\"lent_as\":\"it\",\"probe\":\"wedge\",\"text\":\"it is broken\"},"
		"{\"device\":0,\"lent_as\":\"it\",\"probe\":\"busy\",\"text\":\"in use by pid "
		"1\"}]}");
}

static void its_details_say_who_is_at_fault(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_apart(1);
	j = command(1);
	ends(true);
	assert_null(strstr(j->details, "blame"));
	j = command(1);
	killed(j, KILL_TERM);
	ends(false);
	assert_null(strstr(j->details, "blame"));
	j = command(1);
	ends(false);
	worker_opens(worker_on(0));
	assert_non_null(strstr(j->details, "\"blame\":\"job\""));
}

/* The message has both failures, each broken device with its error. */
static void a_message_names_each_device_that_does_not_open(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2); /* of one fault domain */
	j = command(2);
	slot_dies(slot());
	for (int32_t i = 0; i < 2; i++) {
		worker_opens_not(worker_on(i), DVS_WEDGE, i ? "it is hot" : "it is gone");
		worker_dies(worker_on(i));
	}
	assert_int_equal(j->result.reason, REASON_WEDGE);
	assert_true(j->result.is_uncounted);
	assert_string_equal(j->message,
			    "it died; then device 0 does not open any more: it is gone; "
			    "then device 1 does not open any more: it is hot");
}

static void a_failure_without_words_has_its_reason(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = command(1);
	slot()->has_job = false;
	slot()->handler->ended(
		slot(), slot()->ctx,
		&(struct job_result){.status = JOB_FAILED, .reason = REASON_TIMEOUT});
	world_turn();
	slot_dies(slot());
	worker_opens_not(worker_on(0), DVS_WEDGE, "it is gone");
	worker_dies(worker_on(0));
	assert_string_equal(j->message,
			    "timeout; then device 0 does not open any more: it is gone");
}

/* ---- jobs that wait for its devices ---- */

/* The devices of a command are free at the latest when its time limit is over, counted from its
 * start. */
static void a_gang_that_waits_knows_when_a_command_is_over(void **state)
{
	struct fake_job *gang, *brief, *long_one;

	(void)state;
	begin_apart(2);
	command(1)->request.run_s = 100;
	gang = submitted(2);
	world_pass(50);
	brief = job_new(1);
	brief->request.run_s = 49; /* over before the command is */
	long_one = job_new(1);
	long_one->request.run_s = 51;
	job_submit(long_one);
	job_submit(brief);
	worker_opens(worker_on(1));
	assert_int_equal(long_one->state, FAKE_SUBMITTED);
	assert_int_equal(brief->state, FAKE_STARTED);
	ends_well(1);
	ends(true);
	worker_opens(worker_on(0));
	assert_int_equal(gang->state, FAKE_STARTED);
}

static void a_command_without_a_limit_keeps_nobody_from_the_rest(void **state)
{
	struct fake_job *small;

	(void)state;
	begin_apart(2);
	command(1)->request.run_s = 0;
	submitted(2);
	world_pass(50);
	small = submitted(1);
	worker_opens(worker_on(1));
	assert_int_equal(small->state, FAKE_STARTED);
	ends(true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(its_environment_names_its_devices),
		STORY(its_slot_has_what_the_pool_says),
		STORY_WITH_LOCKS(its_slot_has_a_copy_of_each_lock),
		STORY(its_processes_are_measured_while_it_runs),
		STORY(what_its_slot_notes_is_reported_at_once),
		STORY(who_is_shown_or_interactive_has_the_terminal),
		STORY(who_has_the_terminal_gives_it_back_when_its_slot_dies),
		STORY(a_kill_hurries_who_has_the_terminal),
		STORY(who_gets_no_terminal_never_ran),
		STORY(the_terminal_is_suspended_with_us),
		STORY(a_kill_is_gentle_or_it_is_not),
		STORY(one_that_has_ended_is_not_killed_any_more),
		STORY(a_slot_that_dies_after_the_end_changes_nothing),
		STORY(a_slot_that_dies_of_a_kill_was_killed),
		STORY(a_kill_ends_the_checks_of_its_devices),
		STORY(a_run_that_closes_looks_at_no_device),
		STORY(a_device_that_cannot_be_looked_at_says_nothing),
		STORY(its_details_say_how_its_devices_are),
		STORY(its_details_say_who_is_at_fault),
		STORY(a_message_names_each_device_that_does_not_open),
		STORY(a_failure_without_words_has_its_reason),
		STORY(a_gang_that_waits_knows_when_a_command_is_over),
		STORY(a_command_without_a_limit_keeps_nobody_from_the_rest),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
