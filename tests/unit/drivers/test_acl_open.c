/* SPDX-License-Identifier: Apache-2.0 */
/* Driver acl: finds the library, takes a device and gives it back. */
#include "acl_bed.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTHING_LIVES "devices=0 streams=0 buffers=0 binaries=0 inits=0"

static void without_the_library_it_is_unsupported_and_says_what_was_tried(void **state)
{
	struct acl_bed *b = *state;
	struct dvs_device devices[4] = {{.size = sizeof(devices[0])}};
	size_t n = 7;
	int32_t rc;

	acl_bed_use(b, NULL);
	rc = acl_bed_open(b, NULL);
	assert_int_equal(acl_bed_class(b, rc, 1), DVS_UNSUPPORTED);
	assert_non_null(strstr(b->said, "no AscendCL on this machine"));
	assert_non_null(strstr(b->said, b->libdir));
	assert_non_null(strstr(b->said, "set libdir"));
	rc = b->d->probe(b->options, devices, 4, &n, acl_bed_err(b));
	assert_int_equal(acl_bed_class(b, rc, 1), DVS_UNSUPPORTED);
	assert_non_null(strstr(b->said, "no AscendCL on this machine"));
	assert_int_equal(n, 0);
	/* No place is configured: the loader's directories, where there is none, either. */
	rc = b->d->probe("{}", devices, 4, &n, acl_bed_err(b));
	assert_int_equal(acl_bed_class(b, rc, 1), DVS_UNSUPPORTED);
}

static void a_library_that_lacks_an_entry_is_named_with_it(void **state)
{
	struct acl_bed *b = *state;
	int32_t rc;

	acl_bed_use(b, ACL_STUB_BROKEN);
	rc = acl_bed_open(b, NULL);
	assert_int_equal(acl_bed_class(b, rc, 1), DVS_UNSUPPORTED);
	assert_string_equal(b->said, "libascendcl.so has no aclrtMalloc: too old, or not AscendCL");
}

static void the_directory_of_the_toolkit_is_looked_into(void **state)
{
	struct acl_bed *b = *state;
	char lib64[128], link[192];

	snprintf(lib64, sizeof(lib64), "%s/lib64", b->dir);
	snprintf(link, sizeof(link), "%s/libascendcl.so", lib64);
	assert_int_equal(mkdir(lib64, 0700), 0);
	assert_int_equal(symlink(ACL_STUB_NEW, link), 0);
	setenv("ASCEND_HOME_PATH", b->dir, 1);
	b->begin(NULL);
	assert_int_equal(b->d->open(&b->host, 0, "{\"dcmi\": \"\"}", &b->ctx, acl_bed_err(b)), 0);
}

static void it_opens_and_closes_in_order(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, NULL);
	assert_string_equal(b->log(),
			    "aclInit aclrtSetDevice(1) aclrtCreateStream aclrtGetMemInfo(1)");
	assert_string_equal(b->logged, "device 1 (1 here): Ascend910B1, 61440 of 65536 MiB free");
	assert_string_equal(b->live(), "devices=1 streams=1 buffers=0 binaries=0 inits=1");
	acl_bed_close(b);
	assert_string_equal(b->log(),
			    "aclInit aclrtSetDevice(1) aclrtCreateStream aclrtGetMemInfo(1) "
			    "aclrtDestroyStreamForce aclrtResetDevice(1) aclFinalize");
	assert_string_equal(b->live(), NOTHING_LIVES);
}

static void each_code_has_its_number(void **state)
{
	static const char *const names[] = {
		NULL,
		"bad options",
		"no AscendCL",
		"bad job",
		"file not read",
		"another kind of device",
		"no such device",
		"device not healthy",
		"wrong result",
		"cancelled",
		"not in this runtime",
		"calls out of order",
		"implausible answer",
		"run does not leave the device",
	};
	const struct acl_bed *b = *state;

	assert_int_equal(ARRAY_LEN(names), ACL_E_END);
	for (int32_t code = 1; code < ACL_E_END; code++) {
		const char *name = "", *hint;

		b->d->classify(code, 0, &name, &hint);
		assert_string_equal(name, names[code]);
	}
}

