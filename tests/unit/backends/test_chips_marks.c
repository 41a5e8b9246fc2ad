/* SPDX-License-Identifier: Apache-2.0 */
/* The effect of an end on its device, on the same fault domain, and on the job. */
#include "chips_story.h"

#include <math.h>

#include "base/json_out.h"

/* The next attempt, on this device and no other. */
static void tries_on(struct fake_job *j, int32_t device)
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
	tries_on(j, device);
	worker_ends(worker_on(device), class, false);
	assert_int_equal(j->state, FAKE_ENDED);
}

/* Another device, far from 0 and 1, so that the next job does not use it. */
static void two_devices(void)
{
	world_init(2);
	world.devices[1].domain = 7;
	world_begin();
}

/* ---- the job, or the device ---- */

static void the_same_end_on_two_devices_is_the_jobs(void **state)
{
	static const struct {
		enum dvs_class class;
		enum job_reason reason;
	} rows[] = {
		{DVS_POISON, REASON_BREAKS_DEVICES},
		{DVS_LOST, REASON_BREAKS_DEVICES},
		{DVS_STALL, REASON_STALL},
		{DVS_TIMEOUT, REASON_TIMEOUT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake_job *j;

		two_devices();
		j = job_new(1);
		ends_on(j, 0, rows[i].class);
		assert_int_equal(j->result.is_uncounted,
				 !device_class_fate(rows[i].class)->is_counted);
		assert_int_equal(world.stored[0].n_marks, 1);
		ends_on(j, 1, rows[i].class);
		assert_int_equal(j->result.reason, rows[i].reason);
		assert_false(j->result.is_uncounted);
		assert_int_equal(world.stored[0].n_marks, 0); /* taken back */
		assert_int_equal(world.stored[1].n_marks, 0);
		world_done();
	}
	begin(1);
}

static void two_different_ends_are_not(void **state)
{
	struct fake_job *j;

	(void)state;
	two_devices();
	j = job_new(1);
	ends_on(j, 0, DVS_POISON);
	ends_on(j, 1, DVS_STALL);
	assert_int_equal(j->result.reason, REASON_STALL);
	assert_int_equal(world.stored[0].n_marks, 1);
	assert_int_equal(world.stored[1].n_marks, 1);
}

static void nor_are_two_on_the_same_device(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = job_new(1);
	ends_on(j, 0, DVS_POISON);
	ends_on(j, 0, DVS_POISON);
	assert_int_equal(j->result.reason, REASON_POISON);
	assert_true(j->result.is_uncounted);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
}

static void where_one_failed_others_may_go(void **state)
{
	struct fake_job *other;

	(void)state;
	two_devices();
	ends_on(job_new(1), 0, DVS_JOB);
	ends_on(job_new(1), 0, DVS_BUSY);
	other = submitted(1);
	assert_string_equal(other->where, "chips/0");
}

static void nor_of_two_different_jobs(void **state)
{
	struct fake_job *a, *b;

	(void)state;
	two_devices();
	a = job_new(1);
	b = job_new(1);
	ends_on(a, 0, DVS_POISON);
	ends_on(b, 1, DVS_POISON);
	assert_int_equal(b->result.reason, REASON_POISON);
	assert_int_equal(world.stored[0].n_marks, 1);
	assert_int_equal(world.stored[1].n_marks, 1);
}

static void a_job_that_passed_begins_anew(void **state)
{
	struct fake_job *j;

	(void)state;
	two_devices();
	j = job_new(1);
	ends_on(j, 0, DVS_STALL);
	tries_on(j, 1);
	run_through(j);
	assert_int_equal(j->result.status, JOB_PASSED);
	ends_on(j, 1, DVS_STALL); /* of which 0 is no second one */
	assert_int_equal(world.stored[1].n_marks, 1);
}

static void a_death_counts_when_two_jobs_died_there(void **state)
{
	struct fake_job *a, *b;

	(void)state;
	begin(1);
	a = job_new(1);
	b = job_new(1);
	for (int i = 0; i < 2; i++) {
		tries_on(a, 0);
		worker_dies(worker_on(0));
		assert_int_equal(a->result.reason, REASON_LOST);
		assert_true(world.stored[0].state == HEALTH_UNKNOWN);
	}
	tries_on(b, 0);
	worker_dies(worker_on(0));
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
}

/* The next worker starts with the health in the file. */
static void what_a_pass_takes_back_is_stored(void **state)
{
	(void)state;
	begin(1);
	run_through(submitted(1));
	for (int i = 0; i < 3; i++) {
		tries_on(job_new(1), 0);
		worker_dies(worker_on(0));
		assert_int_equal(world.stored[0].n_marks, 1);
		run_through(submitted(1));
		assert_int_equal(world.stored[0].n_marks, 0);
		assert_int_equal(world.stored[0].state, HEALTH_HEALTHY);
	}
}

static void two_marks_quarantine_and_the_reason_is_kept(void **state)
{
	struct fake_job *a, *b;

	(void)state;
	begin(1);
	a = job_new(1);
	b = job_new(1);
	ends_on(a, 0, DVS_POISON);
	assert_int_equal(world.stored[0].state, HEALTH_SUSPECT);
	ends_on(b, 0, DVS_POISON);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	assert_string_equal(world.stored[0].reason, "it went wrong");
	assert_string_equal(world.stored[0].marks[0].job, a->id);
	assert_true(fabs(world.stored[0].until_wall_s - clock_wall(&world.clock.clock) - 300) < 1);
}

static void marks_that_are_old_do_not_count(void **state)
{
	(void)state;
	begin(1);
	ends_on(job_new(1), 0, DVS_POISON);
	world_pass(601);
	ends_on(job_new(1), 0, DVS_POISON);
	assert_int_equal(world.stored[0].state, HEALTH_SUSPECT);
}

static void a_reset_that_does_not_help_is_a_mark(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	open_all(1);
	worker_ends(worker_on(0), DVS_JOB, true);
	assert_int_equal(j->result.reason, REASON_WRONG_RESULT);
	assert_false(j->result.is_uncounted);
	assert_int_equal(world.stored[0].n_marks, 1);
	assert_string_equal(world.stored[0].reason, "a reset did not bring it back");
}

static void one_end_makes_one_mark(void **state)
{
	(void)state;
	begin(1);
	submitted(1);
	open_all(1);
	worker_ends(worker_on(0), DVS_POISON, true);
	assert_int_equal(world.stored[0].n_marks, 1);
	assert_int_equal(world.stored[0].state, HEALTH_SUSPECT);
}

static void who_is_killed_is_killed(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	open_all(1);
	launch(1);
	world.backend->ops->kill(world.backend, &j->job, KILL_TERM, REASON_USER);
	worker_ends(worker_on(0), DVS_STALL, false); /* whatever it says now */
	assert_int_equal(j->result.status, JOB_KILLED);
	assert_int_equal(j->result.reason, REASON_USER);
	assert_non_null(strstr(j->message, "the run was stopped"));
	assert_int_equal(world.stored[0].n_marks, 0);
}

static void a_log_that_fails_is_the_jobs(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(2);
	open_all(2);
	launch(2);
	worker_fails_by_log(worker_on(1));
	run_through(j);
	assert_int_equal(j->result.status, JOB_FAILED);
	assert_int_equal(j->result.reason, REASON_FAIL_PATTERN);
	assert_string_equal(j->message, "rank 1 on device 1: ERROR: no");
	assert_non_null(strstr(j->details, "\"blame\":\"job\""));
	assert_int_equal(world.stored[1].n_marks, 0);
}

static void a_pass_makes_it_healthy(void **state)
{
	(void)state;
	begin(1);
	run_through(submitted(1));
	assert_int_equal(world.stored[0].state, HEALTH_HEALTHY);
	ends_on(job_new(1), 0, DVS_STALL);
	assert_int_equal(world.stored[0].state, HEALTH_SUSPECT);
	worker_dies(worker_on(0));
	run_through(submitted(1)); /* the job may have caused the stall */
	assert_int_equal(world.stored[0].state, HEALTH_HEALTHY);
}

/* ---- neighbours ---- */

static void a_wedge_makes_its_neighbours_suspect(void **state)
{
	(void)state;
	begin(4);
	ends_on(job_new(1), 0, DVS_WEDGE);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	assert_int_equal(world.stored[1].state, HEALTH_SUSPECT);
	assert_non_null(strstr(world.stored[1].reason, "device 0 of the same fault domain"));
	assert_int_equal(world.stored[2].state, HEALTH_UNKNOWN);
	assert_int_equal(world.stored[3].state, HEALTH_UNKNOWN);
}

static void a_device_without_a_domain_has_no_neighbours(void **state)
{
	(void)state;
	world_init(3);
	for (int i = 0; i < 3; i++)
		world.devices[i].domain = -1;
	world_begin();
	ends_on(job_new(1), 0, DVS_WEDGE);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	for (int i = 1; i < 3; i++)
		assert_int_equal(world.stored[i].state, HEALTH_UNKNOWN);
}

static void a_mark_alone_makes_nobody_else_suspect(void **state)
{
	(void)state;
	begin(2);
	ends_on(job_new(1), 0, DVS_POISON);
	assert_int_equal(world.stored[1].state, HEALTH_UNKNOWN);
}

/* ---- opening ---- */

static void what_says_nothing_of_the_device_marks_nothing(void **state)
{
	static const struct {
		enum dvs_class class;
		bool ends_the_job;
		enum job_reason reason;
	} rows[] = {
		{DVS_BUSY, false, REASON_NONE},
		{DVS_CONFIG, true, REASON_LAUNCH},
		{DVS_UNSUPPORTED, true, REASON_LAUNCH},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake_job *j;

		begin(2);
		j = submitted(1);
		worker_opens_not(worker_on(0), rows[i].class, "no");
		worker_dies(worker_on(0));
		for (int k = 0; k < 2; k++)
			assert_int_equal(world.stored[k].state, HEALTH_UNKNOWN);
		assert_int_equal(j->state == FAKE_ENDED, rows[i].ends_the_job);
		if (rows[i].ends_the_job) {
			assert_int_equal(j->result.reason, rows[i].reason);
			assert_int_equal(j->n_started, 0);
		} else {
			run_through(j);
			assert_string_equal(j->where, "chips/1");
		}
		world_done();
	}
	begin(1);
}

static void an_open_that_fails_is_the_devices_and_not_the_jobs(void **state)
{
	static const enum dvs_class classes[] = {DVS_POISON, DVS_WEDGE, DVS_STALL, DVS_LOST};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		struct fake_job *j;

		begin(4);
		j = submitted(1);
		worker_opens_not(worker_on(0), classes[i], "it broke");
		worker_dies(worker_on(0));
		assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
		assert_string_equal(world.stored[0].reason, "it broke");
		assert_int_equal(world.stored[1].state, HEALTH_SUSPECT);
		assert_int_equal(j->state, FAKE_SUBMITTED);
		run_through(j);
		assert_string_equal(j->where, "chips/2");
		world_done();
	}
	begin(1);
}

