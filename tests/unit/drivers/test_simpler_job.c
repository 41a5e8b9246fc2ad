/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of driver simpler: arguments, callables, rings, tensors. */
#include <jansson.h>

#include "simpler_bed.h"
#include "base/mem.h"
#include "base/str.h"
#include "simpler_tests.h"

static const struct {
	const char *args, *text;
} bad_args[] = {
	{"[{\"f32\": [4]}, {\"f32\": [4], \"out\": true}]", "takes 3 arguments and 'args' has 2"},
	{"[{\"f32\": [4]}, {\"f32\": [4]}, {\"f32\": [4]}]",
	 "args[2] is 'in' and the callable's signature says 'out'"},
	{"[{\"f32\": [4]}, {\"f32\": 4}, {\"f32\": [4], \"out\": true}]",
	 "args[1] is 'scalar' and the callable's signature says 'in'"},
	{"[{\"f32\": [4]}, {\"f32\": [4]}, {\"f64\": [4], \"out\": true}]", "no tensors of f64"},
	{"[{\"f32\": [4]}, {\"f32\": [4]}, 5]", "args[2]: must be an object"},
	{"[{\"f32\": [4]}, {\"f32\": [4], \"file\": \"not-there\"}, {\"f32\": [4], \"out\": true}]",
	 "not-there"},
	{"[{\"f32\": [4]}, {\"f32\": [4]}, {\"f32\": [4], \"out\": true, \"buffer\": \"acc\"}]",
	 "no buffer 'acc'"},
	{"[{\"f32\": [4], \"buffer\": \"acc\"}, {\"f32\": [4]}, "
	 "{\"f32\": [4], \"out\": true, \"buffer\": \"acc\"}]",
	 "args[0] and args[2] are both in buffer 'acc'"},
	{"[{\"f32\": [4]}, {\"f32\": \"rnak\"}, {\"f32\": [4], \"out\": true}]", "'rnak'"},
	{"[{\"f32\": [4]}, {\"f32\": [0]}, {\"f32\": [4], \"out\": true}]", "args[1]"},
	{"{}", "'args' must be a list"},
};

/* The library would crash: it does not check its arguments. */
static void arguments_are_held_against_the_signature_before_the_library_sees_them(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");

	assert_int_equal(bed_load(b, job), 0);
	for (unsigned i = 0; i < ARRAY_LEN(bad_args); i++) {
		json_t *j = json_loads(job, 0, NULL);
		char *text;
		int32_t code;

		json_object_set_new(j, "args", json_loads(bad_args[i].args, 0, NULL));
		text = json_dumps(j, 0);
		code = bed_prepare(b, text);
		if (!strstr(b->err_text, bad_args[i].text))
			fail_msg("%s: %d %s", bad_args[i].args, code, b->err_text);
		assert_true(code == SIMPLER_E_JOB || code == SIMPLER_E_FILE);
		assert_int_equal(bed_finish(b), code);
		assert_int_equal(b->d->is_usable(b->ctx), 1);
		free(text);
		json_decref(j);
	}
	assert_int_equal(bed_count(b, "call prepare"), 0);
	b->slot = 63;
	assert_int_equal(bed_prepare(b, job), SIMPLER_E_ORDER);
	assert_int_equal(bed_run(b, job),
			 0); /* a host that does not call finish() after that works, too */
	free(job);
}

