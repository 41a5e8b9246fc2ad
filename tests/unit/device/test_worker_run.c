/* SPDX-License-Identifier: Apache-2.0 */
/* One run in a device worker: its variables, log, patterns, result and cancellation. */
#include <sys/stat.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"
#include "base/mem.h"
#include "disk.h"
#include "worker_bed.h"
#include "worker_tests.h"

static void an_error_has_the_class_code_and_call_that_it_came_from(void **state)
{
	static const struct {
		const char *job;
		enum dvs_class class;
		enum driver_call call;
		enum run_phase phase;
		bool is_finished;
	} cases[] = {
		{"{\"load\": \"code 200\"}", DVS_CONFIG, CALL_LOAD, PHASE_TAKEN, false},
		{"{\"prepare\": \"code 900\"}", DVS_BUSY, CALL_PREPARE, PHASE_LOADED, false},
		{"{\"launch\": \"code 300\"}", DVS_STALL, CALL_LAUNCH, PHASE_ARMED, true},
		{"{\"poll\": \"code 400\"}", DVS_DEADLOCK, CALL_POLL, PHASE_LAUNCHED, true},
		{"{\"finish\": \"code 100\"}", DVS_JOB, CALL_FINISH, PHASE_RAN, true},
		/* classify() returns an unknown class or DVS_OK: the class is unknown. */
		{"{\"finish\": \"code 7700\"}", DVS_POISON, CALL_FINISH, PHASE_RAN, true},
		{"{\"finish\": \"code 7\"}", DVS_POISON, CALL_FINISH, PHASE_RAN, true},
	};
	struct worker_bed *b = *state;

	worker_bed_open(b, 0, "{}");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct device_result *r = worker_bed_run(b, cases[i].job);
		char *log = disk_log(b->log);

		assert_ended(r, cases[i].class, cases[i].call);
		assert_int_equal(r->phase, cases[i].phase);
		assert_string_equal(r->code_name, "TEST_CODE");
		assert_non_null(strstr(r->text, "the test says 'code "));
		assert_int_equal(strstr(log, "finished") != NULL, cases[i].is_finished);
		free(log);
	}
	assert_int_equal(atomic_load(&device_worker_board(b->ranks[0].worker)->phase),
			 PHASE_FAILED);
	assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
}

static void a_message_has_words_name_code_hint_and_the_end_of_the_log(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;

	worker_bed_open(b, 0, "{}");
	r = worker_bed_run(b, "{\"print\": \"one is 3\", \"finish\": \"code 101\"}");
	assert_string_equal(r->verdict.message, "the test says 'code 101' to finish "
						"(TEST_CODE 101; look at the numbers)");
	assert_string_equal(r->verdict.context, "one is 3\nfinished\n");
	assert_int_equal(r->code, 101);
	assert_string_equal(r->hint, "look at the numbers");
}

static void the_first_error_is_the_cause(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;

	worker_bed_open(b, 0, "{}");
	r = worker_bed_run(b, "{\"poll\": \"code 100\", \"finish\": \"code 600\"}");
	assert_ended(r, DVS_JOB, CALL_POLL);
	assert_string_equal(
		r->verdict.message,
		"the test says 'code 100' to poll (TEST_CODE 100); then finish() failed: "
		"the test says 'code 600' to finish (TEST_CODE 600)");
}

static void a_process_that_is_spent_says_so(void **state)
{
	static const struct {
		const char *job;
		bool is_spent;
	} cases[] = {
		{"{\"finish\": \"code 100\", \"is_spent\": true}", true},
		{"{\"finish\": \"code 100\", \"is_spent\": true, \"reset\": true}", false},
		{"{\"finish\": \"code 100\"}", false},
		{"{\"is_spent\": true}", false}, /* not called after a run that passed */
	};
	struct worker_bed *b = *state;

	worker_bed_open(b, 0, "{}");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(worker_bed_run(b, cases[i].job)->is_spent, cases[i].is_spent);
}