static void a_device_that_its_driver_calls_bad_gets_no_job(void **state)
{
	static const struct dvs_device bad = {.health = DVS_HEALTH_BAD, .detail = "GPU is lost"},
				       odd = {.health = DVS_HEALTH_SUSPECT, .detail = "hot"};
	struct fake_job *j;

	(void)state;
	world_init(2);
	world.devices[0].facts = &bad;
	world.devices[1].facts = &odd;
	world_begin();
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	assert_string_equal(world.stored[0].reason, "its driver reports it as bad: GPU is lost");
	assert_int_equal(world.stored[1].state, HEALTH_UNKNOWN);
	j = submitted(1);
	run_through(j);
	assert_string_equal(j->where, "chips/1");
}

/* If each read made it longer, it would never end. */
static void a_device_that_is_quarantined_already_stays_as_it_is(void **state)
{
	static const struct dvs_device bad = {.health = DVS_HEALTH_BAD};

	(void)state;
	world_init(1);
	world.stored[0] = (struct device_health){
		.state = HEALTH_QUARANTINED,
		.n_quarantines = 1,
		.until_wall_s = 1e9 + 17,
		.reason = "fan broken",
	};
	world.devices[0].facts = &bad;
	world_begin();
	assert_int_equal(world.stored[0].n_quarantines, 1);
	assert_string_equal(world.stored[0].reason, "fan broken");
}

