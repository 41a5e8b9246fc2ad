/* SPDX-License-Identifier: Apache-2.0 */
/* The driver `simpler`: options, open and close. */
#include "simpler_bed.h"

#include <sys/stat.h>

#include "base/mem.h"

static void opens_and_closes_in_the_order_of_the_abi(void **state)
{
	struct bed *b = *state;

	assert_int_equal(bed_open(b, ""), 0);
	bed_close(b);
	bed_expect_calls(b, "bind contract run_size run_align create init finalize_device destroy");
	assert_int_equal(bed_count(b, "saw device 3"), 1);
	assert_int_equal(bed_count(b, "saw threshold 30"), 1);
	assert_int_equal(bed_count(b, "saw dispatcher 0"), 1);
	assert_int_equal(bed_count(b, "saw clocks 10000 45000000 50000"), 1);
}

static void options_reach_the_library(void **state)
{
	struct bed *b = *state;

	assert_int_equal(bed_open(b, ", \"log_threshold\": 25, \"inner_watch\": \"2s\", "
				     "\"op_timeout\": \"3s\", \"sync_timeout\": 4"),
			 0);
	assert_int_equal(bed_count(b, "saw threshold 25"), 1);
	assert_int_equal(bed_count(b, "saw clocks 2000 3000000 4000"), 1);
}

static void a_library_to_open_first_must_be_there(void **state)
{
	struct bed *b = *state;

	assert_int_equal(bed_open(b, ", \"preload\": [\"/nowhere/first.so\"]"), SIMPLER_E_LIBRARY);
	assert_non_null(strstr(b->err_text, "/nowhere/first.so"));
	assert_int_equal(bed_open(b, ", \"preload\": []"), 0);
}

/* Silicon has a dispatcher and no context of a simulator. */
static void silicon_has_other_files(void **state)
{
	struct bed *b = *state;
	char *dir = xasprintf("%s/lib/a5/dispatcher", b->dir);

	bed_install(b, "a5/onboard", "tensormap_and_ringbuffer", FAKEHOST);
	assert_int_equal(bed_open(b, ", \"platform\": \"a5\", \"runtime\": "
				     "\"tensormap_and_ringbuffer\""),
			 SIMPLER_E_LIBRARY);
	assert_non_null(strstr(b->err_text, "a5/dispatcher/libsimpler_aicpu_dispatcher.so"));
	assert_int_equal(mkdir(dir, 0700), 0);
	bed_write(b, "lib/a5/dispatcher/libsimpler_aicpu_dispatcher.so", "\177ELF dispatcher");
	assert_int_equal(bed_open(b, ", \"platform\": \"a5\", \"runtime\": "
				     "\"tensormap_and_ringbuffer\""),
			 0);
	assert_int_equal(bed_count(b, "saw dispatcher 15"), 1);
	free(dir);
}

static const struct {
	const char *would;
	int32_t code;
	const char *text;
} bad_libraries[] = {
	{"contract=2", SIMPLER_E_ABI, "pipeline contract 2, but dvsched supports 1"},
	{"contract=0", SIMPLER_E_ABI, "no pipeline contract"},
	{"depth=0", SIMPLER_E_ABI, "depth 0"},
	{"depth=100000", SIMPLER_E_ABI, "depth 100000"},
	{"bind=-1", SIMPLER_E_ABI, "refuses the log's state"},
	{"run_size=7", SIMPLER_E_ABI, "wants 7 bytes"},
	{"run_size=0x40000000", SIMPLER_E_ABI, "implausible"},
	{"run_align=3", SIMPLER_E_ABI, "aligned to 3"},
	{"run_align=65536", SIMPLER_E_ABI, "aligned to 65536"},
	{"create=0", SIMPLER_E_INIT, "makes no context"},
	{"init=-1", SIMPLER_E_INIT, "simpler_init of"},
	{"init=507033", 507033, "returned 507033"},
};

static void a_library_that_is_not_what_it_seems_is_refused_by_name(void **state)
{
	struct bed *b = *state;

	for (unsigned i = 0; i < ARRAY_LEN(bad_libraries); i++) {
		bed_would(bad_libraries[i].would);
		assert_int_equal(bed_open(b, ""), bad_libraries[i].code);
		assert_null(b->ctx);
		if (!strstr(b->err_text, bad_libraries[i].text))
			fail_msg("%s: %s", bad_libraries[i].would, b->err_text);
		if (i < 10)
			assert_non_null(strstr(b->err_text, "libhost_runtime.so"));
	}
	bed_would("");
	assert_int_equal(bed_open(b, ""), 0);
}

