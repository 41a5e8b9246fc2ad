/* SPDX-License-Identifier: Apache-2.0 */
/* What is reported of a job on devices: its result, its message, and the details of each rank. */
#include "chips_story.h"

#include <math.h>

/* The worker's own words. */
static void says(int32_t device, struct device_result r)
{
	struct device_worker *w = worker_on(device);

	r.epoch = w->epoch;
	w->state = FAKE_IDLE;
	w->handler->ended(w, w->ctx, &r);
	world_turn();
}

static struct job_result verdict_of(enum dvs_class class)
{
	const struct class_fate *fate = device_class_fate(class);

	return (struct job_result){
		.status = fate->status, .reason = fate->reason, .exit_status = -1};
}

static struct fake_job *running(uint32_t n_devices)
{
	struct fake_job *j;

	begin(n_devices);
	j = submitted(n_devices);
	open_all(n_devices);
	launch(n_devices);
	return j;
}

/* ---- details ---- */

static void details_have_all_that_a_worker_said(void **state)
{
	struct device_result r = {
		.class = DVS_POISON,
		.code = 507018,
		.code_name = "ACL_ERROR",
		.hint = "reset it",
		.text = "it went wrong",
		.result = "{\"x\":[1,2]}",
		.phase = PHASE_RAN,
		.reset_ns = 2500000000,
		.stamp_ns = {[PHASE_TAKEN] = 1000000000,
			     [PHASE_LOADED] = 3000000000,
			     [PHASE_ARMED] = 6000000000,
			     [PHASE_LAUNCHED] = 7000000000,
			     [PHASE_RAN] = 15000000000,
			     [PHASE_FINISHED] = 31000000000},
	};
	struct fake_job *j;

	(void)state;
	world_init(1);
	world.settings.driver_version = "7";
	world_begin();
	j = submitted(1);
	world_pass(4);
	open_all(1);
	r.verdict = verdict_of(DVS_POISON);
	says(0, r);
	assert_string_equal(
		j->details,
		"{\"driver\":\"none\",\"driver_version\":\"7\",\"queue_s\":4.0,\"cause\":0,"
		"\"blame\":\"device\","
		"\"ranks\":[{\"rank\":0,\"device\":0,\"class\":\"poison\",\"code\":507018,"
		"\"code_name\":\"ACL_ERROR\",\"hint\":\"reset it\",\"text\":\"it went wrong\","
		"\"worker_pid\":1,\"worker_run\":1,\"phase\":\"ran\",\"clocks\":{\"open_s\":4.0,"
		"\"load_s\":2.0,\"join_s\":3.0,\"run_s\":8.0,\"finish_s\":16.0,\"reset_s\":2.5},"
		"\"result\":{\"x\":[1,2]}}]}");
}

/* A step that was not reached has no time. A device that was already open has no open time. */
static void details_of_a_pass_are_short(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	run_through(submitted(1));
	j = submitted(1);
	says(0, (struct device_result){
			.class = DVS_OK,
			.text = "as it should",
			.verdict = verdict_of(DVS_OK),
			.stamp_ns = {[PHASE_TAKEN] = 5, [PHASE_LOADED] = 4, [PHASE_ARMED] = 4}});
	assert_string_equal(j->details, "{\"driver\":\"none\",\"driver_version\":null,\"queue_s\":"
					"0.0,\"ranks\":[{\"rank\":0,"
					"\"device\":0,\"class\":\"ok\",\"worker_pid\":1,\"worker_"
					"run\":2,\"phase\":\"none\","
					"\"clocks\":{\"join_s\":0.0}}]}");
}