static void limits_are_set_before_there_is_a_stream(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_options(b, "\"op_timeout\": \"1.5s\", \"wait_timeout\": 2.5");
	acl_bed_must_open(b, NULL);
	assert_string_equal(b->log(),
			    "aclInit aclrtSetDevice(1) aclrtSetOpExecuteTimeOutV2(1500000) "
			    "aclrtSetOpWaitTimeout(3) aclrtCreateStream aclrtGetMemInfo(1)");
	assert_int_equal(b->d->inner_watch_ns(b->options), 1500000000);
	assert_int_equal(b->d->inner_watch_ns("{}"), 0);
	acl_bed_close(b);
	acl_bed_use(b, ACL_STUB_OLD);
	acl_bed_options(b, "\"wait_timeout\": 2.5");
	assert_int_equal(acl_bed_class(b, acl_bed_open(b, NULL), 1), DVS_UNSUPPORTED);
	assert_string_equal(b->said, "wait_timeout: this runtime has no such limit");
	assert_string_equal(b->live(), NOTHING_LIVES);
}

static void a_runtime_that_somebody_else_started_is_not_ended(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, "aclInit: 100002");
	acl_bed_close(b);
	assert_null(strstr(b->log(), "aclFinalize"));
	assert_non_null(strstr(b->log(), "aclrtResetDevice(1)"));
}

static void a_device_that_does_not_let_go_is_left_alone(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, "aclrtResetDevice: 507899");
	acl_bed_close(b);
	assert_non_null(strstr(b->log(), "aclrtResetDevice(1)"));
	assert_null(strstr(b->log(), "aclFinalize"));
}

static void another_kind_of_device_is_refused_before_it_is_touched(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_options(b, "\"soc\": \"Ascend910B\"");
	acl_bed_must_open(b, NULL);
	acl_bed_close(b);
	acl_bed_options(b, "\"soc\": \"Ascend310P\"");
	assert_int_equal(acl_bed_open(b, NULL), ACL_E_SOC);
	assert_string_equal(b->said, "soc is \"Ascend310P\", and device 1 is a Ascend910B1");
	assert_string_equal(b->log(), "aclInit aclFinalize");
	acl_bed_use(b, ACL_STUB_OLD);
	acl_bed_options(b, "\"soc\": \"Ascend310P\"");
	assert_int_equal(acl_bed_open(b, NULL), ACL_E_SOC);
	assert_non_null(strstr(b->said, "cannot say what is there"));
}

static void whatever_fails_while_opening_is_reported_and_leaves_nothing(void **state)
{
	static const struct {
		const char *script;
		int32_t code;
		enum dvs_class class; /* in a fresh process */
		const char *text;
	} cases[] = {
		{"aclInit: 507899", 507899, DVS_WEDGE,
		 "the runtime does not start: aclInit: EZ9999: "
		 "inner error aclInit failed, code 507899."},
		{"aclrtSetDevice: 507033", 507033, DVS_WEDGE, "device 1: aclrtSetDevice: "},
		{"aclrtSetDevice: 107001", 107001, DVS_CONFIG, "device 1: aclrtSetDevice: "},
		{"aclrtSetOpExecuteTimeOutV2: 107000", 107000, DVS_CONFIG,
		 "op_timeout: aclrtSetOpExecuteTimeOutV2: "},
		{"aclrtSetOpWaitTimeout: 107000", 107000, DVS_CONFIG,
		 "wait_timeout: aclrtSetOpWaitTimeout: "},
		{"aclrtCreateStream: 207008", 207008, DVS_BUSY, "device 1: aclrtCreateStream: "},
	};
	struct acl_bed *b = *state;

	acl_bed_options(b, "\"op_timeout\": \"1s\", \"wait_timeout\": \"1s\"");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(acl_bed_open(b, cases[i].script), cases[i].code);
		assert_int_equal(acl_bed_class(b, cases[i].code, 1), cases[i].class);
		assert_memory_equal(b->said, cases[i].text, strlen(cases[i].text));
		/* A poisoned process ends without freeing anything, because that could block. */
		if (cases[i].class != DVS_WEDGE)
			assert_string_equal(b->live(), NOTHING_LIVES);
		assert_null(b->ctx);
	}
}

static void the_process_counts_what_it_sees(void **state)
{
	struct acl_bed *b = *state;

	setenv("ASCEND_RT_VISIBLE_DEVICES", "5,1,7", 1);
	acl_bed_must_open(b, NULL); /* device 1 */
	assert_non_null(strstr(b->log(), "aclrtSetDevice(1) "));
	acl_bed_close(b);
	setenv("ASCEND_RT_VISIBLE_DEVICES", "1,5", 1);
	acl_bed_must_open(b, NULL);
	assert_non_null(strstr(b->log(), "aclrtSetDevice(0) "));
	acl_bed_close(b);
	acl_bed_options(b, "\"ids\": \"logical\"");
	acl_bed_must_open(b, NULL); /* the second one: 5 */
	assert_non_null(strstr(b->log(), "aclrtSetDevice(1) "));
	acl_bed_close(b);
	acl_bed_options(b, NULL);
	setenv("ASCEND_RT_VISIBLE_DEVICES", "2,5", 1);
	assert_int_equal(acl_bed_open(b, NULL), ACL_E_DEVICE);
	assert_string_equal(b->said,
			    "device 1 is not among those of ASCEND_RT_VISIBLE_DEVICES=2,5");
	assert_string_equal(b->log(), "");
}

