/* SPDX-License-Identifier: Apache-2.0 */
/* A job's directory before an attempt: created, rotated, moved aside, and never outside the
 * root. */
#include <dirent.h>
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

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "workspace/odir.h"
#include "job/file_name.h"

struct bed {
	char *base, *root, *parent, *odir, *log;
	struct confine fence;
	struct odir_request r;
	bool is_new; /* as the last one says */
	struct odir made;
};

static int setup(void **state)
{
	struct bed *b = xcalloc(1, sizeof(*b));
	const char *tmp = getenv("TMPDIR");

	b->base = xasprintf("%s/dvsched-test-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(b->base));
	b->root = xasprintf("%s/scratch", b->base);
	b->parent = xasprintf("%s/cfg/job", b->root);
	b->odir = xasprintf("%s/latest", b->parent);
	b->log = xasprintf("%s/run.log", b->odir);
	b->r = (struct odir_request){.odir = b->odir, .log_path = b->log, .attempt = 1};
	confine_init(&b->fence, b->root);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	confine_done(&b->fence);
	fs_remove_tree(b->base);
	free(b->base);
	free(b->root);
	free(b->parent);
	free(b->odir);
	free(b->log);
	free(b);
	return 0;
}

/* Prepares, and leaves text in the log. */
static void prepare(struct bed *b, const char *text)
{
	struct error err = {0};
	int fd = odir_prepare(&b->fence, &b->r, &b->made, &err);

	if (fd < 0)
		print_error("%s\n", err.msg);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	b->is_new = b->made.is_new;
	assert_int_equal(faccessat(b->made.dir, ".", F_OK, 0), 0);
	close(b->made.dir);
}

static void refuse(struct bed *b, const char *why)
{
	struct error err = {0};

	assert_int_equal(odir_prepare(&b->fence, &b->r, &b->made, &err), -1);
	assert_int_equal(b->made.dir, -1);
	if (!strstr(err.msg, why))
		print_error("%s\n", err.msg);
	assert_non_null(strstr(err.msg, why));
	error_done(&err);
}

static void assert_text(const char *path, const char *text)
{
	struct str all = {0};
	struct error err = {0};

	assert_int_equal(fs_read_file(path, 1 << 20, &all, &err), 0);
	assert_string_equal(all.s, text);
	str_done(&all);
}

/* How many entries of dir begin with prefix. */
static unsigned count(const char *dir, const char *prefix)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' && str_starts(e->d_name, prefix);
	if (d)
		closedir(d);
	return n;
}

static void an_existing_log_is_begun_anew(void **state)
{
	struct bed *b = *state;
	char *other = xasprintf("%s/other", b->odir);

	prepare(b, "first, and long");
	assert_true(b->is_new);
	assert_int_equal(mkdir(other, 0777), 0);
	prepare(b, "second");
	assert_false(b->is_new);
	assert_text(b->log, "second");
	assert_true(fs_is_dir(other));
	free(other);
}

static void a_renewed_directory_is_moved_to_its_stamp(void **state)
{
	struct bed *b = *state;
	struct str stamp = {0};
	struct stat st;

	b->r.renew = true;
	prepare(b, "first");
	assert_int_equal(stat(b->odir, &st), 0);
	str_printf(&stamp, "%s/", b->parent);
	wall_add_stamp(&stamp, (double)st.st_ctim.tv_sec);
	str_add(&stamp, "/run.log");
	prepare(b, "second");
	assert_true(b->is_new);
	assert_text(stamp.s, "first");
	assert_text(b->log, "second");
	str_done(&stamp);
}

static void stamps_that_collide_are_numbered(void **state)
{
	struct bed *b = *state;

	b->r.renew = true;
	for (int i = 0; i < 6; i++)
		prepare(b, "x");
	assert_int_equal(count(b->parent, "2"), 5);
	assert_int_equal(count(b->parent, ""), 6);
}

