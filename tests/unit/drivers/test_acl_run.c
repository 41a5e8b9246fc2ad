/* SPDX-License-Identifier: Apache-2.0 */
/* Driver acl: one run, from its image to its verdict. */
#include "acl_bed.h"

#include <pthread.h>

#define IDLE   "devices=1 streams=1 buffers=0 binaries=1 inits=1"
#define OPENED "aclInit aclrtSetDevice(1) aclrtCreateStream aclrtGetMemInfo(1) "
#define LOADED OPENED "aclrtBinaryLoadFromFile aclrtBinaryGetFunction "
#define PREPARED \
	LOADED "aclrtMalloc aclrtMemcpy(1) aclrtMalloc aclrtMemcpy(1) aclrtMalloc aclrtMemcpy(1) "

static void a_run_calls_in_order_and_leaves_nothing(void **state)
{
	struct acl_bed *b = *state;
	int32_t is_over;

	acl_bed_must_open(b, NULL);
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
	assert_int_equal(b->committed, 3 * 8 * sizeof(float));
	assert_int_equal(b->d->launch(b->ctx, b->epoch, acl_bed_err(b)), 0);
	assert_int_equal(b->evidence, 1);
	assert_int_equal(acl_bed_poll(b, 1, &is_over), 0);
	assert_true(is_over);
	assert_int_equal(b->evidence, 0);
	assert_int_equal(b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b)), 0);
	assert_string_equal(b->log(), PREPARED
			    "aclrtLaunchKernel(8) aclrtStreamQuery "
			    "aclrtSynchronizeStreamWithTimeout aclrtMemcpy(2) aclrtGetVersion "
			    "aclrtFree aclrtFree aclrtFree");
	assert_string_equal(b->live(), IDLE);
	assert_int_equal(b->committed, 0);
	assert_string_equal(b->result, "{\"device\":1,\"logical\":1,\"soc\":\"Ascend910B1\","
				       "\"runtime\":\"1.15.0\"}");
	acl_bed_close(b);
	assert_string_equal(b->live(), "devices=0 streams=0 buffers=0 binaries=0 inits=0");
}

static void poll_does_not_wait_for_a_kernel(void **state)
{
	struct acl_bed *b = *state;
	int32_t is_over = 1;

	acl_bed_must_open(b, NULL);
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "hang", NULL)), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, acl_bed_err(b)), 0);
	assert_int_equal(acl_bed_poll(b, 100, &is_over), 0);
	assert_false(is_over);
	assert_int_equal(b->evidence, 1);
}

static void a_wrong_result_is_the_jobs_and_says_which(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, "aclrtMemcpy#4: status 64"); /* the output's copy, a bit over */
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), ACL_E_RESULT);
	assert_int_equal(acl_bed_class(b, ACL_E_RESULT, 0), DVS_JOB);
	assert_string_equal(b->said,
			    "args[2]: 1 of 8 elements wrong; element 0 is 5.00003052, not 5");
	assert_true(b->d->is_usable(b->ctx));
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "nop", ADD_ARGS)), ACL_E_RESULT);
	assert_non_null(strstr(b->said, "args[2]: 8 of 8 elements wrong; element 0 is "));
	assert_non_null(strstr(b->said, "nan, not 5"));
	assert_string_equal(b->live(), IDLE);
}

/* The device's memory still has the output of the first run. */
static void a_kernel_that_writes_nothing_never_passes_with_an_earlier_result(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, "");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
		assert_int_equal(acl_bed_run(b, acl_bed_job(b, "nop", ADD_ARGS)), ACL_E_RESULT);
		assert_non_null(strstr(b->said, "args[2]: 8 of 8 elements wrong; element 0 is "));
	}
}

