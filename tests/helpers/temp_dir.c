/* SPDX-License-Identifier: Apache-2.0 */
#include "temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

/* The reader sees the end of this process, because no other process has this end. */
static int alive_fd = -1;
static pid_t owner;

static void keep(int fd, const char *dir)
{
	char c;
	ssize_t n;

	setsid(); /* a signal to the test's group does not end it */
	for (int other = 0; other < 1024; other++)
		if (other != fd)
			close(other);
	do
		n = read(fd, &c, 1);
	while (n > 0 || (n < 0 && errno == EINTR));
	fs_remove_tree(dir);
	_exit(0);
}

/* No child of the test program, so that no test finds it. */
static void start_keeper(int fd, const char *dir)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0)
			keep(fd, dir);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

char *temp_dir_make(char *pattern)
{
	int ends[2];

	if (!mkdtemp(pattern) || pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	if (owner == getpid())
		close(alive_fd); /* the directory before this one is gone, or goes now */
	alive_fd = ends[1];
	owner = getpid();
	start_keeper(ends[0], pattern);
	close(ends[0]);
	return pattern;
}
