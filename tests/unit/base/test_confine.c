/* SPDX-License-Identifier: Apache-2.0 */
/* Directories beneath the scratch root, with openat2() and without. */
#include <errno.h>
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

#include "base/confine.h"
#include "base/fs.h"
#include "base/mem.h"

struct bed {
	char base[32];
	struct confine c;
};

/* A path in base; valid for a few calls. */
static const char *in(struct bed *b, const char *name)
{
	static char paths[8][64];
	static unsigned n;
	char *path = paths[n++ % ARRAY_LEN(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", b->base, name);
	return path;
}

static int begin(void **state, bool is_plain)
{
	struct bed *b = xcalloc(1, sizeof(*b));

	strcpy(b->base, "/tmp/confine.XXXXXX");
	assert_non_null(mkdtemp(b->base));
	assert_int_equal(fs_mkdirs(in(b, "root/a/b"), 0777), 0);
	assert_int_equal(fs_mkdirs(in(b, "outside/b/c"), 0777), 0);
	confine_init(&b->c, in(b, "root"));
	b->c.is_plain = is_plain;
	*state = b;
	return 0;
}

static int setup(void **state)
{
	return begin(state, false);
}

static int setup_plain(void **state)
{
	return begin(state, true);
}

static int teardown(void **state)
{
	struct bed *b = *state;

	confine_done(&b->c);
	fs_remove_tree(b->base);
	free(b);
	return 0;
}

static bool is_same(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static void assert_opens(struct bed *b, const char *dir, const char *which)
{
	struct error err = {0};
	int fd = confine_open_dir(&b->c, in(b, dir), &err);

	if (fd < 0)
		print_error("%s\n", err.msg);
	assert_true(fd >= 0);
	assert_true(is_same(fd, in(b, which)));
	close(fd);
}

static void assert_error(struct error *err, const char *why)
{
	if (!strstr(err->msg, why))
		print_error("%s\n", err->msg);
	assert_non_null(strstr(err->msg, why));
	error_done(err);
}

static void refuse(struct bed *b, const char *dir, const char *why)
{
	struct error err = {0};

	assert_int_equal(confine_open_dir(&b->c, in(b, dir), &err), -1);
	assert_error(&err, why);
	assert_int_equal(confine_make_dir(&b->c, in(b, dir), &err), -1);
	error_done(&err);
}

static unsigned count_entries(struct bed *b, const char *dir)
{
	struct stat st;

	assert_int_equal(stat(in(b, dir), &st), 0);
	return (unsigned)st.st_nlink - 2; /* directories */
}

static void links_within_the_root_are_followed_and_others_are_not(void **state)
{
	struct bed *b = *state;

	assert_int_equal(symlink("a", in(b, "root/relative")), 0);
	assert_int_equal(symlink(in(b, "root/a"), in(b, "root/absolute")), 0);
	assert_int_equal(symlink("../outside", in(b, "root/up")), 0);
	assert_int_equal(symlink(in(b, "outside"), in(b, "root/out")), 0);
	assert_int_equal(symlink("loop", in(b, "root/loop")), 0);
	assert_int_equal(symlink("nowhere", in(b, "root/broken")), 0);
	assert_opens(b, "root", "root");
	assert_opens(b, "root/a/b", "root/a/b");
	assert_opens(b, "root/relative/b", "root/a/b");
	assert_opens(b, "root/absolute/b", "root/a/b");
	refuse(b, "root/up/b", "outside the scratch root");
	refuse(b, "root/out", "outside the scratch root");
	refuse(b, "root/out/b/c", "outside the scratch root");
	refuse(b, "root/loop", "cannot use ");
	refuse(b, "outside", "is not below the scratch root");
	refuse(b, "root/a/../../outside", "is not below the scratch root");
	refuse(b, "root/broken", "cannot use ");
}

static void what_is_missing_is_made_beneath_the_root_only(void **state)
{
	struct bed *b = *state;
	struct error err = {0};
	int fd = confine_make_dir(&b->c, in(b, "root/x/y/z"), &err);

	assert_true(fd >= 0);
	assert_true(is_same(fd, in(b, "root/x/y/z")));
	close(fd);
	assert_int_equal(symlink(in(b, "outside"), in(b, "root/out")), 0);
	assert_int_equal(confine_make_dir(&b->c, in(b, "root/out/new/er"), &err), -1);
	assert_error(&err, "outside the scratch root");
	assert_int_equal(count_entries(b, "outside"), 1);
	close(open(in(b, "root/file"), O_CREAT | O_WRONLY, 0600));
	assert_int_equal(confine_make_dir(&b->c, in(b, "root/file/x"), &err), -1);
	assert_error(&err, strerror(ENOTDIR));
}

/* Any number of uses before makes no difference. */
static void a_directory_that_was_replaced_by_a_link_is_not_used(void **state)
{
	struct bed *b = *state;
	struct error err = {0};

	for (int i = 0; i < 2; i++) {
		int fd = confine_make_dir(&b->c, in(b, "root/a/b"), &err);

		assert_true(fd >= 0);
		close(fd);
	}
	assert_int_equal(rename(in(b, "root/a"), in(b, "root/was")), 0);
	assert_int_equal(symlink("../outside", in(b, "root/a")), 0);
	refuse(b, "root/a/b", "outside the scratch root");
	assert_int_equal(confine_rename(&b->c, in(b, "root/a/b"), in(b, "root/a/c"), &err), -1);
	assert_error(&err, "outside the scratch root");
	assert_int_equal(confine_trash(&b->c, in(b, "root/a/b"), &err), -1);
	assert_error(&err, "outside the scratch root");
	assert_true(fs_is_dir(in(b, "outside/b/c")));
}

static void a_trash_that_leads_elsewhere_is_not_used(void **state)
{
	struct bed *b = *state;
	struct error err = {0};

	assert_int_equal(confine_trash(&b->c, in(b, "root/a/b"), &err), 0);
	assert_false(fs_exists(in(b, "root/a/b")));
	assert_int_equal(rename(in(b, "root/.dvsched"), in(b, "root/was")), 0);
	assert_int_equal(symlink(in(b, "outside"), in(b, "root/.dvsched")), 0);
	assert_int_equal(confine_trash(&b->c, in(b, "root/a"), &err), -1);
	assert_error(&err, "outside the scratch root");
	assert_null(confine_trash_dir(&b->c, &err));
	error_done(&err);
	assert_int_equal(count_entries(b, "outside"), 1);
	assert_true(fs_is_dir(in(b, "root/a")));
}

/* The root is what it was when it was opened, whatever its path leads to now. */
static void a_root_that_was_replaced_is_never_the_other_one(void **state)
{
	struct bed *b = *state;
	struct error err = {0};
	int fd = confine_make_dir(&b->c, in(b, "root/a"), &err);

	close(fd);
	assert_int_equal(rename(in(b, "root"), in(b, "was")), 0);
	assert_int_equal(symlink("outside", in(b, "root")), 0);
	fd = confine_make_dir(&b->c, in(b, "root/b"), &err);
	if (b->c.is_plain)
		assert_int_equal(fd, -1);
	else
		assert_true(is_same(fd, in(b, "was/b")));
	closep(&fd);
	error_done(&err);
	assert_int_equal(count_entries(b, "outside"), 1);
}

int main(void)
{
#define CASES(name)                                             \
	cmocka_unit_test_setup_teardown(name, setup, teardown), \
		cmocka_unit_test_setup_teardown(name, setup_plain, teardown)
	const struct CMUnitTest tests[] = {
		CASES(links_within_the_root_are_followed_and_others_are_not),
		CASES(what_is_missing_is_made_beneath_the_root_only),
		CASES(a_directory_that_was_replaced_by_a_link_is_not_used),
		CASES(a_trash_that_leads_elsewhere_is_not_used),
		CASES(a_root_that_was_replaced_is_never_the_other_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
