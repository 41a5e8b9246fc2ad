/* SPDX-License-Identifier: Apache-2.0 */
/* Why a job waits for devices, or ends for lack of them, in words. */
#include "chips_story.h"

static void quarantined(int32_t device)
{
	world.stored[device] = (struct device_health){.state = HEALTH_QUARANTINED,
						      .until_wall_s = 1e9 + 1000 + 7200};
}

static void a_waiting_job_reports_which_devices_are_not_usable(void **state)
{
	static const struct {
		const char *states; /* of five devices: - well, q quarantined, d dead */
		bool same_domain;
		const char *text;
	} rows[] = {
		{"qq-d-", false,
		 "needs 5 of the 5 devices of 'chips', 2 of them usable; 0-1 quarantined; 3 dead"},
		{"q-q--", true,
		 "needs 5 of the 5 devices of 'chips', 3 of them usable, in one fault domain; 0,2 "
		 "quarantined"},
		{"-d---", false,
		 "needs 5 of the 5 devices of 'chips', 4 of them usable; device 1 is dead"},
		{"q----", false,
		 "needs 5 of the 5 devices of 'chips', 4 of them usable; device 0 is quarantined "
		 "until "
		 "2001-09-09T04:03:20.000Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake_job *j;

		world_init(5);
		for (int32_t k = 0; k < 5; k++) {
			world.devices[k].domain = 0;
			if (rows[i].states[k] == 'q')
				quarantined(k);
			if (rows[i].states[k] == 'd')
				world.stored[k].state = HEALTH_DEAD;
		}
		world_begin();
		j = job_new(5);
		j->request.same_domain = rows[i].same_domain;
		j->request.queue_s = 20;
		job_submit(j);
		world_pass(21);
		if (!strstr(j->message, rows[i].text))
			fail_msg("%s: %s", rows[i].text, j->message);
		world_done();
	}
	begin(1);
}

/* Each device with its reason, on a line of its own. */
static void who_ends_for_lack_of_devices_has_the_reasons_behind_it(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(3);
	world.stored[0].state = world.stored[2].state = HEALTH_DEAD;
	strcpy(world.stored[0].reason, "it hangs");
	world_begin();
	j = submitted(2);
	assert_int_equal(j->result.status, JOB_KILLED);
	assert_int_equal(j->result.exit_status, -1);
	assert_string_equal(j->message,
			    "too few devices are usable: it needs 2 of the 3 devices of 'chips', 1 "
			    "of them usable; 0,2 dead; after a repair, 'dvsched chips clear' makes "
			    "a device usable");
	assert_string_equal(j->context, "device 0 is dead: it hangs\ndevice 2 is dead");
}

static void a_quarantine_that_is_too_long_says_how_long(void **state)
{
	static const double queue_s[] = {0, 100};
	static const char *const texts[] = {
		"; the quarantine that it waits for ends in 1h59m, too late for a job without a "
		"'queue_timeout'",
		"; the quarantine that it waits for ends in 1h59m, after its 'queue_timeout'"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fake_job *j;

		world_init(1);
		quarantined(0);
		world_begin();
		j = job_new(1);
		j->request.queue_s = queue_s[i];
		job_submit(j);
		world_pass(29.9);
		assert_int_equal(j->state, FAKE_SUBMITTED);
		world_pass(0.2);
		assert_int_equal(j->result.reason, REASON_NO_DEVICE);
		if (!strstr(j->message, texts[i]))
			fail_msg("%s", j->message);
		world_done();
	}
	begin(1);
}

/* Nothing is read anew then, and it ends in time all the same. */
static void also_where_health_cannot_be_written(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(1);
	world.is_unwritable[0] = true;
	world_begin();
	submitted(1);
	worker_opens(worker_on(0));
	worker_ends(worker_on(0), DVS_WEDGE, false);
	worker_dies(worker_on(0));
	j = job_new(1);
	j->request.queue_s = 100;
	job_submit(j);
	world_pass(29.9);
	assert_int_equal(j->state, FAKE_SUBMITTED);
	world_pass(0.2);
	assert_int_equal(j->result.reason, REASON_NO_DEVICE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(a_waiting_job_reports_which_devices_are_not_usable),
		STORY(who_ends_for_lack_of_devices_has_the_reasons_behind_it),
		STORY(a_quarantine_that_is_too_long_says_how_long),
		STORY(also_where_health_cannot_be_written),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
