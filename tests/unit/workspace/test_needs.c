/* SPDX-License-Identifier: Apache-2.0 */
/* The file about the jobs that a job needs, from the frames to its lines. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "workspace/needs.h"

enum { TYPE = 7 };

static void get(const void *ctx, uint32_t i, struct str *room, struct job_need *ret)
{
	(void)room;
	*ret = ((const struct job_need *)ctx)[i];
}

/* All that n needs send; the number of frames. */
static unsigned send_all(const struct job_needs *needs, struct str *ret)
{
	_cleanup_(str_done) struct str frames = {0};
	size_t at = 0, size;
	unsigned n = 0;
	struct wire w;
	uint8_t type;

	str_reserve(&frames, 0); /* no frame is no NULL */
	needs_put(&frames, TYPE, needs);
	for (; wire_next(frames.s + at, frames.len - at, &type, &w, &size) == 1; at += size, n++) {
		assert_int_equal(type, TYPE);
		assert_true(needs_take(ret, &w));
	}
	assert_int_equal(at, frames.len);
	return n;
}

static char *new_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/dvsched-test-XXXXXX", tmp ? tmp : "/tmp");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static int write_needs(const char *odir, const struct str *needs, struct error *err)
{
	_cleanup_(closep) int dir = open(odir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return needs_write(dir, odir, needs, err);
}

static void read_back(const char *dir, struct str *ret)
{
	_cleanup_(freep) char *path = xasprintf("%s/" JOB_NEEDS_NAME, dir);
	struct error err = {0};

	assert_int_equal(fs_read_file(path, 1 << 26, ret, &err), 0);
}

static void each_need_is_a_line_of_json(void **state)
{
	static const struct job_need list[] = {
		{"a", JOB_PASSED, "/s/a", "/s/a/log", "18446744073709551616"},
		{"q\"\n\xff", JOB_FAILED, "/s/q \"\\", "/elsewhere/log", NULL},
		{"", JOB_KILLED, "/s/k", NULL, NULL},
	};
	_cleanup_(freep) char *dir = new_dir();
	_cleanup_(str_done) struct str needs = {0}, text = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(send_all(&(struct job_needs){.n = 3, .get = get, .ctx = list}, &needs), 1);
	assert_int_equal(write_needs(dir, &needs, &err), 0);
	read_back(dir, &text);
	assert_string_equal(
		text.s,
		"{\"id\":\"a\",\"status\":\"PASSED\",\"odir\":\"/s/a\",\"log\":\"/s/a/log\","
		"\"seed\":\"18446744073709551616\"}\n"
		"{\"id\":\"q\\\"\\n\xef\xbf\xbd\",\"status\":\"FAILED\",\"odir\":\"/s/q \\\"\\\\\","
		"\"log\":\"/elsewhere/log\",\"seed\":null}\n"
		"{\"id\":\"\",\"status\":\"KILLED\",\"odir\":\"/s/"
		"k\",\"log\":null,\"seed\":null}\n");
	fs_remove_tree(dir);
}

static void a_job_that_is_needed_twice_is_one_line(void **state)
{
	static const struct job_need list[] = {
		{"a", JOB_PASSED, "/s/a", NULL, NULL},
		{"b", JOB_PASSED, "/s/b", NULL, NULL},
		{"a", JOB_PASSED, "/s/a", NULL, NULL},
	};
	struct job_needs needs = {.n = 3, .get = get, .ctx = list};
	_cleanup_(str_done) struct str twice = {0}, once = {0};

	(void)state;
	send_all(&needs, &twice);
	needs.may_repeat = true;
	send_all(&needs, &once);
	assert_int_equal(twice.len, once.len / 2 * 3);
}

static void no_needs_are_an_empty_file_also_where_there_was_one(void **state)
{
	static const struct job_need one = {"a", JOB_PASSED, "/s/a", "/s/a/log", NULL};
	_cleanup_(freep) char *dir = new_dir();
	_cleanup_(str_done) struct str needs = {0}, none = {0}, text = {0};
	struct error err = {0};

	(void)state;
	send_all(&(struct job_needs){.n = 1, .get = get, .ctx = &one}, &needs);
	assert_int_equal(write_needs(dir, &needs, &err), 0);
	assert_int_equal(send_all(&(struct job_needs){.get = get}, &none), 0);
	assert_int_equal(write_needs(dir, &none, &err), 0);
	read_back(dir, &text);
	assert_int_equal(text.len, 0);
	fs_remove_tree(dir);
}

static void the_file_is_written_where_it_is_used(void **state)
{
	static const char *const plain[] = {"sh", "-c", "true", NULL};
	static const char *const named[] = {"cat", "/s/a/" JOB_NEEDS_NAME, NULL};
	static const char *const env[] = {"N=/s/a/" JOB_NEEDS_NAME, NULL};
	static const struct {
		const char *const *words, *const *env;
		bool has_needs, is_new, was_there, is_there;
	} cases[] = {
		{plain, NULL, false, false, false, false},
		{plain, NULL, false, false, true, false}, /* that of an earlier run goes */
		{plain, NULL, false, true, true,
		 true}, /* not checked: a new directory has no such file */
		{plain, NULL, true, true, false, true},
		{named, NULL, false, true, false, true},
		{plain, env, false, false, false, true},
	};
	_cleanup_(str_done) struct str needs = {0}, none = {0};
	static const struct job_need one = {"a", JOB_PASSED, "/s/a", "/s/a/log", NULL};
	_cleanup_(freep) char *dir = new_dir();
	_cleanup_(freep) char *path = xasprintf("%s/" JOB_NEEDS_NAME, dir);
	struct error err = {0};

	(void)state;
	send_all(&(struct job_needs){.n = 1, .get = get, .ctx = &one}, &needs);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct needs_place p = {
			.odir = dir,
			.dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC),
			.is_new = cases[i].is_new,
			.needs = cases[i].has_needs ? &needs : &none,
			.words = cases[i].words,
			.env = cases[i].env,
		};
		bool exists;

		unlink(path);
		if (cases[i].was_there)
			assert_int_equal(write_needs(dir, &none, &err), 0);
		assert_int_equal(needs_prepare(&p, &exists, &err), 0);
		close(p.dir);
		assert_int_equal(access(path, F_OK) == 0, cases[i].is_there);
		assert_int_equal(exists,
				 cases[i].is_there && !(cases[i].is_new && cases[i].was_there));
	}
	fs_remove_tree(dir);
}

