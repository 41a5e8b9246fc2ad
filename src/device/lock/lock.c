/* SPDX-License-Identifier: Apache-2.0 */
#include "device/lock/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/fs.h"
#include "base/mem.h"

char *device_lock_path(const char *dir, const char *family, int32_t device)
{
	return xasprintf("%s/%s-%d.lock", dir, family, device);
}

/* All users who may write into the directory may lock, whatever our umask. */
static int lock_create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	_cleanup_(arena_freep) struct arena *mem = arena_new();

	if (fd >= 0 && fchmod(fd, fs_shared_mode(path_dir(mem, path))) < 0)
		errno = 0;
	return fd;
}

/* We write into the file: so it must be regular, and not a hard link to another one. */
static bool is_lock(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink <= 1;
}

/* Linux does not open another user's file with O_CREAT in a directory that all may write
 * (fs.protected_regular), and the file may be read-only for us. flock() needs neither. */
static int lock_open_file(const char *path)
{
	int fd = -1;

	for (int round = 0; round < 3 && fd < 0; round++) {
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0 && (errno == EACCES || errno == EROFS))
			fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0 && errno == ENOENT)
			fd = lock_create_file(path);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0 || is_lock(fd))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

/* The pid in the file; 0: not known. A holder that may not write leaves the pid of an earlier
 * holder. */
static pid_t read_holder(int fd)
{
	char text[16];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	pid_t pid;

	text[n > 0 ? n : 0] = '\0';
	pid = (pid_t)strtol(text, NULL, 10);
	return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH) ? pid : 0;
}

void device_lock_sign(int fd)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
		errno = 0; /* only the lock counts, not the text */
}

/* The open file was removed: a lock on it has no effect for others. */
static bool is_gone(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || st.st_nlink == 0;
}

void lock_file_init(struct lock_file *l, char *path)
{
	*l = (struct lock_file){.path = path, .fd = -1};
}

void lock_file_release(struct lock_file *l)
{
	closep(&l->fd);
	l->is_held = false;
}

void lock_file_undo(struct lock_file *l)
{
	if (l->is_held)
		flock(l->fd, LOCK_UN);
	l->is_held = false;
}

void lock_file_done(struct lock_file *l)
{
	lock_file_release(l);
	free(l->path);
}

int lock_file_try(struct lock_file *l, pid_t *ret_holder)
{
	*ret_holder = 0;
	if (l->is_held)
		return 0;
	if (l->fd >= 0 && is_gone(l->fd))
		closep(&l->fd);
	if (l->fd < 0)
		l->fd = lock_open_file(l->path);
	if (l->fd < 0)
		return -1;
	if (flock(l->fd, LOCK_EX | LOCK_NB) < 0) {
		int why = errno;

		*ret_holder = read_holder(l->fd);
		errno = why;
		return -1;
	}
	device_lock_sign(l->fd);
	l->is_held = true;
	return 0;
}

int device_lock_take(const char *path, pid_t *ret_holder)
{
	struct lock_file l = {.path = (char *)(uintptr_t)path, .fd = -1};
	int why;

	if (lock_file_try(&l, ret_holder) == 0)
		return l.fd;
	why = errno;
	lock_file_release(&l);
	errno = why;
	return -1;
}

void device_lock_explain(struct str *to, const char *path, int32_t device, pid_t holder)
{
	if (errno != EWOULDBLOCK) {
		str_printf(to, "cannot lock %s: %s", path, strerror(errno));
		return;
	}
	str_printf(to, "device %d is in use by ", device);
	if (holder > 0)
		str_printf(to, "pid %d", (int)holder);
	else
		str_add(to, "another process");
	str_printf(to, " (lock %s)", path);
}

enum device_lock device_lock_look(const char *path, pid_t *ret_holder)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum device_lock found = DEVICE_UNLOCKED;

	*ret_holder = 0;
	if (fd < 0)
		return errno == ENOENT ? DEVICE_UNLOCKED : DEVICE_LOCK_UNKNOWN;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0) {
		found = errno == EWOULDBLOCK ? DEVICE_LOCKED : DEVICE_LOCK_UNKNOWN;
		*ret_holder = found == DEVICE_LOCKED ? read_holder(fd) : 0;
	}
	close(fd);
	return found;
}
