/* SPDX-License-Identifier: Apache-2.0 */
/* The driver `simpler`: data and keys that a job leaves in a process do not affect later jobs. With
 * a stand-in for the library. */
#include "simpler_bed.h"

#include <limits.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

static int open_setup(void **state)
{
	bed_setup(state);
	assert_int_equal(bed_open(*state, ""), 0);
	return 0;
}

static const char *const runtimes[] = {"host_build_graph", "tensormap_and_ringbuffer"};

/* Two kernels: the second one reads the data that the first one left in the rings' heap. */
static char *chain_of(const char *first, const char *second, int expect, const char *runtime)
{
	return xasprintf(
		"{\"callable\": {\"orch\": \"orch.so\", \"sig\": \"in,out\", \"kernels\": "
		"[{\"id\": "
		"0, \"so\": \"%s\", \"sig\": \"in,out\"}, {\"id\": 1, \"so\": \"%s\", \"sig\": "
		"\"in,out\"}]}, \"runtime\": \"%s\", \"args\": [{\"f32\": [1024], \"fill\": 2}, "
		"{\"f32\": [1024], \"out\": true, \"expect\": {\"fill\": %d}}]}",
		first, second, runtime, expect);
}

static void use_both_runtimes(const struct bed *b)
{
	bed_install(b, "a2a3/sim", "tensormap_and_ringbuffer", FAKEHOST);
	bed_write(b, "nothing.so", "\177ELF kernel K=0; W=0;");
	bed_write(b, "half.so", "\177ELF kernel K=0; W=512;");
}

static void kernels_that_write_nothing_or_half_never_pass_with_an_earlier_result(void **state)
{
	static const struct {
		const char *so, *text;
	} bad[] = {{"nothing.so", "1024 of 1024 elements wrong; element 0 is nan"},
		   {"half.so", "512 of 1024 elements wrong; element 512 is nan"}};
	struct bed *b = *state;

	use_both_runtimes(b);
	for (unsigned i = 0; i < ARRAY_LEN(runtimes) * ARRAY_LEN(bad); i++) {
		char *rest = xasprintf(", \"runtime\": \"%s\"", runtimes[i / 2]);
		char *good = bed_job("add.so", 5, rest), *job = bed_job(bad[i % 2].so, 5, rest);

		assert_int_equal(bed_run(b, good), 0);
		assert_int_equal(bed_run(b, job), SIMPLER_E_RESULT);
		assert_non_null(strstr(b->err_text, bad[i % 2].text));
		assert_int_equal(bed_run(b, good), 0);
		free(rest);
		free(good);
		free(job);
	}
}

static void a_kernel_finds_no_result_of_an_earlier_job_in_the_rings_heap(void **state)
{
	struct bed *b = *state;

	use_both_runtimes(b);
	for (unsigned i = 0; i < ARRAY_LEN(runtimes); i++) {
		char *good = chain_of("add.so", "add.so", 2, runtimes[i]);
		char *bad = chain_of("nothing.so", "add.so", 2, runtimes[i]);
		char *half = chain_of("half.so", "add.so", 2, runtimes[i]);

		assert_int_equal(bed_run(b, good), 0);
		assert_int_equal(bed_run(b, bad), SIMPLER_E_RESULT);
		assert_non_null(strstr(b->err_text, "1024 of 1024 elements wrong; element 0 is 0"));
		assert_int_equal(bed_run(b, good), 0);
		assert_int_equal(bed_run(b, half), SIMPLER_E_RESULT);
		assert_non_null(strstr(b->err_text, "512 of 1024 elements wrong"));
		free(good);
		free(bad);
		free(half);
	}
}

static void scratch_memory_is_kept_where_that_is_asked_for(void **state)
{
	struct bed *b = *state;
	char *good = chain_of("add.so", "add.so", 2, runtimes[0]);
	char *bad = chain_of("nothing.so", "add.so", 2, runtimes[0]);

	use_both_runtimes(b);
	bed_close(b);
	assert_int_equal(bed_open(b, ", \"scratch\": \"keep\""), 0);
	assert_int_equal(bed_run(b, good), 0);
	assert_int_equal(bed_run(b, bad), 0);
	free(good);
	free(bad);
}

