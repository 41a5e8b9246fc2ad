/* SPDX-License-Identifier: Apache-2.0 */
#include "device/temp_images.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"
#include "base/mem.h"

static const struct {
	const char *dir, *name;
	bool is_removed;
} files[] = {
	{"/tmp", "aicpu_sim_", true},
	{"/tmp", "aicore_sim_", true},
	{"/tmp", "dvs-", true},
	{"/dev/shm", "simpler_", true},
	{"/dev/shm", "aicpu_sim_", false},
	{"/tmp", "simpler_", false},
	{"/tmp", "mine-", false},
};

static char *path_of(unsigned i)
{
	return xasprintf("%s/%stest%d", files[i].dir, files[i].name, (int)getpid());
}

static void map_all(char **paths, int ready_fd)
{
	for (unsigned i = 0; i < ARRAY_LEN(files); i++) {
		int fd = open(paths[i], O_RDONLY);

		if (fd < 0 || mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
			_exit(1);
	}
	if (write(ready_fd, "x", 1) == 1)
		pause();
	_exit(1);
}

static void what_a_killed_process_had_mapped_is_removed_if_its_name_says_so(void **state)
{
	struct temp_images images = {0};
	char *paths[ARRAY_LEN(files)], byte;
	struct error err = {0};
	int ready[2];
	pid_t pid;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(files); i++) {
		paths[i] = path_of(i);
		assert_int_equal(fs_write_atomic(paths[i], "x", 1, &err), 0);
	}
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0)
		map_all(paths, ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	temp_images_note(&images, pid);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	temp_images_remove(&images);
	for (unsigned i = 0; i < ARRAY_LEN(files); i++) {
		assert_int_equal(fs_exists(paths[i]), !files[i].is_removed);
		unlink(paths[i]);
		free(paths[i]);
	}
	close(ready[0]);
	close(ready[1]);
}

static void a_file_that_took_the_name_meanwhile_stays(void **state)
{
	struct temp_images images = {0};
	char *path = path_of(0);
	struct error err = {0};
	int fd;
	void *at;

	(void)state;
	assert_int_equal(fs_write_atomic(path, "x", 1, &err), 0);
	fd = open(path, O_RDONLY);
	at = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	temp_images_note(&images, getpid());
	assert_int_equal(fs_write_atomic(path, "y", 1, &err), 0);
	temp_images_remove(&images);
	assert_true(fs_exists(path));
	munmap(at, 1);
	close(fd);
	unlink(path);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_killed_process_had_mapped_is_removed_if_its_name_says_so),
		cmocka_unit_test(a_file_that_took_the_name_meanwhile_stays),
	};

	return RUN(tests);
}