/* ---- out of quarantine ---- */

static void begin_with_one_quarantined(double until_wall_s)
{
	world_init(1);
	world.stored[0] = (struct device_health){
		.state = HEALTH_QUARANTINED, .n_quarantines = 1, .until_wall_s = until_wall_s};
	world.settings.deadlock_s = 1e6;
	world_begin();
}

static void a_quarantine_lasts_its_time(void **state)
{
	(void)state;
	begin_with_one_quarantined(1e9 + 1000 + 50);
	submitted(1);
	assert_null(worker_on(0));
	world_pass(49);
	assert_null(worker_on(0));
	world_pass(1.5);
	assert_non_null(worker_on(0));
}

static void nobody_waits_and_nothing_is_probed(void **state)
{
	(void)state;
	world_init(2);
	world.stored[0] = (struct device_health){.state = HEALTH_QUARANTINED, .until_wall_s = 1};
	world_begin();
	world_pass(1000);
	assert_null(worker_on(0));
	submitted(1);
	worker_opens(worker_on(1));
	if (worker_on(0)) /* a job has waited */
		worker_opens_not(worker_on(0), DVS_BUSY, "no"), worker_dies(worker_on(0));
	world_pass(10); /* longer than a device that is in use is left alone */
	worker_ends(worker_on(1), DVS_OK, false);
	assert_null(worker_on(0));
	world_pass(1000);
	assert_null(worker_on(0));
}