static void only_the_newest_are_kept(void **state)
{
	static const char *const names[] = {"20200101_000000",	  "20200101_000000_2",
					    "20200101_000000_10", "20190101_000000",
					    "2020010_000000",	  "precious"};
	struct bed *b = *state;
	char *trash = xasprintf("%s/.dvsched/trash", b->root);

	b->r.renew = true;
	b->r.keep = 3;
	prepare(b, "x");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = xasprintf("%s/%s", b->parent, names[i]);

		assert_int_equal(mkdir(path, 0777), 0);
		free(path);
	}
	prepare(b, "x"); /* latest, what it was, and _10 */
	assert_int_equal(count(b->parent, "2020"), 2);
	assert_int_equal(count(b->parent, "20200101_000000_10"), 1);
	assert_int_equal(count(b->parent, "2019"), 0);
	assert_int_equal(count(b->parent, "precious"), 1);
	assert_int_equal(count(b->parent, "latest"), 1);
	assert_int_equal(count(trash, ""), 3);
	free(trash);
}

/* Jobs that share a parent rotate each on their own, and nothing of a job with a stamp for a name.
 */
static void siblings_keep_their_own(void **state)
{
	static const char *const names[] = {"a", "b", "a.b", "20200101_000000"};
	struct bed *b = *state;

	b->r.renew = true;
	b->r.keep = 2;
	for (int run = 0; run < 4; run++)
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			free(b->odir);
			free(b->log);
			b->odir = xasprintf("%s/%s", b->parent, names[i]);
			b->log = xasprintf("%s/log", b->odir);
			b->r.odir = b->odir;
			b->r.log_path = b->log;
			prepare(b, names[i]);
		}
	assert_int_equal(count(b->parent, "a.2"), 1);
	assert_int_equal(count(b->parent, "b.2"), 1);
	assert_int_equal(count(b->parent, "a.b.2"), 1);
	assert_int_equal(count(b->parent, "20200101_000000.2"), 1);
	assert_int_equal(count(b->parent, ""), 8);
}

static void leave(const struct bed *b, const char *name)
{
	char *path = xasprintf("%s/%s", b->odir, name);

	close(open(path, O_CREAT | O_WRONLY, 0666));
	free(path);
}

/* Three attempts, each of which leaves a file, then another run. */
static void a_failed_attempt_is_set_aside_with_its_directory(void **state)
{
	struct bed *b = *state;
	char *first = xasprintf("%s.attempt-1", b->odir),
	     *first_log = xasprintf("%s/run.log", first);
	char *second_log = xasprintf("%s.attempt-2/run.log", b->odir);

	for (int renews = 0; renews < 2; renews++) {
		b->r.renew = renews;
		b->r.attempt = 1;
		prepare(b, "1");
		leave(b, "of-1");
		b->r.attempt = 2;
		prepare(b, "2");
		assert_int_equal(count(b->odir, ""), 1); /* the log */
		leave(b, "of-2");
		b->r.attempt = 3;
		prepare(b, "3");
		assert_int_equal(count(b->odir, ""), 1);
		assert_text(first_log, "1");
		assert_int_equal(count(first, "of-"), 1);
		assert_text(second_log, "2");
		assert_text(b->log, "3");
		assert_int_equal(count(b->parent, "2"), 0); /* not rotated */
		b->r.attempt = 1;
		prepare(b, "again");
		assert_int_equal(count(b->parent, "latest"), 1);
		assert_int_equal(count(b->parent, "2"), renews);
		fs_remove_tree(b->parent);
	}
	free(first);
	free(first_log);
	free(second_log);
}

