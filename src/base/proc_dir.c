/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"

enum { ROOT_INODE = 1 };
/* Of the kernel (PID_MAX_LIMIT). */
enum { PID_MOST = 4 * 1024 * 1024 };
/* Where it does not disturb those who count descriptors. */
enum { HIGH_FD = 10 };

/* Belongs to the process, as its working directory does. */
static int proc_fd = -1;
static pid_t pid_most = PID_MOST;

static bool is_root_of_proc(int fd)
{
	struct statfs fs;
	struct stat st;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC && fstat(fd, &st) == 0 &&
	       st.st_ino == ROOT_INODE;
}

/* A helper gets it as PROC_DIR_FD: dup2() of a number to itself would keep close-on-exec. */
static int proc_dir_move(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD), errnum;

	if (moved < 0 && errno == EINVAL) /* of a small `ulimit -n` */
		moved = fcntl(fd, F_DUPFD_CLOEXEC, PROC_DIR_FD + 1);
	errnum = errno == EINVAL ? EMFILE : errno; /* of a smaller one */
	close(fd);
	errno = errnum;
	return moved;
}

static void read_pid_most(void)
{
	FILE *f = proc_dir_read("sys/kernel/pid_max");
	int n;

	if (f && fscanf(f, "%d", &n) == 1 && n > 0)
		pid_most = n;
	if (f)
		fclose(f);
}

int proc_dir_hold(void)
{
	unsigned n = 0;
	int fd;

	if (proc_fd >= 0)
		return 0;
	do {
		fd = fs_open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		fd = fd < 0 ? fd : proc_dir_move(fd);
	} while (fd < 0 && errno_wait_out(&n));
	if (fd < 0)
		return -1;
	proc_fd = fd;
	read_pid_most();
	return 0;
}

void proc_dir_adopt(int fd)
{
	proc_fd = is_root_of_proc(fd) ? proc_dir_move(fd) : -1;
	if (proc_fd >= 0)
		read_pid_most();
	else
		proc_dir_hold();
}

int proc_dir_held(void)
{
	return proc_fd;
}

int proc_dir_open(const char *name, int flags)
{
	char path[PATH_MAX];

	if (proc_fd >= 0)
		return fs_openat(proc_fd, name, flags | O_CLOEXEC, 0);
	snprintf(path, sizeof(path), "/proc/%s", name);
	return fs_open(path, flags | O_CLOEXEC, 0);
}

FILE *proc_dir_read(const char *name)
{
	int fd = proc_dir_open(name, O_RDONLY);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (!f)
		closep(&fd);
	return f;
}

DIR *proc_dir_list(const char *name)
{
	int fd = proc_dir_open(name, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		closep(&fd);
	return dir;
}

bool proc_dir_has(const char *name)
{
	_cleanup_(closep) int fd = proc_dir_open(name, O_PATH);

	return fd >= 0;
}

ssize_t proc_dir_readlink(const char *name, char *buf, size_t size)
{
	_cleanup_(closep) int fd = proc_dir_open(name, O_PATH | O_NOFOLLOW);

	return fd < 0 ? -1 : readlinkat(fd, "", buf, size);
}

pid_t proc_dir_pid_most(void)
{
	return pid_most;
}
