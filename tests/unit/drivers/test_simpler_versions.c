/* SPDX-License-Identifier: Apache-2.0 */
/* The driver `simpler` with each version of the library, on stand-ins. */
#include "simpler_bed.h"

#include "base/mem.h"

static void open_version(struct bed *b, const char *double_path)
{
	bed_install(b, "a2a3/sim", "host_build_graph", double_path);
	assert_int_equal(bed_open(b, ""), 0);
}

/* The doubles check their arguments: another signature would be a violation. */
static void each_version_is_called_with_its_own_signature(void **state)
{
	static const char *const doubles[] = {FAKEHOST, FAKEHOST_SECOND};
	struct bed *b = *state;
	char *plain = bed_job("add.so", 5, "");
	char *scalars = xstrdup(
		"{\"callable\": {\"orch\": \"orch.so\", \"sig\": \"scalar,in,out,scalar\"}, "
		"\"args\": "
		"[{\"f32\": 1}, {\"f32\": [8], \"fill\": 2}, {\"f32\": [8], \"out\": true, "
		"\"expect\": {\"fill\": 0}}, {\"f32\": 5}]}");

	for (unsigned i = 0; i < ARRAY_LEN(doubles); i++) {
		open_version(b, doubles[i]);
		assert_int_equal(bed_run(b, plain), 0);
		assert_int_equal(bed_run(b, scalars), SIMPLER_E_RESULT);
		bed_close(b);
	}
	free(plain);
	free(scalars);
}

static void what_is_of_no_known_version_is_refused_and_never_called(void **state)
{
	struct bed *b = *state;

	bed_install(b, "a2a3/sim", "host_build_graph", FAKEHOST_UNKNOWN);
	assert_int_equal(bed_open(b, ""), SIMPLER_E_ABI);
	assert_non_null(strstr(b->err_text,
			       "has an unknown version: it has "
			       "simpler_provision_dma_workspace, device_memory_info_ctx "
			       "and simpler_kernel_mode_supported"));
	bed_expect_calls(b, "");
}

static const struct {
	const char *would, *double_path;
	int32_t code;
	enum dvs_class class;
	bool is_usable;
} codes[] = {
	{"prepare=-3", FAKEHOST, SIMPLER_E_OVERLAP, DVS_BUSY, true},
	{"prepare=-3", FAKEHOST_SECOND, -3, DVS_JOB, true},
	{"prepare=-1002", FAKEHOST_SECOND, SIMPLER_E_OVERLAP, DVS_BUSY, true},
	{"prepare=-1000", FAKEHOST_SECOND, SIMPLER_E_PREPARE, DVS_JOB, true},
	{"prepare=-1001", FAKEHOST_SECOND, SIMPLER_E_UNSUPPORTED, DVS_UNSUPPORTED, true},
	{"prepare=-1003", FAKEHOST_SECOND, SIMPLER_E_REFUSED, DVS_POISON, false},
	{"register=-1000", FAKEHOST_SECOND, SIMPLER_E_REGISTER, DVS_CONFIG, true},
	{"launch=-1004", FAKEHOST_SECOND, SIMPLER_E_REFUSED, DVS_POISON, false},
	{"launch=-1000", FAKEHOST_SECOND, SIMPLER_E_LAUNCH, DVS_POISON, false},
	{"wait=-1", FAKEHOST_SECOND, SIMPLER_E_SCOPE, DVS_JOB, true},
	{"wait=-100", FAKEHOST_SECOND, -100, DVS_STALL, true},
	{"wait=-1000", FAKEHOST_SECOND, SIMPLER_E_FINISH, DVS_POISON, false},
	{"finalize=-1777", FAKEHOST_SECOND, SIMPLER_E_FINISH, DVS_POISON, false},
};

static void codes_of_the_host_are_distinguished_from_those_of_the_device(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");

	for (unsigned i = 0; i < ARRAY_LEN(codes); i++) {
		const char *name, *hint;
		int32_t code;

		open_version(b, codes[i].double_path);
		bed_would(codes[i].would);
		code = bed_run(b, job);
		if (code != codes[i].code)
			fail_msg("%s: %d (%s)", codes[i].would, code, b->err_text);
		assert_int_equal(b->d->classify(code, 0, &name, &hint), codes[i].class);
		assert_int_equal(b->d->is_usable(b->ctx) != 0, codes[i].is_usable);
		bed_would("");
		bed_close(b);
	}
	free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)
		TEST(each_version_is_called_with_its_own_signature),
		TEST(what_is_of_no_known_version_is_refused_and_never_called),
		TEST(codes_of_the_host_are_distinguished_from_those_of_the_device),
	};

	return RUN(tests);
}
