/* SPDX-License-Identifier: Apache-2.0 */
/* Driver acl: loading of images, and the keys of a job. */
#include "acl_bed.h"

#include "disk.h"

static unsigned count(const char *log, const char *word)
{
	unsigned n = 0;

	for (const char *at = log; (at = strstr(at, word)); at++)
		n++;
	return n;
}

static int32_t load(struct acl_bed *b, const char *entry, uint32_t *ret_slot)
{
	return b->d->load(b->ctx, acl_bed_job(b, entry, NULL), ret_slot, acl_bed_err(b));
}

static void the_same_content_is_loaded_once(void **state)
{
	struct acl_bed *b = *state;
	uint32_t one, again, other;
	char job[400];

	acl_bed_must_open(b, NULL);
	assert_int_equal(load(b, "nop", &one), 0);
	assert_true(one > 0);
	assert_int_equal(load(b, "nop", &again), 0);
	assert_int_equal(one, again);
	assert_int_equal(count(b->log(), "aclrtBinaryLoadFromFile"), 1);
	assert_int_equal(count(b->log(), "aclrtBinaryGetFunction"), 1);
	assert_int_equal(load(b, "hang", &other), 0); /* another kernel in it */
	assert_int_not_equal(one, other);
	assert_int_equal(count(b->log(), "aclrtBinaryLoadFromFile"), 1);
	snprintf(job, sizeof(job), "{\"image\": {\"binary\": \"%s\", \"entry\": \"nop\"}}",
		 acl_bed_binary(b, "other-name.o", "k=1"));
	assert_int_equal(b->d->load(b->ctx, job, &again, acl_bed_err(b)), 0);
	assert_int_equal(one, again); /* under another path */
	assert_string_equal(b->live(), "devices=1 streams=1 buffers=0 binaries=1 inits=1");
	assert_int_equal(b->d->unload(b->ctx, one), 0);
	assert_int_equal(b->d->unload(b->ctx, one), ACL_E_ORDER);
	assert_string_equal(b->live(), "devices=1 streams=1 buffers=0 binaries=1 inits=1");
	assert_int_equal(b->d->unload(b->ctx, other), 0);
	assert_string_equal(b->live(), "devices=1 streams=1 buffers=0 binaries=0 inits=1");
}

/* Two images take turns under one path, and each gives its own result. */
static void another_content_under_the_same_path_is_another_image(void **state)
{
	struct acl_bed *b = *state;
	unsigned n_files = 0;

	acl_bed_must_open(b, NULL);
	for (int i = 0; i < 200; i++) {
		char args[200];

		acl_bed_binary(b, "kernel.o", i % 2 ? "k=10" : "k=1");
		snprintf(
			args, sizeof(args),
			"[{\"f32\": [4], \"fill\": 2},"
			" {\"f32\": [4], \"out\": true, \"expect\": {\"fill\": %d}}, {\"i32\": 4}]",
			i % 2 ? 12 : 3);
		assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_k", args)), 0);
		if (i == 0)
			n_files = disk_count(b->dir);
	}
	assert_int_equal(count(b->log(), "aclrtBinaryLoadFromFile"), 2);
	assert_int_equal(disk_count(b->dir), n_files); /* no copy stays */
	assert_string_equal(b->live(), "devices=1 streams=1 buffers=0 binaries=2 inits=1");
}

static void at_the_limit_the_least_recently_used_image_is_dropped(void **state)
{
	struct acl_bed *b = *state;
	uint32_t slot, first;

	acl_bed_must_open(b, NULL);
	for (int i = 0; i < 100; i++) {
		char content[20];

		snprintf(content, sizeof(content), "k=%d", i);
		acl_bed_binary(b, "kernel.o", content);
		assert_int_equal(load(b, "nop", &slot), 0);
		acl_bed_binary(b, "kernel.o", "k=0");
		assert_int_equal(load(b, "nop", &first), 0); /* used all the time */
	}
	assert_int_equal(count(b->log(), "aclrtBinaryLoadFromFile"), 100);
	assert_string_equal(b->live(), "devices=1 streams=1 buffers=0 binaries=32 inits=1");
	acl_bed_close(b);
	assert_string_equal(b->live(), "devices=0 streams=0 buffers=0 binaries=0 inits=0");
}