static void every_missing_symbol_is_named(void **state)
{
	struct bed *b = *state;

	bed_install(b, "a2a3/sim", "host_build_graph", FAKEHOST_LACKS);
	assert_int_equal(bed_open(b, ""), SIMPLER_E_ABI);
	assert_non_null(strstr(b->err_text, "lacks comm_barrier get_retained_temp_addr_ctx"));
	bed_expect_calls(b, "");
}

static void a_setup_that_fails_in_a_fresh_process_wedges_the_device(void **state)
{
	struct bed *b = *state;
	const char *name, *hint;

	assert_int_equal(b->d->classify(507033, 1, &name, &hint), DVS_WEDGE);
	assert_int_equal(b->d->classify(507033, 0, &name, &hint), DVS_POISON);
	for (int32_t code = SIMPLER_E_OPTIONS; code < SIMPLER_E_END; code++) {
		name = NULL;
		assert_true(b->d->classify(code, 0, &name, &hint) > DVS_OK);
		assert_non_null(name);
	}
}

static void the_build_id_is_found_or_made(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, ""), id[80], again[80];

	assert_int_equal(bed_open(b, ""), 0);
	assert_int_equal(bed_run(b, job), 0);
	assert_int_equal(strspn(bed_json(b, "build_id", id, sizeof(id)), "0123456789abcdef"), 40);
	assert_int_equal(strlen(id), 40);
	bed_close(b);
	bed_install(b, "a2a3/sim", "host_build_graph", FAKEHOST_ANONYMOUS);
	assert_int_equal(bed_open(b, ""), 0);
	assert_int_equal(bed_run(b, job), 0);
	assert_memory_equal(bed_json(b, "build_id", again, sizeof(again)), "sha256:", 7);
	assert_int_equal(strlen(again), 7 + 32);
	free(job);
}

static const struct {
	const char *options, *text;
} bad_options[] = {
	{"{", "options: "},
	{"[]", "options: must be a JSON object"},
	{"{}", "'libdir' must be the absolute path"},
	{"{\"libdir\": 3}", "'libdir' must be a text"},
	{"{\"libdir\": \"lib\"}", "'libdir' must be the absolute path"},
	{"{\"libdri\": \"/lib\"}", "unknown key 'libdri'; did you mean 'libdir'?"},
	{"{\"libdir\": \"/l\", \"platform\": \"a4\"}", "a2a3sim, a5sim, a2a3 or a5, not 'a4'"},
	{"{\"libdir\": \"/l\", \"runtime\": \"hbg\"}", "not 'hbg'"},
	{"{\"libdir\": \"/l\", \"log_threshold\": 5}", "from 10 to 60"},
	{"{\"libdir\": \"/l\", \"inner_watch\": \"60s\"}", "inner_watch (60000 ms) < op_timeout"},
	{"{\"libdir\": \"/l\", \"op_timeout\": \"49.5s\", \"inner_watch\": \"49s\"}",
	 "more than 1500 ms above"},
	{"{\"libdir\": \"/l\", \"sync_timeout\": \"soon\"}", "a duration"},
	{"{\"libdir\": \"/l\", \"n_devices\": 0}", "'n_devices' must be a whole number from 1"},
	{"{\"libdir\": \"/l\", \"paths\": {\"hots\": \"x\"}}", "did you mean 'host'?"},
	{"{\"libdir\": \"/l\", \"preload\": [1]}", "'preload' is a list of paths"},
	{"{\"libdir\": \"/l\", \"ring\": {\"heap\": [1, 2]}}", "2 values and there are 4 rings"},
	{"{\"libdir\": \"/l\", \"ring\": {\"aicpu_threads\": 1}}", "at least 2"},
};

static void bad_options_are_named_in_probe_as_in_open(void **state)
{
	struct bed *b = *state;

	for (unsigned i = 0; i < ARRAY_LEN(bad_options); i++) {
		void *ctx = NULL;
		size_t n;

		b->err_text[0] = '\0';
		assert_int_equal(b->d->probe(bad_options[i].options, NULL, 0, &n, &b->err),
				 SIMPLER_E_OPTIONS);
		if (!strstr(b->err_text, bad_options[i].text))
			fail_msg("%s: %s", bad_options[i].options, b->err_text);
		b->err_text[0] = '\0';
		assert_int_equal(b->d->open(&b->host, 0, bad_options[i].options, &ctx, &b->err),
				 SIMPLER_E_OPTIONS);
		assert_non_null(strstr(b->err_text, bad_options[i].text));
		assert_int_equal(b->d->inner_watch_ns(bad_options[i].options), 0);
	}
}