static void where_the_directory_is_used_again_the_log_is_set_aside(void **state)
{
	struct bed *b = *state;
	char *first = xasprintf("%s.attempt-1", b->log);

	b->r.reuse = true;
	for (int renews = 0; renews < 2; renews++) {
		b->r.renew = renews;
		b->r.attempt = 1;
		prepare(b, "1");
		leave(b, "object");
		b->r.attempt = 2;
		prepare(b, "2");
		assert_text(first, "1");
		assert_text(b->log, "2");
		assert_int_equal(count(b->odir, "object"), 1);
		assert_int_equal(count(b->parent, "latest"), 1);
		b->r.attempt = 1;
		prepare(b, "again");
		assert_false(fs_exists(first));
		assert_int_equal(count(b->odir, "object"), !renews);
	}
	free(first);
}

static void a_log_elsewhere_is_set_aside_beside_its_directory(void **state)
{
	struct bed *b = *state;
	char *first;

	free(b->log);
	b->log = xasprintf("%s/logs/job.log", b->root);
	b->r.log_path = b->log;
	first = xasprintf("%s.attempt-1", b->log);
	prepare(b, "1");
	b->r.attempt = 2;
	prepare(b, "2");
	assert_text(first, "1");
	assert_text(b->log, "2");
	assert_int_equal(count(b->parent, "latest.attempt-1"), 1);
	free(first);
}

static void links_lead_nowhere(void **state)
{
	struct bed *b = *state;
	char *outside = xasprintf("%s/outside", b->base);
	char *latest = xasprintf("%s/latest", outside), *moved = xasprintf("%s.old", b->parent);

	assert_int_equal(fs_mkdirs(outside, 0777), 0);
	assert_int_equal(fs_mkdirs(b->parent, 0777), 0);
	assert_int_equal(symlink(outside, b->odir), 0);
	refuse(b, "outside the scratch root");
	unlink(b->odir);
	rmdir(b->parent);
	assert_int_equal(symlink(outside, b->parent), 0);
	refuse(b, "outside the scratch root");
	assert_int_equal(count(outside, ""), 0);
	/* Changed by another process after the check: still no file is renamed there. */
	unlink(b->parent);
	b->r.renew = true;
	prepare(b, "x");
	assert_int_equal(rename(b->parent, moved), 0);
	assert_int_equal(symlink(outside, b->parent), 0);
	assert_int_equal(mkdir(latest, 0777), 0);
	refuse(b, "outside the scratch root");
	assert_int_equal(count(outside, ""), 1);
	assert_true(fs_is_dir(latest));
	free(outside);
	free(latest);
	free(moved);
}

/* What is used again is looked at again: the job may have replaced it by a link. */
static void a_job_that_replaces_its_parent_writes_nowhere_else(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *cfg = xasprintf("%s/cfg", b->root), *was = xasprintf("%s.was", cfg);
	_cleanup_(freep) char *outside = xasprintf("%s/outside", b->base);
	_cleanup_(freep) char *job = xasprintf("%s/job", outside);
	_cleanup_(freep) char *odir = xasprintf("%s/latest", job);
	_cleanup_(freep) char *log = xasprintf("%s/run.log", odir);
	struct error err = {0};

	for (int i = 0; i < 16; i++) {
		b->fence.is_plain = i & 1;
		b->r.reuse = i & 2;
		b->r.renew = i & 4;
		b->r.attempt = 1;
		prepare(b, "x");
		if (i & 8) {
			assert_int_equal(fs_mkdirs(odir, 0777), 0);
			assert_int_equal(fs_write_atomic(log, "precious", 8, &err), 0);
		} else {
			assert_int_equal(fs_mkdirs(job, 0777), 0);
		}
		assert_int_equal(rename(cfg, was), 0);
		assert_int_equal(symlink(outside, cfg), 0);
		for (b->r.attempt = 1; b->r.attempt < 3; b->r.attempt++)
			refuse(b, "outside the scratch root");
		if (i & 8)
			assert_text(log, "precious");
		else
			assert_false(fs_exists(odir));
		assert_int_equal(unlink(cfg), 0);
		assert_int_equal(rename(was, cfg), 0);
		fs_remove_tree(outside);
	}
}