static void a_cancelled_run_ends_with_a_result(void **state)
{
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];

	worker_bed_open(b, 0, "{}");
	for (int i = 0; i < 2; i++) { /* a cancellation of one run does not affect the next one */
		worker_bed_send(b, "{\"poll\": \"until cancelled\"}");
		worker_bed_wait_for_phase(b, 0, PHASE_LAUNCHED);
		device_worker_cancel(r->worker, b->epoch);
		worker_bed_wait(b, 0, bed_has_ended);
		assert_ended(&r->result, DVS_PEER, CALL_NONE);
		assert_string_equal(r->result.text, "the run was cancelled");
		assert_int_equal(r->result.phase, PHASE_RAN);
		assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
	}
}

static void only_its_own_go_releases_a_run(void **state)
{
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];

	worker_bed_open(b, 0, "{}");
	b->request.waits_for_go = true;
	worker_bed_send(b, "{}");
	worker_bed_wait(b, 0, bed_is_armed);
	device_worker_go(r->worker, b->epoch + 1);
	device_worker_go(r->worker, b->epoch - 1);
	device_worker_diagnose(r->worker);
	worker_bed_wait(b, 0, bed_has_answered); /* so all of that was read */
	assert_int_equal(r->phase, PHASE_ARMED);
	assert_non_null(strstr(r->diagnosis, "armed for "));
	device_worker_go(r->worker, b->epoch);
	worker_bed_wait(b, 0, bed_has_ended);
	assert_ended(&r->result, DVS_OK, CALL_NONE);
}

static void an_armed_run_that_is_cancelled_is_finished_and_never_launched(void **state)
{
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];
	char *log;

	worker_bed_open(b, 0, "{}");
	b->request.waits_for_go = true;
	worker_bed_send(b, "{}");
	worker_bed_wait(b, 0, bed_is_armed);
	device_worker_cancel(r->worker, b->epoch);
	worker_bed_wait(b, 0, bed_has_ended);
	assert_ended(&r->result, DVS_PEER, CALL_NONE);
	assert_int_equal(r->result.stamp_ns[PHASE_LAUNCHED], 0);
	log = disk_log(b->log);
	assert_string_equal(log, "finished\n");
	free(log);
}

/* Those of the tests themselves. */
static void forget_own_variables(void)
{
	for (char **e = environ; *e;) {
		size_t n = strcspn(*e, "=");
		char *name = strncmp(*e, "DVSCHED_", 8) == 0 ? strndup(*e, n) : NULL;

		if (name)
			unsetenv(name);
		else
			e++;
		free(name);
	}
}

static void a_run_has_its_variables_and_nobody_elses(void **state)
{
	static const char *const env[] = {"OWN_WORD=\001attempt\001", NULL};
	struct worker_bed *b = *state;
	char *log, *want;

	forget_own_variables();
	setenv("DVSCHED_RANK", "of somebody else", 1);
	b->rules.env = env;
	b->spec.has_attempt = true;
	worker_bed_open(b, 0, "{}");
	unsetenv("DVSCHED_RANK");
	for (uint32_t i = 1; i <= 2; i++) {
		b->request.attempt = i;
		worker_bed_run(b,
			       "{\"print_env\": true, \"print\": \"try \\u0001attempt\\u0001\"}");
		log = disk_log(b->log);
		want = xasprintf("DVSCHED_JOB=cfg:job\nDVSCHED_ATTEMPT=%u\nDVSCHED_ODIR=%s\n"
				 "DVSCHED_NEEDS=/dev/"
				 "null\nDVSCHED_DEVICE=0\nDVSCHED_RANK=0\nDVSCHED_RANKS=1\n"
				 "OWN_WORD=%u\ntry %u\nfinished\n",
				 i, b->odir, i, i);
		assert_string_equal(log, want);
		free(log);
		free(want);
	}
	want = xasprintf("%s.attempt-1%s", b->odir, b->log + strlen(b->odir));
	log = disk_log(want);
	assert_non_null(strstr(log, "try 1\n"));
	free(log);
	free(want);
}