static void an_entry_that_is_not_there_leaves_no_binary(void **state)
{
	struct acl_bed *b = *state;
	uint32_t slot;

	acl_bed_must_open(b, NULL);
	assert_int_equal(load(b, "no_such", &slot), 107000);
	assert_int_equal(acl_bed_class(b, 107000, 1), DVS_CONFIG);
	assert_non_null(strstr(b->said, "kernel.o: entry no_such: aclrtBinaryGetFunction failed"));
	assert_string_equal(b->live(), "devices=1 streams=1 buffers=0 binaries=0 inits=1");
	assert_true(b->d->is_usable(b->ctx));
	assert_int_equal(load(b, "nop", &slot), 0);
}

static void wrong_jobs_are_refused_by_name(void **state)
{
	static const struct {
		const char *job;
		int32_t code;
		const char *text;
	} cases[] = {
		{"[]", ACL_E_JOB, "job: must be a JSON object"},
		{"{\"image\": \"x.o\"}", ACL_E_JOB, "image must be { binary, entry, blocks }"},
		{"{\"image\": {\"entry\": \"a\"}}", ACL_E_JOB, "image: 'binary' must be a text"},
		{"{\"image\": {\"binary\": \"a\"}}", ACL_E_JOB, "image: 'entry' must be a text"},
		{"{\"image\": {\"binary\": \"a\", \"entry\": \"b\", \"block\": 1}}", ACL_E_JOB,
		 "image: unknown key 'block'; did you mean 'blocks'?"},
		{"{\"image\": {\"binary\": \"a\", \"entry\": \"b\", \"blocks\": 0}}", ACL_E_JOB,
		 "image: 'blocks' must be a whole number from 1 to 65535"},
		{"{\"program\": []}", ACL_E_JOB,
		 "'program' is not for this driver, which runs an 'image'"},
		{"{\"image\": {}, \"callable\": {}}", ACL_E_JOB,
		 "'callable' is not for this driver, which runs an 'image'"},
		{"{\"args\": []}", ACL_E_JOB, "args need an image that reads them"},
		{"{\"image\": {\"binary\": \"/no/such.o\", \"entry\": \"b\"}}", ACL_E_FILE,
		 "/no/such.o: cannot be read: No such file or directory"},
		{"{\"image\": {\"binary\": \"/no/such.o\", \"entry\": \"b\"}, \"args\": [5]}",
		 ACL_E_JOB, "args[0]: needs one type, such as f32: [16384], or i64: 5"},
	};
	struct acl_bed *b = *state;
	uint32_t slot;

	acl_bed_must_open(b, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(b->d->load(b->ctx, cases[i].job, &slot, acl_bed_err(b)),
				 cases[i].code);
		assert_string_equal(b->said, cases[i].text);
		assert_int_equal(acl_bed_class(b, cases[i].code, 1), DVS_CONFIG);
	}
	assert_true(b->d->is_usable(b->ctx));
}

static void arguments_lie_where_c_puts_them(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_must_open(b, NULL);
	/* add_k needs two addresses and a 32-bit number, 24 bytes in all; with any other size it
	 * does nothing. */
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_k",
						    "[{\"f32\": [3], \"fill\": \"iota\"},"
						    " {\"f32\": [3], \"fill\": 7, \"out\": true,"
						    "  \"expect\": {\"fill\": 2, \"atol\": 1}},"
						    " {\"i32\": 3}]")),
			 0);
	assert_int_equal(acl_bed_run(b, acl_bed_job(b, "add_k",
						    "[{\"f32\": [3], \"fill\": \"iota\"},"
						    " {\"i8\": 3},"
						    " {\"f32\": [3], \"fill\": 7, \"out\": true,"
						    "  \"expect\": {\"fill\": 7}},"
						    " {\"i16\": 3}]")),
			 0); /* 8, 1 and 7 unused, 8, 2 and 6 unused: not what it takes */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACL_TEST(the_same_content_is_loaded_once),
		ACL_TEST(another_content_under_the_same_path_is_another_image),
		ACL_TEST(at_the_limit_the_least_recently_used_image_is_dropped),
		ACL_TEST(an_entry_that_is_not_there_leaves_no_binary),
		ACL_TEST(wrong_jobs_are_refused_by_name),
		ACL_TEST(arguments_lie_where_c_puts_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