static void the_root_itself_may_be_a_link(void **state)
{
	struct bed *b = *state;
	char *real = xasprintf("%s/real", b->base);

	assert_int_equal(mkdir(real, 0777), 0);
	assert_int_equal(symlink(real, b->root), 0);
	prepare(b, "x");
	assert_text(b->log, "x");
	free(real);
}

/* The longest file name has no space for a stamp or a number. */
static void a_long_name_is_moved_aside_under_a_shorter_one(void **state)
{
	struct bed *b = *state;
	struct str stem = {0};
	char *first;

	free(b->odir);
	free(b->log);
	b->odir = xasprintf("%s/%0255d", b->parent, 7);
	b->log = xasprintf("%s/log", b->odir);
	b->r.odir = b->odir;
	b->r.log_path = b->log;
	b->r.renew = true;
	b->r.keep = 3;
	job_add_aside(&stem, b->odir);
	first = xasprintf("%s.attempt-1/log", stem.s);
	for (int run = 0; run < 5; run++) {
		b->r.attempt = 1;
		prepare(b, "1");
		b->r.attempt = 2;
		prepare(b, "2");
		assert_text(first, "1");
		assert_text(b->log, "2");
	}
	str_addc(&stem, '.');
	/* Two earlier directories, and the first attempt of the newest. */
	assert_int_equal(count(b->parent, path_base(stem.s)), 3);
	free(first);
	str_done(&stem);
}

static void a_directory_that_is_a_file_is_an_error(void **state)
{
	struct bed *b = *state;

	assert_int_equal(fs_mkdirs(b->parent, 0777), 0);
	close(open(b->odir, O_CREAT | O_WRONLY, 0666));
	refuse(b, "is not a directory");
}

static void a_parent_that_vanished_is_made_again(void **state)
{
	struct bed *b = *state;
	char *cfg = xasprintf("%s/cfg", b->root);

	prepare(b, "x");
	assert_int_equal(fs_remove_tree(cfg), 0);
	prepare(b, "y");
	assert_text(b->log, "y");
	free(cfg);
}

/* The first try had a shortage after it had made the directory. */
static void another_try_of_an_attempt_leaves_earlier_attempts_alone(void **state)
{
	struct bed *b = *state;
	char *aside = xasprintf("%s/latest.attempt-1/run.log", b->parent);

	prepare(b, "first");
	b->r.attempt = 2;
	prepare(b, "second");
	assert_true(b->made.is_made);
	assert_text(aside, "first");
	b->r.is_made = true;
	prepare(b, "again");
	assert_text(aside, "first");
	assert_text(b->log, "again");
	free(aside);
}

static void another_try_of_the_first_attempt_keeps_no_copy(void **state)
{
	struct bed *b = *state;

	b->r.renew = true;
	prepare(b, "first");
	b->r.is_made = b->made.is_made;
	prepare(b, "again");
	assert_int_equal(count(b->parent, ""), 1);
	assert_text(b->log, "again");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(an_existing_log_is_begun_anew),
		CASE(a_renewed_directory_is_moved_to_its_stamp),
		CASE(stamps_that_collide_are_numbered),
		CASE(only_the_newest_are_kept),
		CASE(siblings_keep_their_own),
		CASE(a_failed_attempt_is_set_aside_with_its_directory),
		CASE(where_the_directory_is_used_again_the_log_is_set_aside),
		CASE(a_log_elsewhere_is_set_aside_beside_its_directory),
		CASE(links_lead_nowhere),
		CASE(a_job_that_replaces_its_parent_writes_nowhere_else),
		CASE(the_root_itself_may_be_a_link),
		CASE(a_long_name_is_moved_aside_under_a_shorter_one),
		CASE(another_try_of_an_attempt_leaves_earlier_attempts_alone),
		CASE(another_try_of_the_first_attempt_keeps_no_copy),
		CASE(a_directory_that_is_a_file_is_an_error),
		CASE(a_parent_that_vanished_is_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
