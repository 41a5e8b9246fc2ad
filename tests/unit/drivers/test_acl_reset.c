/* SPDX-License-Identifier: Apache-2.0 */
/* Driver acl: reset of a device, and the end of a process whose device cannot be reset. */
#include "acl_bed.h"

#define RESET "aclrtSetDevice(1) aclrtDeviceTaskAbort(1) aclrtSynchronizeDeviceWithTimeout(10) "
#define PROOF                                                                                      \
	"aclrtSetDevice(1) aclrtCreateStream aclrtMalloc aclrtMemcpy(1) aclrtMemcpy(2) aclrtFree " \
	"aclrtDestroyStream "

/* Opens and spoils it with a kernel's exception. Returns where the log goes on. */
static const char *spoil(struct acl_bed *b, const char *script)
{
	acl_bed_must_open(b, script);
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 507015);
	assert_false(b->d->is_usable(b->ctx));
	return b->log() + strlen(b->log()) + 1;
}

static void after_a_reset_that_is_proven_the_next_run_works(void **state)
{
	struct acl_bed *b = *state;
	const char *log = spoil(b, "aclrtStreamQuery#1: poison 507015");
	int32_t is_verified = 0;

	assert_int_equal(b->d->reset(b->ctx, 0, &is_verified, acl_bed_err(b)), 0);
	assert_true(is_verified);
	/* Live objects are freed before the reset, which would block otherwise; the verification
	 * comes after it. */
	assert_string_equal(log, RESET "aclrtFree aclrtFree aclrtFree aclrtBinaryUnLoad "
				       "aclrtDestroyStreamForce aclrtResetDeviceForce(1) " PROOF
				       "aclrtCreateStream");
	assert_true(b->d->is_usable(b->ctx));
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
	acl_bed_close(b);
	assert_string_equal(b->live(), "devices=0 streams=0 buffers=0 binaries=0 inits=0");
}

static void waits_end_after_5_s_unless_an_option_says_otherwise(void **state)
{
	struct acl_bed *b = *state;
	int32_t is_verified = 0;

	snprintf(b->options, sizeof(b->options), "{\"libdir\": \"%s\"}", b->libdir);
	acl_bed_must_open(b, NULL);
	assert_int_equal(b->d->reset(b->ctx, 0, &is_verified, acl_bed_err(b)), 0);
	assert_non_null(strstr(b->log(), "aclrtSynchronizeDeviceWithTimeout(5000)"));
}

static void limits_are_set_again(void **state)
{
	struct acl_bed *b = *state;
	int32_t is_verified = 0;
	const char *log;

	acl_bed_options(b, "\"op_timeout\": \"1s\"");
	log = spoil(b, "aclrtStreamQuery#1: poison 507015");
	assert_int_equal(b->d->reset(b->ctx, 1, &is_verified, acl_bed_err(b)), 0);
	assert_non_null(strstr(log, "aclrtDestroyStream aclrtSetOpExecuteTimeOutV2(1000000) "
				    "aclrtCreateStream"));
}

/* The reset returns 0 without effect. */
static void a_zero_is_no_proof(void **state)
{
	struct acl_bed *b = *state;
	const char *log = spoil(b, "aclrtStreamQuery#1: wedge 507015");
	size_t n;
	int32_t is_verified = 1;
	uint32_t slot;

	setenv("DCMI_STUB", "health.1=3", 1);
	assert_int_equal(b->d->reset(b->ctx, 1, &is_verified, acl_bed_err(b)), 507015);
	assert_false(is_verified);
	assert_null(strstr(b->log(), "BLOCKED"));
	assert_string_equal(b->said,
			    "3 resets, and device 1 is still not usable (DCMI: critical): "
			    "aclrtCreateStream gave 507899, driver internal error: EZ9999: inner "
			    "error aclrtCreateStream failed, code 507899.");
	n = 0;
	for (const char *at = log; (at = strstr(at, "aclrtResetDeviceForce")); at++)
		n++;
	assert_int_equal(n, 3);
	assert_false(b->d->is_usable(b->ctx));
	assert_int_equal(b->d->load(b->ctx, "{}", &slot, acl_bed_err(b)), ACL_SPENT);
	/* Nothing is freed, because the calls would never return. */
	n = strlen(b->log());
	acl_bed_close(b);
	assert_int_equal(strlen(b->log()), n);
}