static void files_that_are_not_there_are_named(void **state)
{
	static const char *const names[] = {"a2a3/sim/host_build_graph/libhost_runtime.so",
					    "a2a3/sim/host_build_graph/libaicpu_kernel.so",
					    "a2a3/sim/host_build_graph/libaicore_kernel.so",
					    "libcpu_sim_context.so"};
	struct bed *b = *state;

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		char *path = xasprintf("%s/lib/%s", b->dir, names[i]);
		char *away = xasprintf("%s.away", path);

		assert_int_equal(rename(path, away), 0);
		assert_int_equal(bed_open(b, ""), SIMPLER_E_LIBRARY);
		assert_non_null(strstr(b->err_text, path));
		assert_int_equal(rename(away, path), 0);
		free(path);
		free(away);
	}
	bed_write(b, "lib/a2a3/sim/host_build_graph/libhost_runtime.so", "no library");
	assert_int_equal(bed_open(b, ""), SIMPLER_E_LIBRARY);
	assert_non_null(strstr(b->err_text, "cannot load"));
}

static void every_path_may_be_elsewhere(void **state)
{
	struct bed *b = *state;
	char *extra = xasprintf(
		", \"paths\": {\"host\": \"%s/lib/a2a3/sim/%%r/libhost_runtime.so\", "
		"\"aicpu\": \"elsewhere.so\"}",
		b->dir);

	assert_int_equal(bed_open(b, extra), SIMPLER_E_LIBRARY);
	assert_non_null(strstr(b->err_text, "lib/elsewhere.so"));
	bed_write(b, "lib/elsewhere.so", "\177ELF elsewhere");
	assert_int_equal(bed_open(b, extra), 0);
	free(extra);
}

static void probe_opens_nothing_and_counts(void **state)
{
	struct bed *b = *state;
	struct dvs_device devices[3] = {{.size = sizeof(devices[0])},
					{.size = sizeof(devices[0])},
					{.size = sizeof(devices[0])}};
	char *options = xasprintf("{\"libdir\": \"%s/lib\", \"n_devices\": 5, \"state_dir\": "
				  "\"/x\"}",
				  b->dir);
	char *usual = xasprintf("{\"libdir\": \"%s/lib\"}", b->dir);
	size_t n = 0;

	assert_int_equal(b->d->probe(options, devices, 3, &n, &b->err), 0);
	assert_int_equal(n, 5);
	assert_int_equal(devices[2].id, 2);
	assert_int_equal(devices[2].fault_domain, -1);
	assert_string_equal(devices[2].model, "a2a3sim");
	assert_string_equal(devices[2].family, "simpler-a2a3sim"); /* and no card's */
	assert_int_equal(devices[2].health, DVS_HEALTH_GOOD);
	assert_int_equal(b->d->inner_watch_ns(options), UINT64_C(10000000000));
	assert_int_equal(b->d->probe(usual, devices, 3, &n, &b->err), 0);
	assert_int_equal(n, 64);
	bed_expect_calls(b, "");
	free(usual);
	free(options);
}

static void a_device_that_is_not_given_back_is_reported_and_left(void **state)
{
	struct bed *b = *state;

	assert_int_equal(bed_open(b, ""), 0);
	bed_would("finalize_device=-1");
	bed_forget_report(b);
	b->keeps_running = true;
	bed_close(b);
	bed_expect_calls(b, "finalize_device");
	assert_non_null(strstr(b->log, "finalize_device returned -1"));
}

static void reset_opens_again_and_proves_it(void **state)
{
	struct bed *b = *state;
	int32_t is_verified = 0;

	assert_int_equal(bed_open(b, ""), 0);
	bed_forget_report(b);
	assert_int_equal(b->d->reset(b->ctx, 0, &is_verified, &b->err), 0);
	assert_int_equal(is_verified, 1);
	bed_expect_calls(b, "finalize_device destroy bind contract run_size run_align create init "
			    "malloc copy_to copy_from free");
	bed_would("copy_from=507899");
	assert_int_equal(b->d->reset(b->ctx, 1, &is_verified, &b->err), 507899);
	assert_int_equal(is_verified, 0);
	assert_int_equal(b->d->is_usable(b->ctx), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)
		TEST(opens_and_closes_in_the_order_of_the_abi),
		TEST(options_reach_the_library),
		TEST(a_library_to_open_first_must_be_there),
		TEST(silicon_has_other_files),
		TEST(a_library_that_is_not_what_it_seems_is_refused_by_name),
		TEST(every_missing_symbol_is_named),
		TEST(a_setup_that_fails_in_a_fresh_process_wedges_the_device),
		TEST(the_build_id_is_found_or_made),
		TEST(bad_options_are_named_in_probe_as_in_open),
		TEST(files_that_are_not_there_are_named),
		TEST(every_path_may_be_elsewhere),
		TEST(probe_opens_nothing_and_counts),
		TEST(a_device_that_is_not_given_back_is_reported_and_left),
		TEST(reset_opens_again_and_proves_it),
	};

	return RUN(tests);
}