static void patterns_of_the_log_decide_as_for_any_job(void **state)
{
	static const struct pattern good = {.text = "^SUM IS 4"}, bad = {.text = "^ERROR"};
	struct worker_bed *b = *state;
	const struct device_result *r;

	b->rules.pass_patterns = (struct pattern_list){&good, 1};
	b->rules.fail_patterns = (struct pattern_list){&bad, 1};
	worker_bed_open(b, 0, "{}");
	assert_ended(worker_bed_run(b, "{\"print\": \"SUM IS 4\"}"), DVS_OK, CALL_NONE);
	r = worker_bed_run(b, "{\"print\": \"SUM IS 5\"}");
	assert_int_equal(r->class, DVS_OK);
	assert_int_equal(r->verdict.status, JOB_FAILED);
	assert_int_equal(r->verdict.reason, REASON_MISSING_PATTERN);
	r = worker_bed_run(b, "{\"print\": \"ERROR: too hot\"}");
	assert_int_equal(r->verdict.reason, REASON_FAIL_PATTERN);
	assert_int_equal(r->verdict.line, 4);
	b->rules.pass_patterns = b->rules.fail_patterns = (struct pattern_list){0};
}

static void a_canary_runs_without_a_directory(void **state)
{
	struct worker_bed *b = *state;
	const char *odir = b->spec.dir;
	const struct device_result *r;

	worker_bed_open(b, 0, "{}");
	b->spec.dir = NULL;
	r = worker_bed_run(b, "{\"print\": \"unheard\"}");
	assert_ended(r, DVS_OK, CALL_NONE);
	assert_int_equal(r->verdict.status, JOB_PASSED);
	assert_false(fs_exists(odir));
	b->spec.dir = odir;
	assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
	assert_true(fs_exists(odir));
}

static void a_log_over_its_limit_ends_the_run(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;
	struct stat st;

	b->rules.max_log_bytes = 4096;
	worker_bed_open(b, 0, "{}");
	r = worker_bed_run(b, "{\"flood\": 100, \"poll\": \"until cancelled\"}");
	assert_int_equal(r->class, DVS_JOB);
	assert_int_equal(r->verdict.status, JOB_KILLED);
	assert_int_equal(r->verdict.reason, REASON_LOG_FLOOD);
	assert_int_equal(stat(b->log, &st), 0);
	assert_int_equal(st.st_size, 4096);
	r = worker_bed_run(b, "{\"flood\": 100}");
	assert_int_equal(r->verdict.reason, REASON_LOG_FLOOD);
	assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
}

static void a_result_is_json_or_nothing(void **state)
{
	struct worker_bed *b = *state;
	char *log;

	worker_bed_open(b, 0, "{}");
	assert_string_equal(worker_bed_run(b, "{\"result\": \"{\\\"sum\\\": 4}\"}")->result,
			    "{\"sum\": 4}");
	assert_null(worker_bed_run(b, "{\"result\": \"sum is 4\"}")->result);
	assert_null(worker_bed_run(b, "{}")->result);
	log = disk_text(b->ranks[0].own_log);
	assert_non_null(
		strstr(log, "warning: the driver's result is not a JSON object: left out\n"));
	free(log);
}

static void a_directory_that_cannot_be_made_is_a_failure_to_launch(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;

	worker_bed_open(b, 0, "{}");
	b->spec.dir = "/outside";
	r = worker_bed_run(b, "{}");
	assert_int_equal(r->verdict.status, JOB_KILLED);
	assert_int_equal(r->verdict.reason, REASON_LAUNCH);
	assert_non_null(strstr(r->verdict.message, "/outside is not below the scratch root"));
	b->spec.dir = b->odir;
	assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(an_error_has_the_class_code_and_call_that_it_came_from),
		TEST(a_message_has_words_name_code_hint_and_the_end_of_the_log),
		TEST(the_first_error_is_the_cause),
		TEST(a_process_that_is_spent_says_so),
		TEST(a_cancelled_run_ends_with_a_result),
		TEST(only_its_own_go_releases_a_run),
		TEST(an_armed_run_that_is_cancelled_is_finished_and_never_launched),
		TEST(a_run_has_its_variables_and_nobody_elses),
		TEST(patterns_of_the_log_decide_as_for_any_job),
		TEST(a_canary_runs_without_a_directory),
		TEST(a_log_over_its_limit_ends_the_run),
		TEST(a_result_is_json_or_nothing),
		TEST(a_directory_that_cannot_be_made_is_a_failure_to_launch),
	};

	worker_bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