/* Each call fails once: the result is its code, the text names the call, and nothing is leaked. */
static void every_call_that_fails_is_the_cause_and_leaves_nothing(void **state)
{
	static const struct {
		const char *script;
		int32_t code;
		const char *text;
		int is_spent;
	} cases[] = {
		{"aclrtBinaryLoadFromFile: 107000", 107000,
		 "kernel.o: aclrtBinaryLoadFromFile: ", 0},
		{"aclrtBinaryGetFunction: 107000", 107000,
		 "kernel.o: entry add_f32: aclrtBinaryGetFunction: EZ9999", 0},
		{"aclrtMalloc#1: 207001", 207001, "args[0]: 32 bytes: aclrtMalloc: EZ9999", 0},
		{"aclrtMalloc#3: 207018", 207018, "args[2]: 32 bytes: aclrtMalloc: EZ9999", 0},
		{"aclrtMemcpy#2: 107000", 107000,
		 "args[1]: 32 bytes to the device: aclrtMemcpy: EZ9999", 0},
		{"aclrtLaunchKernel: 107003", 107003, "launch: aclrtLaunchKernel: EZ9999", 0},
		{"aclrtStreamQuery: 507015", 507015, "the run: aclrtStreamQuery: EZ9999", 1},
		{"aclrtStreamQuery: status 9", ACL_E_GARBAGE, "the run: aclrtStreamQuery: status 9",
		 1},
		{"aclrtSynchronizeStreamWithTimeout: 507018", 507018,
		 "the run: aclrtSynchronizeStreamWithTimeout: EZ9999", 1},
		{"aclrtMemcpy#4: 507901", 507901,
		 "args[2]: 32 bytes from the device: aclrtMemcpy: EZ9999", 1},
	};
	struct acl_bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		acl_bed_must_open(b, cases[i].script);
		assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)),
				 cases[i].code);
		assert_non_null(strstr(b->said, cases[i].text));
		/* If the process can no longer use the device, only a reset frees memory. */
		assert_non_null(strstr(b->live(), cases[i].is_spent
							  ? "devices=1 streams=1 buffers=3"
							  : "devices=1 streams=1 buffers=0"));
		assert_int_equal(b->committed, 0);
		assert_int_equal(b->d->is_usable(b->ctx), !cases[i].is_spent);
		acl_bed_close(b);
	}
}

/* The host need not call finish() after a failed prepare(). */
static void a_run_that_cannot_be_prepared_needs_no_finish(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, "aclrtMalloc#2: 207018");
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 207018);
	assert_string_equal(b->live(), IDLE);
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
	assert_int_equal(b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b)), ACL_E_CANCELLED);
}

static void what_follows_a_fault_is_not_its_cause(void **state)
{
	struct acl_bed *b = *state;
	int32_t is_over;
	uint32_t slot;

	acl_bed_must_open(b, "aclrtStreamQuery: poison 507015");
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, acl_bed_err(b)), 0);
	assert_int_equal(acl_bed_poll(b, 1, &is_over), 507015);
	assert_int_equal(acl_bed_poll(b, 1, &is_over), 507015); /* asked again */
	/* The runtime returns 507899 for all later calls, which is no new error. */
	assert_int_equal(b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b)), 507015);
	assert_int_equal(acl_bed_class(b, 507015, 0), DVS_JOB);
	/* The next job is rejected, and is not the cause. */
	assert_false(b->d->is_usable(b->ctx));
	assert_int_equal(b->d->load(b->ctx, "{}", &slot, acl_bed_err(b)), ACL_SPENT);
	assert_int_equal(acl_bed_class(b, ACL_SPENT, 0), DVS_POISON);
	assert_string_equal(b->said, "this process can no longer use the device since 507015, "
				     "AICore exception");
}

static void fallout_without_a_cause_is_the_process_or_when_fresh_the_device(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, "aclrtLaunchKernel: 507899");
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "nop", NULL)), 507899);
	assert_int_equal(acl_bed_class(b, 507899, 0), DVS_POISON);
	assert_int_equal(acl_bed_class(b, 507899, 1), DVS_WEDGE);
}

static void a_run_that_was_never_launched_is_no_success(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, NULL);
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
	assert_int_equal(b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b)), ACL_E_CANCELLED);
	assert_string_equal(b->said, "never launched");
	assert_string_equal(b->live(), IDLE);
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
}

