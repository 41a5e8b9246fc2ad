/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_bed.h"

#include <sys/stat.h>

#include "base/fs.h"
#include "disk.h"

enum { ROUNDS = 200 };

/* Sanitizers keep closed libraries mapped, for their reports. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KEEPS_LIBRARIES 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(KEEPS_LIBRARIES)
static const bool may_count_maps = false;
#else
static const bool may_count_maps = true;
#endif

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/dvs-image-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	return setenv("TMPDIR", dir, 1);
}

static int remove_dir(void **state)
{
	(void)state;
	return fs_remove_tree(dir);
}

static unsigned count_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned n = 0;
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* Changed in place with the same size: only the bytes differ. */
static void put_at(const char *path, const char *from)
{
	struct error err = {0};
	struct str text = {0};

	assert_int_equal(fs_read_file(from, 64 << 20, &text, &err), 0);
	assert_int_equal(fs_write_atomic(path, text.s, text.len, &err), 0);
	str_done(&text);
}

static char *job_of(const char *path, unsigned number)
{
	static char job[512];

	snprintf(job, sizeof(job),
		 "{\"image\": \"%s\", \"args\": [{\"f32\": [8], \"out\": true, \"fill\": 0,"
		 " \"expect\": {\"fill\": %u}}]}",
		 path, number);
	return job;
}

static void the_same_path_with_other_bytes_is_another_image(void **state)
{
	struct sim_bed b;
	char path[128];
	unsigned maps = 0, fds = 0, names = 0;

	(void)state;
	bed_open(&b, "{}");
	snprintf(path, sizeof(path), "%s/x.so", dir);
	for (unsigned i = 0; i < ROUNDS; i++) {
		put_at(path, i % 2 ? KERNEL_TWO : KERNEL_ONE);
		if (bed_run(&b, job_of(path, (i % 2 ? 200 : 100) + i / 2)) != 0)
			fail_msg("round %u: %d %s", i, b.code, b.text);
		if (i == 1) {
			maps = count_lines("/proc/self/maps");
			fds = disk_count("/proc/self/fd");
			names = disk_count(dir);
		}
	}
	if (may_count_maps)
		assert_int_equal(count_lines("/proc/self/maps"), maps);
	assert_int_equal(disk_count("/proc/self/fd"), fds);
	assert_int_equal(disk_count(dir), names);
	bed_close(&b);
}

static unsigned count_image_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned n = 0;

	while (fgets(line, sizeof(line), f))
		n += strstr(line, "dvs-sim-") != NULL;
	fclose(f);
	return n;
}

static void an_unloaded_image_gives_its_mappings_back(void **state)
{
	struct dvs_text err = {0};
	struct sim_bed b;
	uint32_t slots[3];

	(void)state;
	bed_open(&b, "{}");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(sim()->load(b.ctx, job_of(KERNEL_ONE, 0), &slots[0], &err), 0);
		assert_int_equal(sim()->load(b.ctx, job_of(KERNEL_TWO, 0), &slots[1], &err), 0);
		assert_int_equal(sim()->load(b.ctx, job_of(KERNEL_ONE, 0), &slots[2], &err), 0);
		assert_int_equal(slots[0], slots[2]);
		assert_int_not_equal(slots[0], slots[1]);
		assert_true(count_image_maps() > 0);
		assert_int_equal(sim()->unload(b.ctx, slots[0]), 0);
		assert_int_equal(sim()->unload(b.ctx, slots[1]), 0);
		assert_true(!may_count_maps || count_image_maps() == 0);
	}
	/* A library that is loaded again has new state. */
	assert_int_equal(bed_run(&b, job_of(KERNEL_ONE, 100)), 0);
	bed_close(&b);
	assert_true(!may_count_maps || count_image_maps() == 0);
}

static void what_is_no_image_is_named(void **state)
{
	struct sim_bed b;

	(void)state;
	bed_open(&b, "{}");
	assert_int_equal(bed_run(&b, job_of("/proc/self/cmdline", 0)), 1003);
	assert_non_null(strstr(b.text, "/proc/self/cmdline"));
	assert_int_equal(b.class, DVS_CONFIG);
	assert_int_equal(bed_run(&b, job_of("/bin", 0)), 1003);
	bed_close(&b);
}

static void a_kernels_number_is_the_jobs_failure(void **state)
{
	struct sim_bed b;
	char job[300];

	(void)state;
	bed_open(&b, "{}");
	snprintf(job, sizeof(job), "{\"image\": \"%s\", \"params\": {\"fail\": 1}}", KERNEL_ONE);
	assert_int_equal(bed_run(&b, job), 9);
	assert_string_equal(b.text, "the kernel returned 9");
	assert_int_equal(b.class, DVS_JOB);
	snprintf(job, sizeof(job), "{\"image\": \"%s\", \"params\": {\"return\": 999}}",
		 KERNEL_ONE);
	assert_int_equal(bed_run(&b, job), 999);
	assert_int_equal(b.class, DVS_JOB);
	snprintf(job, sizeof(job), "{\"image\": \"%s\", \"params\": {\"return\": 1000}}",
		 KERNEL_ONE);
	assert_int_equal(bed_run(&b, job), 1000);
	assert_int_not_equal(b.class, DVS_JOB);
	bed_close(&b);
}

static void a_kernel_that_looks_can_be_cancelled(void **state)
{
	struct sim_bed b;
	char job[300];

	(void)state;
	bed_open(&b, "{}");
	snprintf(job, sizeof(job), "{\"image\": \"%s\", \"params\": {\"spin\": 1}}", KERNEL_ONE);
	assert_int_equal(bed_prepare(&b, &(struct bed_job){.json = job}), 0);
	assert_int_equal(bed_launch(&b), 0);
	assert_int_equal(sim()->abort(b.ctx, b.epoch), 0);
	assert_int_equal(bed_poll_until_over(&b), 0);
	bed_finish(&b);
	bed_close(&b);
}

static void a_kernel_without_progress_is_latched(void **state)
{
	struct sim_bed b;
	char job[300];

	(void)state;
	bed_open(&b, "{\"inner_watch\": {\"idle\": \"30ms\"}}");
	snprintf(job, sizeof(job), "{\"image\": \"%s\", \"params\": {\"spin\": 1}}", KERNEL_ONE);
	assert_int_equal(bed_run(&b, job), -100);
	assert_int_equal(b.class, DVS_STALL);
	bed_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_path_with_other_bytes_is_another_image),
		cmocka_unit_test(an_unloaded_image_gives_its_mappings_back),
		cmocka_unit_test(what_is_no_image_is_named),
		cmocka_unit_test(a_kernels_number_is_the_jobs_failure),
		cmocka_unit_test(a_kernel_that_looks_can_be_cancelled),
		cmocka_unit_test(a_kernel_without_progress_is_latched),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