static const struct {
	const char *job, *text;
} bad_jobs[] = {
	{"", "'callable' is missing"},
	{"nonsense", "job: "},
	{"{\"runtime\": 5}", "'runtime' must be a text"},
	{"{\"callable\": {}, \"program\": []}", "'program' is not for this driver"},
	{"{\"callable\": {}, \"image\": {}}", "'image' is not for this driver"},
	{"{\"callable\": {}}", "'sig' must say what the arguments are"},
	{"{\"callable\": {\"sig\": \"in,owt\"}}", "not 'owt'"},
	{"{\"callable\": {\"sig\": \"in\"}}", "'orch' is missing"},
	{"{\"callable\": {\"sig\": \"in\", \"orch\": \"/not/there.so\"}}", "/not/there.so"},
	{"{\"callable\": {\"sig\": \"in\", \"orhc\": \"x\"}}", "did you mean 'orch'?"},
	{"{\"callable\": {\"sig\": \"in\", \"entry\": \"\"}}", "'entry' has 1 to 63 bytes"},
	{"{\"callable\": {\"sig\": \"in\", \"orch\": \"text\"}}", "is no ELF file"},
	{"{\"callable\": {\"sig\": \"in\", \"orch\": \"orch.so\", \"kernels\": "
	 "[5]}}",
	 "callable.kernels[0] must be an object"},
	{"{\"callable\": {\"sig\": \"in\", \"orch\": \"orch.so\", \"kernels\": "
	 "[{}]}}",
	 "'id' is missing"},
	{"{\"callable\": {\"sig\": \"in\", \"orch\": \"orch.so\", \"kernels\": "
	 "[{\"id\": 1, \"so\": \"add.so\", \"sig\": []}, {\"id\": 1, \"so\": \"add.so\", \"sig\": "
	 "[]}]}}",
	 "callable.kernels[1]: id 1 is taken"},
	{"{\"callable\": {\"sig\": \"in\", \"orch\": \"orch.so\", \"kernels\": "
	 "[{\"id\": 0, \"so\": \"add.so\", \"core\": \"gpu\"}]}}",
	 "aic or aiv, not 'gpu'"},
	{"{\"runtime\": \"rt\", \"callable\": {\"sig\": \"in\", \"orch\": "
	 "\"orch.so\"}}",
	 "there is no runtime 'rt'"},
	{"{\"callable\": {\"sig\": \"in\", \"entry\": \"no_such_entry\", \"orch\": "
	 "\"orch.so\"}}",
	 "simpler_register_callable returned -1"},
};

static void a_bad_job_is_refused_and_spoils_nothing(void **state)
{
	struct bed *b = *state;
	char *good = bed_job("add.so", 5, "");

	bed_write(b, "text", "just a text");
	for (unsigned i = 0; i < ARRAY_LEN(bad_jobs); i++) {
		const char *name, *hint;
		int32_t code = bed_load(b, bad_jobs[i].job);

		assert_int_equal(b->d->classify(code, 0, &name, &hint), DVS_CONFIG);
		if (!strstr(b->err_text, bad_jobs[i].text))
			fail_msg("%s: %s", bad_jobs[i].job, b->err_text);
	}
	assert_int_equal(bed_run(b, good), 0);
	free(good);
}

static void what_is_loaded_is_known_by_its_content(void **state)
{
	struct bed *b = *state;
	char *first = bed_job("same.so", 10, ""), *second = bed_job("same.so", 20, "");

	for (unsigned i = 0; i < 200; i++) {
		bed_kernel(b, "same.so", i % 2 ? 15 : 5);
		assert_int_equal(bed_run(b, i % 2 ? second : first), 0);
	}
	assert_int_equal(bed_count(b, "call register"), 2);
	assert_int_equal(bed_count(b, "saw entry aicpu_orchestration_entry"), 2);
	free(first);
	free(second);
}

static void the_least_recently_used_of_64_gives_way(void **state)
{
	struct bed *b = *state;
	char name[32], *job;

	for (int i = 0; i < 66; i++) {
		snprintf(name, sizeof(name), "k%d.so", i);
		bed_kernel(b, name, i);
		job = bed_job(name, 5 + i, "");
		assert_int_equal(bed_run(b, job), 0);
		free(job);
		job = bed_job("k0.so", 5, ""); /* always in use: it stays */
		assert_int_equal(bed_run(b, job), 0);
		free(job);
	}
	assert_int_equal(bed_count(b, "call register"), 66);
	assert_int_equal(bed_count(b, "call unregister"), 2);
	job = bed_job("k65.so", 70, "");
	assert_int_equal(bed_run(b, job), 0);
	assert_int_equal(bed_count(b, "call register"), 66);
	free(job);
	job = bed_job("k1.so", 6, "");
	assert_int_equal(bed_run(b, job), 0);
	assert_int_equal(bed_count(b, "call register"), 67);
	assert_int_equal(b->d->unload(b->ctx, b->slot), 0);
	assert_int_equal(b->d->unload(b->ctx, b->slot), SIMPLER_E_ORDER);
	free(job);
}