static void an_aborted_run_ends_and_the_next_one_works(void **state)
{
	struct acl_bed *b = *state;
	int32_t is_over;

	acl_bed_must_open(b, NULL);
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "hang", NULL)), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, acl_bed_err(b)), 0);
	assert_int_equal(b->d->abort(b->ctx, b->epoch), 0);
	assert_int_equal(acl_bed_poll(b, 1, &is_over), 0);
	assert_true(is_over);
	assert_int_equal(b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b)), ACL_E_CANCELLED);
	assert_string_equal(b->said, "aborted");
	assert_true(b->d->is_usable(b->ctx));
	assert_string_equal(b->live(), IDLE);
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
	assert_null(strstr(b->log(), "BLOCKED"));
}

static void where_there_is_no_abort_it_says_so(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, "aclrtStreamAbort: 207000; aclrtDeviceTaskAbort: 207000");
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "hang", NULL)), 0);
	assert_int_equal(b->d->abort(b->ctx, b->epoch), ACL_E_ORDER); /* not launched */
	assert_int_equal(b->d->launch(b->ctx, b->epoch, acl_bed_err(b)), 0);
	assert_int_equal(acl_bed_class(b, b->d->abort(b->ctx, b->epoch), 0), DVS_UNSUPPORTED);
	/* It stays on the device: nothing may be freed, and the process must end. */
	assert_int_equal(b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b)), ACL_E_STUCK);
	assert_int_equal(acl_bed_class(b, ACL_E_STUCK, 0), DVS_STALL);
	assert_string_equal(b->said, "the run neither ends nor can be aborted: after 10 ms "
				     "aclrtSynchronizeStreamWithTimeout gave 507046");
	assert_false(b->d->is_usable(b->ctx));
	acl_bed_close(b);
	assert_null(strstr(b->log(), "BLOCKED"));
	assert_null(strstr(b->log(), "aclFinalize"));
}

static void finishing_a_run_that_is_not_over_ends_it(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, NULL);
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "hang", NULL)), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, acl_bed_err(b)), 0);
	assert_int_equal(b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b)), ACL_E_CANCELLED);
	assert_string_equal(b->said, "ended before it was over");
	assert_non_null(strstr(b->log(), "aclrtStreamAbort "));
	assert_true(b->d->is_usable(b->ctx));
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
}

static void *poll_on_another_thread(void *bed)
{
	struct acl_bed *b = bed;
	int32_t is_over;

	acl_bed_poll(b, 1, &is_over);
	return NULL;
}

static void a_call_that_does_not_return_is_named_by_diagnose(void **state)
{
	struct acl_bed *b = *state;
	char text[200] = "";
	struct dvs_text room = {text, sizeof(text)};
	pthread_t thread;

	acl_bed_must_open(b, "aclrtStreamQuery: hang");
	b->d->diagnose(b->ctx, &room);
	assert_string_equal(text, "device 1: idle, run 0");
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "nop", NULL)), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, acl_bed_err(b)), 0);
	assert_int_equal(pthread_create(&thread, NULL, poll_on_another_thread, b), 0);
	while (!b->is_hanging())
		sched_yield();
	b->d->diagnose(b->ctx, &room);
	assert_memory_equal(text, "device 1: running, run 1; in aclrtStreamQuery for 0.", 50);
	b->release();
	pthread_join(thread, NULL);
	b->d->diagnose(b->ctx, &room);
	assert_string_equal(text, "device 1: over, run 1");
	room.size = 12; /* a small buffer is no error */
	b->d->diagnose(b->ctx, &room);
	assert_string_equal(text, "device 1: o");
}

static void calls_out_of_order_are_refused(void **state)
{
	struct acl_bed *b = *state;
	struct dvs_run run = {.size = sizeof(run), .epoch = 77, .job = "{}"};
	int32_t is_over = 1;
	uint32_t slot;

	acl_bed_must_open(b, NULL);
	assert_int_equal(b->d->launch(b->ctx, 1, acl_bed_err(b)), ACL_E_ORDER);
	assert_string_equal(b->said, "launch of run 1 while run 0 is at idle");
	assert_int_equal(b->d->poll(b->ctx, 1, &is_over, acl_bed_err(b)), ACL_E_ORDER);
	assert_false(is_over);
	assert_int_equal(b->d->finish(b->ctx, 0, &b->room, acl_bed_err(b)), ACL_E_ORDER);
	assert_int_equal(b->d->prepare(b->ctx, 5, &run, acl_bed_err(b)), ACL_E_ORDER);
	assert_string_equal(b->said, "nothing is loaded in slot 5");
	assert_int_equal(b->d->finish(b->ctx, 77, &b->room, acl_bed_err(b)), ACL_E_ORDER);
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "nop", NULL)), 0);
	assert_int_equal(b->d->prepare(b->ctx, 0, &run, acl_bed_err(b)), ACL_E_ORDER);
	assert_int_equal(b->d->load(b->ctx, "{}", &slot, acl_bed_err(b)), ACL_E_ORDER);
	assert_int_equal(b->d->launch(b->ctx, 77, acl_bed_err(b)), ACL_E_ORDER);
	assert_int_equal(b->d->finish(b->ctx, 77, &b->room, acl_bed_err(b)), ACL_E_ORDER);
	assert_true(b->d->is_usable(b->ctx));
}

