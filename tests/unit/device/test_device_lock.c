/* SPDX-License-Identifier: Apache-2.0 */
#include "device/device_lock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"

static char dir[] = "/tmp/dvs-lock-XXXXXX";
static char *path;

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	path = device_lock_path(dir, "sim", 3);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fs_remove_tree(dir);
	free(path);
	return 0;
}

static void one_has_it_and_the_other_is_told_who(void **state)
{
	pid_t holder = -1;
	int fd = device_lock_take(path, &holder);

	(void)state;
	assert_true(fd >= 0);
	assert_string_equal(path + strlen(dir), "/sim-3.lock");
	assert_int_equal(device_lock_take(path, &holder), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(holder, getpid());
	assert_int_equal(device_lock_look(path, &holder), DEVICE_LOCKED);
	assert_int_equal(holder, getpid());
	close(fd);
	assert_int_equal(device_lock_look(path, &holder), DEVICE_UNLOCKED);
	fd = device_lock_take(path, &holder);
	assert_true(fd >= 0);
	close(fd);
}

static void a_holder_that_is_gone_is_not_named(void **state)
{
	pid_t holder, gone = fork();
	char text[16];
	int fd;

	(void)state;
	if (gone == 0)
		_exit(0); /* it must not take the lock, not even for a moment */
	fd = device_lock_take(path, &holder);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	snprintf(text, sizeof(text), "%d\n", (int)gone);
	assert_true(pwrite(fd, text, strlen(text), 0) > 0);
	assert_int_equal(device_lock_look(path, &holder), DEVICE_LOCKED);
	assert_int_equal(holder, 0);
	close(fd);
}

static void every_user_may_lock_whatever_the_umask(void **state)
{
	mode_t before = umask(077);
	struct stat st;
	pid_t holder;
	int fd;

	(void)state;
	unlink(path);
	fd = device_lock_take(path, &holder);
	umask(before);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	close(fd);
}

static void a_link_is_not_followed(void **state)
{
	pid_t holder;

	(void)state;
	unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(device_lock_take(path, &holder), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(device_lock_look(path, &holder), DEVICE_LOCK_UNKNOWN);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_has_it_and_the_other_is_told_who),
		cmocka_unit_test(a_holder_that_is_gone_is_not_named),
		cmocka_unit_test(every_user_may_lock_whatever_the_umask),
		cmocka_unit_test(a_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