static void details_name_the_cause_and_who_is_at_fault(void **state)
{
	static const struct {
		enum dvs_class class;
		const char *fault;
	} rows[] = {
		{DVS_JOB, "job"},      {DVS_CONFIG, "job"},  {DVS_DEADLOCK, "job"},
		{DVS_STALL, "device"}, {DVS_LOST, "device"}, {DVS_BUSY, "device"},
		{DVS_WEDGE, "device"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake_job *j = running(2);
		char text[64];

		worker_ends(worker_on(1), rows[i].class, false);
		worker_ends(worker_on(0), DVS_PEER, false);
		run_through(j);
		snprintf(text, sizeof(text), "\"cause\":1,\"blame\":\"%s\",", rows[i].fault);
		if (!strstr(j->details, text))
			fail_msg("%s: %s", text, j->details);
		world_done();
	}
	begin(1);
}

static void who_is_killed_has_neither(void **state)
{
	struct fake_job *j = running(1);

	(void)state;
	world.backend->ops->kill(world.backend, &j->job, KILL_TERM, REASON_USER);
	worker_ends(worker_on(0), DVS_PEER, false);
	assert_null(strstr(j->details, "cause"));
	assert_null(strstr(j->details, "blame"));
	assert_string_equal(j->message, "killed: the run was stopped");
}

/* The board of a dead process has its last progress. */
static void who_died_has_the_details_of_its_board(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	open_all(1);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	world_pass(3);
	worker_reaches(worker_on(0), PHASE_LOADED);
	worker_dies(worker_on(0));
	assert_non_null(strstr(j->details,
			       "\"class\":\"lost\",\"text\":\"died of a signal\","
			       "\"worker_pid\":1,\"phase\":\"loaded\",\"clocks\":{\"load_s\":3."));
	assert_string_equal(j->message, "device 0: died of a signal");
}

static void a_rank_that_dies_while_it_is_asked_to_end_is_a_peer(void **state)
{
	struct fake_job *j = running(2);

	(void)state;
	worker_ends(worker_on(0), DVS_POISON, false);
	worker_dies(worker_on(1));
	assert_non_null(strstr(j->details,
			       "{\"rank\":1,\"device\":1,\"class\":\"peer\",\"text\":\"died of"));
	assert_int_equal(j->result.reason, REASON_POISON);
	assert_int_equal(world.stored[1].n_marks, 0);
}

/* ---- the message ---- */

static void a_message_is_the_first_error_in_the_best_words_that_there_are(void **state)
{
	static const struct {
		const char *verdict, *text, *message;
	} rows[] = {
		{"the verdict", "the text", "device 0: the verdict"},
		{NULL, "the text", "device 0: the text"},
		{NULL, NULL, "device 0: poison"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake_job *j = running(1);
		struct device_result r = {.class = DVS_POISON,
					  .text = rows[i].text,
					  .verdict = verdict_of(DVS_POISON)};

		r.verdict.message = rows[i].verdict;
		says(0, r);
		assert_string_equal(j->message, rows[i].message);
		/* The mark of its device has the driver's text. */
		assert_string_equal(world.stored[0].reason, rows[i].text ? rows[i].text : "poison");
		world_done();
	}
	begin(1);
}

static void a_rank_without_a_verdict_has_the_text_of_its_end(void **state)
{
	struct fake_job *j = running(1);

	(void)state;
	says(0, (struct device_result){.class = DVS_STALL,
				       .text = "it hangs",
				       .verdict = {.status = JOB_RUNNING, .message = "nothing"}});
	assert_string_equal(j->message, "device 0: it hangs");
	assert_int_equal(j->result.status, JOB_KILLED);
	assert_int_equal(j->result.reason, REASON_STALL);
}

static void what_the_verdict_found_in_the_log_is_the_context(void **state)
{
	struct fake_job *j = running(1);
	struct device_result r = {.class = DVS_JOB, .verdict = verdict_of(DVS_JOB)};

	(void)state;
	r.verdict.context = "the last lines";
	r.verdict.line = 17;
	says(0, r);
	assert_string_equal(j->context, "the last lines");
	assert_int_equal(j->result.line, 17);
}

/* A failure without a class, such as a directory that could not be made. */
static void a_job_that_could_not_be_launched_stays_so(void **state)
{
	struct fake_job *j = running(1);
	struct device_result r = {.class = DVS_JOB, .text = "no directory"};

	(void)state;
	r.verdict = (struct job_result){.status = JOB_KILLED, .reason = REASON_LAUNCH};
	says(0, r);
	assert_int_equal(j->result.status, JOB_KILLED);
	assert_int_equal(j->result.reason, REASON_LAUNCH);
}

static void a_log_that_fails_has_the_words_of_its_verdict(void **state)
{
	struct fake_job *j = running(1);

	(void)state;
	worker_fails_by_log(worker_on(0));
	world_turn();
	assert_string_equal(j->message, "ERROR: no"); /* one device: the message need not name it */
	assert_int_equal(j->result.reason, REASON_FAIL_PATTERN);
	assert_int_equal(world.stored[0].n_marks, 0);
}

/* Rank 0's verdict is that of a gang in which all is well. */
static void a_gang_that_passes_has_the_result_of_rank_0(void **state)
{
	struct fake_job *j = running(2);
	struct device_result r = {.class = DVS_OK, .verdict = verdict_of(DVS_OK)};

	(void)state;
	r.verdict.line = 1;
	says(1, r);
	r.verdict.line = 2;
	says(0, r);
	assert_int_equal(j->result.status, JOB_PASSED);
	assert_int_equal(j->result.line, 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(world.stored[i].state, HEALTH_HEALTHY);
}

/* ---- numbers ---- */

static void usage_is_that_of_all_ranks(void **state)
{
	static const uint64_t rss[] = {30, 50, 40};
	struct fake_job *j = running(3);

	(void)state;
	for (int32_t i = 0; i < 3; i++) {
		struct device_result r = {.class = DVS_OK, .verdict = verdict_of(DVS_OK)};

		r.verdict.usage = (struct job_usage){
			.user_s = i + 1, .system_s = 10 * (i + 1), .max_rss_kib = rss[i]};
		says(i, r);
	}
	assert_true(j->result.usage.user_s == 6 && j->result.usage.system_s == 60);
	assert_int_equal(j->result.usage.max_rss_kib, 50); /* of the largest */
}

/* From the release, or without a barrier from the start, to the last result. */
static void a_run_lasts_from_its_release(void **state)
{
	(void)state;
	for (int has_barrier = 0; has_barrier < 2; has_barrier++) {
		struct fake_job *j;

		begin(2);
		j = job_new(2);
		j->request.has_barrier = has_barrier;
		job_submit(j);
		world_pass(1);
		open_all(2);
		for (int p = PHASE_TAKEN; p <= PHASE_LOADED; p++)
			for (int32_t i = 0; i < 2; i++)
				worker_reaches(worker_on(i), (enum run_phase)p);
		world_pass(5);
		for (int32_t i = 0; i < 2; i++)
			worker_reaches(worker_on(i), PHASE_ARMED);
		world_pass(7);
		ends_well(0);
		world_pass(2);
		ends_well(1);
		assert_true(fabs(j->result.start_wall_s - (1e9 + 1001)) < 1e-3);
		assert_true(fabs(j->result.duration_s - (has_barrier ? 9 : 14)) < 1e-3);
		world_done();
	}
	begin(1);
}

static void a_run_may_be_short(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	world_pass(0.5);
	open_all(1);
	world_pass(0.25);
	ends_well(0);
	assert_non_null(strstr(j->details, "\"open_s\":0.5"));
	assert_true(fabs(j->result.duration_s - 0.25) < 1e-3);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(details_have_all_that_a_worker_said),
		STORY(details_of_a_pass_are_short),
		STORY(details_name_the_cause_and_who_is_at_fault),
		STORY(who_is_killed_has_neither),
		STORY(who_died_has_the_details_of_its_board),
		STORY(a_rank_that_dies_while_it_is_asked_to_end_is_a_peer),
		STORY(a_message_is_the_first_error_in_the_best_words_that_there_are),
		STORY(a_rank_without_a_verdict_has_the_text_of_its_end),
		STORY(what_the_verdict_found_in_the_log_is_the_context),
		STORY(a_job_that_could_not_be_launched_stays_so),
		STORY(a_log_that_fails_has_the_words_of_its_verdict),
		STORY(a_gang_that_passes_has_the_result_of_rank_0),
		STORY(usage_is_that_of_all_ranks),
		STORY(a_run_lasts_from_its_release),
		STORY(a_run_may_be_short),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