static void a_kernel_has_one_block_unless_the_job_says_more(void **state)
{
	struct acl_bed *b = *state;
	char job[200];

	acl_bed_must_open(b, NULL);
	snprintf(job, sizeof(job), "{\"image\": {\"binary\": \"%s\", \"entry\": \"nop\"}}",
		 acl_bed_binary(b, "kernel.o", "k=1"));
	assert_int_equal(acl_bed_run(b, job), 0);
	assert_non_null(strstr(b->log(), "aclrtLaunchKernel(1)"));
}

static void a_job_without_a_kernel_gets_a_card_that_works(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, NULL);
	assert_int_equal(acl_bed_run(b, "{\"image\": {}}"), 0);
	assert_string_equal(b->log(), OPENED
			    "aclrtCreateStream aclrtMalloc aclrtMemcpy(1) aclrtMemcpy(2) aclrtFree "
			    "aclrtDestroyStream aclrtGetVersion");
	assert_non_null(strstr(b->result, "\"environment\":{\"ASCEND_RT_VISIBLE_DEVICES\":\"1\"}"));
	acl_bed_close(b);
	/* The data from the card differs from the data that was sent. */
	acl_bed_must_open(b, "aclrtMemcpy#2: status 16385"); /* byte 64: none of the 64 */
	assert_int_equal(acl_bed_run(b, "{}"), 0);
	acl_bed_close(b);
	acl_bed_must_open(b, "aclrtMemcpy#2: status 16129");
	assert_int_equal(acl_bed_run(b, "{}"), ACL_E_GARBAGE);
	assert_int_equal(acl_bed_class(b, ACL_E_GARBAGE, 0), DVS_POISON);
	acl_bed_close(b);
	acl_bed_use(b, ACL_STUB_OLD);
	acl_bed_must_open(b, NULL);
	assert_int_equal(acl_bed_run(b, "{}"), 0);
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "nop", NULL)), ACL_E_UNSUPPORTED);
	assert_string_equal(b->said, "this runtime has no aclrtBinaryLoadFromFile: jobs with a "
				     "kernel need a newer one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACL_TEST(a_run_calls_in_order_and_leaves_nothing),
		ACL_TEST(poll_does_not_wait_for_a_kernel),
		ACL_TEST(a_wrong_result_is_the_jobs_and_says_which),
		ACL_TEST(a_kernel_that_writes_nothing_never_passes_with_an_earlier_result),
		ACL_TEST(every_call_that_fails_is_the_cause_and_leaves_nothing),
		ACL_TEST(a_run_that_cannot_be_prepared_needs_no_finish),
		ACL_TEST(what_follows_a_fault_is_not_its_cause),
		ACL_TEST(fallout_without_a_cause_is_the_process_or_when_fresh_the_device),
		ACL_TEST(a_run_that_was_never_launched_is_no_success),
		ACL_TEST(an_aborted_run_ends_and_the_next_one_works),
		ACL_TEST(where_there_is_no_abort_it_says_so),
		ACL_TEST(finishing_a_run_that_is_not_over_ends_it),
		ACL_TEST(a_call_that_does_not_return_is_named_by_diagnose),
		ACL_TEST(calls_out_of_order_are_refused),
		ACL_TEST(a_kernel_has_one_block_unless_the_job_says_more),
		ACL_TEST(a_job_without_a_kernel_gets_a_card_that_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