/* No process can be made for a while. */
static void a_probe_that_could_not_begin_comes_again(void **state)
{
	(void)state;
	begin_with_one_quarantined(1);
	world.cannot_start = true;
	submitted(1);
	world_pass(10);
	world.cannot_start = false;
	world_pass(6);
	assert_non_null(worker_on(0));
	worker_opens(worker_on(0));
	assert_true(worker_on(0)->is_closed); /* it was a probe */
}

static void a_probe_that_fails_doubles_the_quarantine(void **state)
{
	(void)state;
	begin_with_one_quarantined(1);
	submitted(1);
	worker_opens(worker_on(0));
	worker_dies(worker_on(0));
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED); /* once is not enough */
	worker_opens_not(worker_on(0), DVS_POISON, "no");
	worker_dies(worker_on(0));
	assert_true(fabs(world.stored[0].until_wall_s - clock_wall(&world.clock.clock) - 600) < 1);
	assert_null(worker_on(0));
}

static void on_probation_any_mark_is_enough(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_with_one_quarantined(1);
	j = job_new(1);
	job_submit(j);
	for (int i = 0; i < 2; i++) {
		worker_opens(worker_on(0));
		worker_dies(worker_on(0));
	}
	assert_int_equal(world.stored[0].state, HEALTH_PROBATION);
	worker_opens(worker_on(0));
	worker_ends(worker_on(0), DVS_STALL, false);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
}

/* ---- messages at the end ---- */

