/* SPDX-License-Identifier: Apache-2.0 */
#include "device/lock/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"
#include "base/mem.h"

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

static void one_has_it_and_the_other_learns_who(void **state)
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
	chmod(dir, 01777);
	fd = device_lock_take(path, &holder);
	chmod(dir, 0700);
	umask(before);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	close(fd);
}

/* It would be written into. */
static void anothers_file_under_a_second_name_is_left_alone(void **state)
{
	char *target = xasprintf("%s/target", dir), *lock = device_lock_path(dir, "sim", 7);
	int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct stat st;
	pid_t holder;

	(void)state;
	assert_int_equal(write(fd, "precious", 8), 8);
	close(fd);
	assert_int_equal(link(target, lock), 0);
	assert_int_equal(device_lock_take(lock, &holder), -1);
	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_size, 8);
	unlink(lock);
	assert_int_equal(mkfifo(lock, 0666), 0);
	assert_int_equal(device_lock_take(lock, &holder), -1);
	free(target);
	free(lock);
}

static void who_may_write_into_the_directory_may_lock(void **state)
{
	static const mode_t modes[][2] = {{0700, 0644}, {02775, 0664}, {01777, 0666}};
	mode_t old = umask(0077);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		char *lock = device_lock_path(dir, "sim", 20 + (int32_t)i);
		struct stat st;
		pid_t holder;

		assert_int_equal(chmod(dir, modes[i][0]), 0);
		close(device_lock_take(lock, &holder));
		assert_int_equal(stat(lock, &st), 0);
		assert_int_equal(st.st_mode & 0777, modes[i][1]);
		free(lock);
	}
	chmod(dir, 0700);
	umask(old);
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
		cmocka_unit_test(one_has_it_and_the_other_learns_who),
		cmocka_unit_test(a_holder_that_is_gone_is_not_named),
		cmocka_unit_test(every_user_may_lock_whatever_the_umask),
		cmocka_unit_test(anothers_file_under_a_second_name_is_left_alone),
		cmocka_unit_test(who_may_write_into_the_directory_may_lock),
		cmocka_unit_test(a_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
