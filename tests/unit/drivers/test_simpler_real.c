/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver `simpler` with the real library, if DVSCHED_SIMPLER_LIBDIR names its directory
 * (build/lib of its build). DVSCHED_SIMPLER_PLATFORM: the platform (default: a2a3sim);
 * DVSCHED_SIMPLER_JOB: a file with the JSON of a job.
 */
#include "simpler_bed.h"

#include "base/fs.h"
#include "base/mem.h"

static void open_real(struct bed *b)
{
	const char *platform = getenv("DVSCHED_SIMPLER_PLATFORM");
	char *options = xasprintf("{\"libdir\": \"%s\", \"platform\": \"%s\", \"ring\": "
				  "{\"heap\": \"16M\"}}",
				  getenv("DVSCHED_SIMPLER_LIBDIR"),
				  platform ? platform : "a2a3sim");

	if (b->d->open(&b->host, 0, options, &b->ctx, &b->err))
		fail_msg("%s", b->err_text);
	free(options);
}

static void opens_and_proves_the_device(void **state)
{
	struct bed *b = *state;
	int32_t is_verified = 0;

	open_real(b);
	if (b->d->reset(b->ctx, 0, &is_verified, &b->err))
		fail_msg("%s", b->err_text);
	assert_int_equal(is_verified, 1);
}

static void runs_the_job_three_times(void **state)
{
	const char *path = getenv("DVSCHED_SIMPLER_JOB");
	struct bed *b = *state;
	struct str job = {0};
	struct error err = {0};

	open_real(b);
	if (!path) {
		print_message("# DVSCHED_SIMPLER_JOB names no job: none was run\n");
		return;
	}
	assert_int_equal(fs_read_file(path, 1 << 20, &job, &err), 0);
	for (unsigned i = 0; i < 3; i++)
		if (bed_run(b, job.s))
			fail_msg("run %u: %s", i, b->err_text);
	print_message("# %s\n", b->result_text);
	str_done(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)
		TEST(opens_and_proves_the_device),
		TEST(runs_the_job_three_times),
	};

	/* cmocka says "not ok # SKIP", which meson counts as a failure. */
	if (!getenv("DVSCHED_SIMPLER_LIBDIR")) {
		puts("1..0 # SKIP DVSCHED_SIMPLER_LIBDIR names no host runtime");
		return 0;
	}
	return RUN(tests);
}
