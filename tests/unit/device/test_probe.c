/* SPDX-License-Identifier: Apache-2.0 */
/* Results and messages of a probe in a process of its own, for every behaviour of the driver. */
#include "device/probe/probe.h"

#include "../base/unit.h"
#include "base/mem.h"
#include "worker_bed.h"

/* Limits for calls that return, and for calls that do not. */
static const double long_s = 60, short_s = 0.3;

static void a_driver_tells_of_its_devices(void **state)
{
	struct arena *mem = arena_new();
	struct driver_facts facts;
	struct error err = {0};

	(void)state;
	assert_int_equal(device_probe(TEST_DRIVER, "{\"n\": 100}", long_s, mem, &facts, &err), 0);
	assert_string_equal(facts.name, "test");
	assert_string_equal(facts.version, "1");
	assert_true(facts.caps & DVS_CAP_GANG);
	assert_int_equal(facts.inner_watch_ns, 1500000000);
	assert_int_equal(facts.n_devices, 100); /* more than were asked for at first */
	assert_int_equal(facts.devices[99].id, 99);
	assert_int_equal(facts.devices[99].numa, -1);
	assert_string_equal(facts.devices[99].detail, "number 99");
	arena_free(mem);
}

static void health_is_asked_of_one_device(void **state)
{
	struct dvs_device device;
	struct error err = {0};

	(void)state;
	assert_int_equal(device_health(TEST_DRIVER, "{}", 2, long_s, &device, &err), 0);
	assert_int_equal(device.id, 2);
	assert_int_equal(device.health, DVS_HEALTH_SUSPECT);
	assert_int_equal(
		device_health(TEST_DRIVER, "{\"health\": \"code 801\"}", 2, long_s, &device, &err),
		-1);
	assert_string_equal(err.msg, "driver " TEST_DRIVER ": health() failed: the test says 'code "
				     "801' to health (TEST_CODE 801)");
	error_done(&err);
}

static void assert_probe_fails(const char *driver, const char *options, double limit_s,
			       const char *words)
{
	_cleanup_(freep) char *begin = xasprintf("driver %s: ", driver);
	struct arena *mem = arena_new();
	struct driver_facts facts;
	struct error err = {0};

	assert_int_equal(device_probe(driver, options, limit_s, mem, &facts, &err), -1);
	if (!strstr(err.msg, words) || strncmp(err.msg, begin, strlen(begin)) != 0)
		print_error("%s\n", err.msg);
	assert_memory_equal(err.msg, begin, strlen(begin));
	assert_non_null(strstr(err.msg, words));
	error_done(&err);
	arena_free(mem);
}

static void a_library_that_is_no_driver_is_distinguished(void **state)
{
	static const char *const words[] = {
		"it has no dvs_driver_get(), so it is not a driver of dvsched",
		"it does not support ABI 1 of this dvsched",
		"it is of ABI 8, this dvsched has 1",
		"its table has 64 bytes, ",
		"it has no name or no version",
		"it has no finish()",
		"it declares the capability, but has no join()",
		"it crashed while it was loaded: signal 11 (SIGSEGV)",
		NULL, /* hangs: below */
		"it cannot be loaded: ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		_cleanup_(freep) char *path = xasprintf("%s%zu.so", BAD_DRIVERS, i);

		if (words[i])
			assert_probe_fails(path, "{}", long_s, words[i]);
	}
	assert_probe_fails("/nowhere/at/all.so", "{}", long_s, "there is no such file");
	assert_probe_fails("/dev/null", "{}", long_s, "it is not a file");
}

static void a_probe_that_misbehaves_is_reported(void **state)
{
	static const struct {
		const char *options, *words;
	} cases[] = {
		{"{\"probe\": \"code 801\"}",
		 "probe() failed: the test says 'code 801' to probe (TEST_CODE 801)"},
		{"{\"probe\": \"crash\"}", "it crashed in probe(): signal 11 (SIGSEGV)"},
		{"{\"probe\": \"exit 7\"}", "it ended the process in probe(): exit status 7"},
		{"{\"probe\": \"nonsense\"}", "at most 4096 are possible"},
		{"{\"probe\": \"twice\"}", "probe() gave garbage: it reports device 0 twice"},
		{"{\"probe\": \"endless\"}",
		 "probe() gave garbage: the model of a device is not terminated"},
		{"{\"probe\": \"negative\"}",
		 "probe() gave garbage: it reports a device with the number -5"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_probe_fails(TEST_DRIVER, cases[i].options, long_s, cases[i].words);
}

static void a_probe_that_never_returns_is_killed(void **state)
{
	(void)state;
	assert_probe_fails(TEST_DRIVER, "{\"probe\": \"hang\"}", short_s,
			   "it did not come back within 0.30s");
	assert_probe_fails(BAD_DRIVERS "8.so", "{}", short_s, "it did not come back within 0.30s");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driver_tells_of_its_devices),
		cmocka_unit_test(health_is_asked_of_one_device),
		cmocka_unit_test(a_library_that_is_no_driver_is_distinguished),
		cmocka_unit_test(a_probe_that_misbehaves_is_reported),
		cmocka_unit_test(a_probe_that_never_returns_is_killed),
	};

	worker_bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