static void every_step_of_a_reset_may_fail_once(void **state)
{
	static const char *const steps[] = {
		"aclrtSetDevice#2: 507033",	   "aclrtSetDevice#3: 507033",
		"aclrtResetDeviceForce#1: 507000", "aclrtCreateStream#2: 507899",
		"aclrtMalloc#4: 207001",	   "aclrtMemcpy#4: 507901",
		"aclrtMemcpy#5: status 1",	   "aclrtFree#4: 507899",
		"aclrtDestroyStream#1: 507899",	   "aclrtCreateStream#3: 207008",
	};
	struct acl_bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		char script[128];
		int32_t is_verified = 0;
		const char *log;

		snprintf(script, sizeof(script), "aclrtStreamQuery#1: poison 507015; %s", steps[i]);
		log = spoil(b, script);
		assert_int_equal(b->d->reset(b->ctx, 1, &is_verified, acl_bed_err(b)), 0);
		assert_true(is_verified);
		assert_non_null(strstr(log, PROOF "aclrtCreateStream"));
		assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
		acl_bed_close(b);
	}
}

/* Memory of a hanging kernel cannot be freed. A reset by force removes everything. */
static void a_hanging_kernel_is_reset_away_without_a_call_that_blocks(void **state)
{
	struct acl_bed *b = *state;
	int32_t is_verified = 0;

	acl_bed_must_open(b, "aclrtStreamAbort: 207000; aclrtDeviceTaskAbort: 207000");
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "hang", NULL)), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, acl_bed_err(b)), 0);
	assert_int_equal(b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b)), ACL_E_STUCK);
	assert_int_equal(b->d->reset(b->ctx, 1, &is_verified, acl_bed_err(b)), 0);
	assert_true(is_verified);
	assert_null(strstr(b->log(), "BLOCKED"));
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
	acl_bed_close(b);
	assert_string_equal(b->live(), "devices=0 streams=0 buffers=0 binaries=0 inits=0");
}

/* In the middle of a run, and after the time limit of the wait. */
static void a_run_in_progress_is_given_up(void **state)
{
	struct acl_bed *b = *state;
	int32_t is_verified = 0;

	acl_bed_must_open(b, NULL);
	assert_int_equal(acl_bed_prepare(b, acl_bed_job(b, "hang", NULL)), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, acl_bed_err(b)), 0);
	assert_int_equal(b->d->reset(b->ctx, 1, &is_verified, acl_bed_err(b)), 0);
	assert_true(is_verified);
	assert_null(strstr(b->log(), "BLOCKED"));
	assert_int_equal(b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b)), ACL_E_ORDER);
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_f32", ADD_ARGS)), 0);
}

static void an_old_runtime_gives_up_the_device_as_often_as_it_took_it(void **state)
{
	struct acl_bed *b = *state;
	int32_t is_verified = 0;

	acl_bed_use(b, ACL_STUB_OLD);
	acl_bed_must_open(b, NULL);
	assert_int_equal(b->d->reset(b->ctx, 0, &is_verified, acl_bed_err(b)), 0);
	assert_true(is_verified);
	assert_string_equal(b->live(), "devices=1 streams=1 buffers=0 binaries=0 inits=1");
	assert_int_equal(acl_bed_run(b, "{}"), 0);
	acl_bed_close(b);
	assert_string_equal(b->live(), "devices=0 streams=0 buffers=0 binaries=0 inits=0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACL_TEST(after_a_reset_that_is_proven_the_next_run_works),
		ACL_TEST(waits_end_after_5_s_unless_an_option_says_otherwise),
		ACL_TEST(limits_are_set_again),
		ACL_TEST(a_zero_is_no_proof),
		ACL_TEST(every_step_of_a_reset_may_fail_once),
		ACL_TEST(a_hanging_kernel_is_reset_away_without_a_call_that_blocks),
		ACL_TEST(a_run_in_progress_is_given_up),
		ACL_TEST(an_old_runtime_gives_up_the_device_as_often_as_it_took_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