static void get_many(const void *ctx, uint32_t i, struct str *room, struct job_need *ret)
{
	static char id[32];

	(void)ctx, (void)room;
	snprintf(id, sizeof(id), "job.%u", i);
	*ret = (struct job_need){id, JOB_PASSED, "/a/directory/of/some/length",
				 "/a/directory/of/some/length/log", NULL};
}

/* More than one frame may hold. */
static void very_many_go_in_several_frames(void **state)
{
	enum { MANY = 100000 };
	_cleanup_(freep) char *dir = new_dir();
	_cleanup_(str_done) struct str needs = {0}, text = {0};
	struct error err = {0};
	const char *at;
	unsigned n = 0;

	(void)state;
	assert_true(send_all(&(struct job_needs){.n = MANY, .get = get_many}, &needs) > 4);
	assert_int_equal(write_needs(dir, &needs, &err), 0);
	read_back(dir, &text);
	for (at = text.s; (at = strchr(at, '\n')) != NULL; at++)
		n++;
	assert_int_equal(n, MANY);
	assert_non_null(strstr(text.s, "\n{\"id\":\"job.99999\","));
	fs_remove_tree(dir);
}

static void a_directory_in_its_place_is_an_error(void **state)
{
	_cleanup_(freep) char *dir = new_dir(), *path = xasprintf("%s/" JOB_NEEDS_NAME, dir);
	const struct str none = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_equal(write_needs(dir, &none, &err), -1);
	assert_non_null(strstr(err.msg, path));
	error_done(&err);
	fs_remove_tree(dir);
}

static void what_is_cut_or_wrong_is_refused(void **state)
{
	static const struct job_need one = {"a", JOB_PASSED, "/s/a", "/s/a/log", "1"};
	_cleanup_(str_done) struct str needs = {0}, out = {0};

	(void)state;
	send_all(&(struct job_needs){.n = 1, .get = get, .ctx = &one}, &needs);
	for (size_t n = 1; n < needs.len; n++)
		assert_false(needs_take(&out, &(struct wire){needs.s, needs.s + n, true}));
	needs.s[0] = JOB_STATUS_COUNT;
	assert_false(needs_take(&out, &(struct wire){needs.s, needs.s + needs.len, true}));
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_need_is_a_line_of_json),
		cmocka_unit_test(a_job_that_is_needed_twice_is_one_line),
		cmocka_unit_test(the_file_is_written_where_it_is_used),
		cmocka_unit_test(no_needs_are_an_empty_file_also_where_there_was_one),
		cmocka_unit_test(very_many_go_in_several_frames),
		cmocka_unit_test(a_directory_in_its_place_is_an_error),
		cmocka_unit_test(what_is_cut_or_wrong_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