static void a_device_that_is_known_to_be_bad_is_not_opened(void **state)
{
	struct acl_bed *b = *state;

	setenv("DCMI_STUB", "health.1=3 error.1=80e01801", 1);
	assert_int_equal(acl_bed_open(b, NULL), ACL_E_UNHEALTHY);
	assert_int_equal(acl_bed_class(b, ACL_E_UNHEALTHY, 1), DVS_WEDGE);
	assert_string_equal(b->said, "device 1: DCMI: critical, errors 0x80e01801 0x80e01802");
	assert_string_equal(b->log(), "");
	setenv("DCMI_STUB", "health.1=1", 1); /* a minor alarm has no effect */
	acl_bed_must_open(b, NULL);
}

static void wrong_options_are_refused_by_name(void **state)
{
	static const struct {
		const char *options, *text;
	} cases[] = {
		{"[]", "options: must be a JSON object"},
		{"{",
		 "options: not JSON: string or '}' expected near end of file (line 1, column 1)"},
		{"{\"libdri\": \"/x\"}", "options: unknown key 'libdri'; did you mean 'libdir'?"},
		{"{\"libdir\": 5}", "options: 'libdir' must be a text"},
		{"{\"ids\": \"real\"}", "options: 'ids' must be \"physical\" or \"logical\""},
		{"{\"op_timeout\": \"soon\"}",
		 "options: 'op_timeout' must be a duration from 1ms to a day, such as \"10s\""},
		{"{\"op_timeout\": 0}",
		 "options: 'op_timeout' must be a duration from 1ms to a day, such as \"10s\""},
		{"{\"sync_timeout\": \"2h\"}", "options: 'sync_timeout' must be 10m or less"},
	};
	struct acl_bed *b = *state;
	struct dvs_device d = {.size = sizeof(d)};
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(b->d->open(&b->host, 0, cases[i].options, &b->ctx, acl_bed_err(b)),
				 ACL_E_OPTIONS);
		assert_string_equal(b->said, cases[i].text);
		assert_int_equal(b->d->probe(cases[i].options, &d, 1, &n, acl_bed_err(b)),
				 ACL_E_OPTIONS);
		assert_int_equal(b->d->health(0, cases[i].options, &d, acl_bed_err(b)),
				 ACL_E_OPTIONS);
		assert_int_equal(b->d->inner_watch_ns(cases[i].options), 0);
	}
}

static void the_library_shows_nothing_but_the_contract(void **state)
{
	void *library = dlopen(ACL_DRIVER, RTLD_NOW | RTLD_LOCAL);

	(void)state;
	assert_non_null(dlsym(library, "dvs_driver_get"));
	assert_null(dlsym(library, "acl_classify"));
	assert_null(dlsym(library, "npu_classify"));
	assert_null(dlsym(library, "xcalloc"));
	dlclose(library);
}

static void another_abi_is_refused(void **state)
{
	struct acl_bed *b = *state;

	assert_null(b->get(DVS_DRIVER_ABI + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACL_TEST(without_the_library_it_is_unsupported_and_says_what_was_tried),
		ACL_TEST(a_library_that_lacks_an_entry_is_named_with_it),
		ACL_TEST(the_directory_of_the_toolkit_is_looked_into),
		ACL_TEST(it_opens_and_closes_in_order),
		ACL_TEST(each_code_has_its_number),
		ACL_TEST(limits_are_set_before_there_is_a_stream),
		ACL_TEST(a_runtime_that_somebody_else_started_is_not_ended),
		ACL_TEST(a_device_that_does_not_let_go_is_left_alone),
		ACL_TEST(another_kind_of_device_is_refused_before_it_is_touched),
		ACL_TEST(whatever_fails_while_opening_is_reported_and_leaves_nothing),
		ACL_TEST(the_process_counts_what_it_sees),
		ACL_TEST(a_device_that_is_known_to_be_bad_is_not_opened),
		ACL_TEST(wrong_options_are_refused_by_name),
		cmocka_unit_test(the_library_shows_nothing_but_the_contract),
		ACL_TEST(another_abi_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