/* Only memory of the rings may be cleared. */
static void a_library_that_holds_less_than_its_rings_is_refused(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");

	bed_would("committed=1000");
	assert_int_equal(bed_run(b, job), SIMPLER_E_ABI);
	assert_non_null(strstr(b->err_text, "holds 1000 bytes, and its rings alone are 268435456"));
	bed_would("");
	assert_int_equal(bed_run(b, job), 0);
	free(job);
}

/* The library looks a direction up by the tensor's number; scalars have none. */
static void scalars_may_stand_anywhere_among_tensors(void **state)
{
	static const char *const sigs[] = {"scalar,in,out", "in,scalar,out", "in,out,scalar"};
	static const char *const args[] = {
		"{\"f32\": 1}, {\"f32\": [8], \"fill\": 2}, %s",
		"{\"f32\": [8], \"fill\": 2}, {\"f32\": 1}, %s",
		"{\"f32\": [8], \"fill\": 2}, %s, {\"f32\": 1}",
	};
	static const char out[] = "{\"f32\": [8], \"out\": true, \"expect\": {\"fill\": 3}}";
	struct bed *b = *state;

	for (unsigned i = 0; i < ARRAY_LEN(sigs); i++) {
		const char *at = strstr(args[i], "%s");
		char *job = xasprintf("{\"callable\": {\"orch\": \"orch.so\", \"sig\": \"%s\", "
				      "\"kernels\": [{\"id\": 0, \"so\": \"add.so\", \"sig\": "
				      "\"in,out,scalar\"}]}, \"args\": [%.*s%s%s]}",
				      sigs[i], (int)(at - args[i]), args[i], out, at + 2);

		for (unsigned k = 0; k < 2; k++)
			if (bed_run(b, job))
				fail_msg("%s: %s", sigs[i], b->err_text);
		free(job);
	}
}

/* In a separate process, because keys belong to a process. */
static int run_until_worn(struct bed *b, unsigned keys_of_a_run)
{
	char *job = bed_job("add.so", 5, ""), text[8];
	unsigned n = 0;

	snprintf(text, sizeof(text), "%u", keys_of_a_run);
	setenv("FAKEHOST_KEYS", text, 1);
	while (n < 255 && b->d->is_usable(b->ctx) == DVS_USABLE && bed_run(b, job) == 0)
		n++;
	return b->d->is_usable(b->ctx) == DVS_WORN ? (int)n : 0;
}

static int count_usable_keys(struct bed *b)
{
	pthread_key_t keys[PTHREAD_KEYS_MAX];
	int n = 0, left = 0;

	while (n < PTHREAD_KEYS_MAX && pthread_key_create(&keys[n], NULL) == 0)
		n++;
	while (left < n && b->d->is_usable(b->ctx) == DVS_WORN)
		pthread_key_delete(keys[left++]);
	return left;
}

/* How many keys must be left. */
static void a_process_with_32_keys_is_not_worn(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(count_usable_keys(*state));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 32);
}

static void a_process_is_worn_before_its_keys_run_out(void **state)
{
	static const unsigned keys[] = {5, 8, 30};
	struct bed *b = *state;

	for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(run_until_worn(b, keys[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_in_range(WEXITSTATUS(status), 800 / keys[i], 1024 / keys[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_setup, bed_teardown)
		TEST(kernels_that_write_nothing_or_half_never_pass_with_an_earlier_result),
		TEST(a_kernel_finds_no_result_of_an_earlier_job_in_the_rings_heap),
		TEST(scratch_memory_is_kept_where_that_is_asked_for),
		TEST(a_library_that_holds_less_than_its_rings_is_refused),
		TEST(scalars_may_stand_anywhere_among_tensors),
		TEST(a_process_with_32_keys_is_not_worn),
		TEST(a_process_is_worn_before_its_keys_run_out),
	};

	return RUN(tests);
}