static void an_attempt_has_the_details_of_each_rank(void **state)
{
	static const char *const parts[] = {
		"\"driver\":\"none\"",
		"\"queue_s\":3.0,\"cause\":1,\"blame\":\"device\",\"ranks\":[{\"rank\":0,"
		"\"device\":"
		"0,"
		"\"class\":\"peer\",",
		"{\"rank\":1,\"device\":1,\"class\":\"poison\",\"text\":\"it went wrong\",",
		"\"worker_pid\":2,\"worker_run\":1,\"phase\":\"launched\",\"clocks\":{\"open_s\":3",
	};
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(2);
	world_pass(3);
	open_all(2);
	launch(2);
	world_pass(4);
	worker_ends(worker_on(1), DVS_POISON, false);
	worker_ends(worker_on(0), DVS_PEER, false);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!strstr(j->details, parts[i]))
			fail_msg("%s is not in %s", parts[i], j->details);
	assert_true(fabs(j->result.start_wall_s - (1e9 + 1003)) < 1e-3);
	assert_true(fabs(j->result.duration_s - 4) < 1e-3);
	assert_true(fabs(j->result.usage.user_s - 4) < 1e-3);
	assert_true(fabs(j->result.usage.system_s - 2) < 1e-3);
	assert_int_equal(j->result.usage.max_rss_kib, 101);
}

static void every_device_that_is_not_well_is_named(void **state)
{
	_cleanup_(str_done) struct str notes = {0};
	struct json_out json;
	struct fake_job *j;

	(void)state;
	begin(4);
	j = job_new(1);
	run_through(submitted(1));
	ends_on(j, 0, DVS_WEDGE);
	jout_init(&json, -1, 0);
	jout_object(&json);
	world.backend->ops->tell(world.backend, &notes, &json);
	jout_object_end(&json);
	assert_non_null(strstr(notes.s, "device   chips/0 is quarantined until "));
	assert_non_null(strstr(notes.s, "it went wrong (1 job: j0)"));
	assert_non_null(strstr(notes.s, "device   chips/1 is suspect: device 0 of the same"));
	assert_null(strstr(notes.s, "chips/2"));
	assert_non_null(strstr(json.buf.s, "\"id\":0,\"health\":\"quarantined\""));
	assert_non_null(strstr(json.buf.s, "\"opened\":1"));
	jout_done(&json);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(the_same_end_on_two_devices_is_the_jobs),
		STORY(two_different_ends_are_not),
		STORY(nor_are_two_on_the_same_device),
		STORY(nor_of_two_different_jobs),
		STORY(where_one_failed_others_may_go),
		STORY(a_job_that_passed_begins_anew),
		STORY(a_death_counts_when_two_jobs_died_there),
		STORY(what_a_pass_takes_back_is_stored),
		STORY(two_marks_quarantine_and_the_reason_is_kept),
		STORY(marks_that_are_old_do_not_count),
		STORY(a_reset_that_does_not_help_is_a_mark),
		STORY(one_end_makes_one_mark),
		STORY(who_is_killed_is_killed),
		STORY(a_log_that_fails_is_the_jobs),
		STORY(a_pass_makes_it_healthy),
		STORY(a_wedge_makes_its_neighbours_suspect),
		STORY(a_device_without_a_domain_has_no_neighbours),
		STORY(a_mark_alone_makes_nobody_else_suspect),
		STORY(what_says_nothing_of_the_device_marks_nothing),
		STORY(an_open_that_fails_is_the_devices_and_not_the_jobs),
		STORY(a_device_that_its_driver_calls_bad_gets_no_job),
		STORY(a_device_that_is_quarantined_already_stays_as_it_is),
		STORY(a_quarantine_lasts_its_time),
		STORY(nobody_waits_and_nothing_is_probed),
		STORY(a_probe_that_could_not_begin_comes_again),
		STORY(a_probe_that_fails_doubles_the_quarantine),
		STORY(on_probation_any_mark_is_enough),
		STORY(an_attempt_has_the_details_of_each_rank),
		STORY(every_device_that_is_not_well_is_named),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