static void rings_are_the_jobs_or_else_the_options(void **state)
{
	struct bed *b = *state;
	char *plain = bed_job("add.so", 5, "");
	char *own = bed_job("add.so", 5,
			    ", \"ring\": {\"heap\": [1024, 2048, 3072, \"4K\"], \"window\": 1024, "
			    "\"aicpu_threads\": 4}");
	char *bad = bed_job("add.so", 5, ", \"ring\": {\"haep\": 1}");

	assert_int_equal(bed_run(b, plain), 0);
	assert_int_equal(bed_count(b, "saw heap 268435456 268435456 268435456 268435456"), 1);
	bed_close(b);
	assert_int_equal(bed_open(b, ", \"ring\": {\"heap\": \"16M\", \"dep_pool\": 7}"), 0);
	assert_int_equal(bed_run(b, plain), 0);
	assert_int_equal(bed_count(b, "saw heap 16777216 16777216 16777216 16777216"), 1);
	assert_int_equal(bed_run(b, own), 0);
	assert_int_equal(bed_count(b, "saw heap 1024 2048 3072 4096"), 1);
	assert_int_equal(bed_count(b, "saw window 1024 1024 1024 1024"), 1);
	assert_int_equal(bed_count(b, "saw dep_pool 7 7 7 7"), 2);
	assert_int_equal(bed_count(b, "saw threads 4"), 1);
	assert_int_equal(bed_run(b, bad), SIMPLER_E_JOB);
	free(plain);
	free(own);
	free(bad);
}

/* out = in + 0.5 + K, in two dimensions and of each type that the library has. */
static void scalars_and_tensors_of_every_type_arrive(void **state)
{
	static const char *const types[] = {"f32", "f16",  "i32", "i16", "i8",
					    "u8",  "bf16", "i64", "u64"};
	struct bed *b = *state;
	struct str args = {0}, sig = {0};
	char *job;

	for (unsigned i = 1; i < ARRAY_LEN(types); i++) {
		str_printf(&args, "{\"%s\": [3, 5, 7], \"fill\": %u}, ", types[i], i);
		str_add(&sig, "in, ");
	}
	job = xasprintf(
		"{\"callable\": {\"orch\": \"orch.so\", \"entry\": \"go\", "
		"\"sig\": \"%sscalar, scalar\"}, \"args\": [%s {\"f32\": 0.5}, {\"i8\": -1}]}",
		sig.s, args.s);
	assert_int_equal(bed_run(b, job), 0);
	for (unsigned i = 1; i < ARRAY_LEN(types); i++) {
		char line[60];

		snprintf(line, sizeof(line), "saw tensor %u dtype %u dims 3 space 0", i - 1, i);
		assert_int_equal(bed_count(b, line), 1);
	}
	assert_int_equal(bed_count(b, "saw scalar 0x3f000000"), 1);
	assert_int_equal(bed_count(b, "saw scalar 0xff"), 1);
	assert_int_equal(bed_count(b, "saw kernels 0 bytes 18"), 1);
	assert_int_equal(bed_count(b, "saw entry go"), 1);
	free(job);
	str_done(&args);
	str_done(&sig);
}

/* Relative to the job's directory, in and out. */
static void a_tensor_comes_from_a_file_and_is_held_against_one(void **state)
{
	struct bed *b = *state;
	char *job = xstrdup(
		"{\"callable\": {\"orch\": \"orch.so\", \"sig\": [\"inout\"], "
		"\"kernels\": [{\"id\": 0, \"so\": \"add.so\", \"sig\": \"inout\"}]}, \"args\": "
		"[{\"f32\": [2], \"file\": \"in.bin\", \"out\": true, \"expect\": {\"file\": "
		"\"want.bin\"}}]}");

	bed_kernel(b, "add.so", 1);
	bed_write(b, "in.bin", "@@@@AAAA");
	bed_write(b, "want.bin", "@@@@AAAA");
	assert_int_equal(bed_run(b, job), SIMPLER_E_RESULT);
	bed_kernel(b, "add.so", 0);
	assert_int_equal(bed_run(b, job), 0);
	free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_setup, bed_teardown)
		TEST(arguments_are_held_against_the_signature_before_the_library_sees_them),
		TEST(a_bad_job_is_refused_and_spoils_nothing),
		TEST(what_is_loaded_is_known_by_its_content),
		TEST(the_least_recently_used_of_64_gives_way),
		TEST(rings_are_the_jobs_or_else_the_options),
		TEST(scalars_and_tensors_of_every_type_arrive),
		TEST(a_tensor_comes_from_a_file_and_is_held_against_one),
	};

	return RUN(tests);
}
