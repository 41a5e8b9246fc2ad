/* SPDX-License-Identifier: Apache-2.0 */
#include "device/lock/waiter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc_stat.h"

static const char prefix[] = "wait-";
/* Files with larger numbers are not dvsched's. */
static const uint64_t number_most = 1000000000000000;
enum { FILE_MOST = 64 * 1024, ENTER_ROUNDS = 1000 };

/* 0: not the file of a waiter. */
static uint64_t waiter_number_of(const char *name)
{
	uint64_t n = 0;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return 0;
	for (const char *s = name + strlen(prefix); *s; s++) {
		if (*s < '0' || *s > '9')
			return 0;
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > number_most)
			return 0;
	}
	return n;
}

/* inotify reports an open file by the name under which it was opened, which may be the hidden
 * one. */
bool device_waiters_name(const char *name)
{
	return strncmp(name + (*name == '.'), prefix, strlen(prefix)) == 0;
}

static char *waiter_path_of(const char *dir, uint64_t number)
{
	return xasprintf("%s/%s%" PRIu64, dir, prefix, number);
}

static uint64_t waiter_highest(const char *dir)
{
	DIR *d = opendir(dir);
	uint64_t most = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		uint64_t n = waiter_number_of(e->d_name);

		most = n > most ? n : most;
	}
	if (d)
		closedir(d);
	return most;
}

/* ---- our own file ---- */

void device_waiter_change(struct device_waiter *w, const char *devices)
{
	_cleanup_(str_done) struct str text = {0};

	str_printf(&text, "pid %d\n%s", (int)getpid(), devices);
	if (pwrite(w->fd, text.s, text.len, 0) == (ssize_t)text.len &&
	    ftruncate(w->fd, (off_t)text.len) == 0)
		return;
	errno = 0; /* a reader of half a file misses some devices; it is rewritten soon */
}

/* Created under a hidden name, so that the file appears among the waiters with its lock and
 * content. Other users must be able to read it whatever our umask. */
static int make_hidden(struct device_waiter *w, const char *dir)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	w->path = xasprintf("%s/.wait-%d-%ld%09ld", dir, (int)getpid(), (long)now.tv_sec,
			    now.tv_nsec);
	w->fd = open(w->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	return w->fd >= 0 && fchmod(w->fd, 0644) == 0 ? flock(w->fd, LOCK_EX | LOCK_NB) : -1;
}

/* Links the file to the next free number. link() fails if another process took the number at the
 * same time. */
static int waiter_show(struct device_waiter *w, const char *dir)
{
	uint64_t next = waiter_highest(dir) + 1;

	for (int round = 0; round < ENTER_ROUNDS; round++, next++) {
		char *path = waiter_path_of(dir, next);

		if (link(w->path, path) == 0) {
			unlink(w->path);
			free(w->path);
			w->path = path;
			w->number = next;
			return 0;
		}
		free(path);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

int device_waiter_enter(struct device_waiter *w, const char *dir, const char *devices,
			struct error *err)
{
	*w = (struct device_waiter){.fd = -1};
	if (make_hidden(w, dir) < 0) {
		error_sys(err, errno, "cannot make %s", w->path);
	} else {
		device_waiter_change(w, devices);
		if (waiter_show(w, dir) == 0)
			return 0;
		error_sys(err, errno, "cannot link %s", w->path);
	}
	device_waiter_leave(w);
	return -1;
}

void device_waiter_leave(struct device_waiter *w)
{
	if (!w->path)
		return;
	if (w->fd >= 0) {
		unlink(w->path);
		close(w->fd);
	}
	free(w->path);
	*w = (struct device_waiter){.fd = -1};
}

/* ---- files of all waiters ---- */

/*
 * Removes the file of a dead process: its lock is free. Only a process that has the lock of a file
 * removes its name, and an existing name is never reused: so the name cannot belong to another file
 * meanwhile.
 */
static void remove_dead(int dir_fd, const char *name, int fd)
{
	struct stat mine, named;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &mine) == 0 &&
	    fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mine.st_ino == named.st_ino && mine.st_dev == named.st_dev)
		unlinkat(dir_fd, name, 0); /* fails for another user's file in a sticky directory */
}

/* The waiter was stopped, by a user or a batch system: it takes nothing, and others need not wait
 * for it. */
static bool is_stopped(const char *text)
{
	struct proc_stat st;
	int pid = 0;

	return sscanf(text, "pid %d", &pid) == 1 && pid > 0 && proc_stat_read(pid, &st) &&
	       (st.state == 'T' || st.state == 't');
}

/* The process that created this hidden file is dead. The lock alone does not show it: it is free
 * for a moment while the process lives. */
static bool is_maker_gone(const char *name)
{
	int pid = 0;

	return sscanf(name, ".wait-%d-", &pid) == 1 && pid > 0 && kill(pid, 0) < 0 &&
	       errno == ESRCH;
}

static void sweep_hidden(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return;
	remove_dead(dir_fd, name, fd);
	close(fd);
}

static void waiter_read_file(int dir_fd, const char *name, struct str *ret)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_(str_done) struct str text = {0};
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		if (flock(fd, LOCK_SH | LOCK_NB) == 0)
			remove_dead(dir_fd, name, fd);
		else if (fs_read_stream(fd, FILE_MOST, &text) == 0 && text.len &&
			 !is_stopped(text.s))
			str_printf(ret, "%s\n", text.s);
	}
	close(fd);
}

void device_waiters_read(const char *dir, uint64_t before, struct str *ret)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; d && (e = readdir(d));) {
		uint64_t n = waiter_number_of(e->d_name);

		if (n && (!before || n < before))
			waiter_read_file(dirfd(d), e->d_name, ret);
		else if (e->d_name[0] == '.' && is_maker_gone(e->d_name))
			sweep_hidden(dirfd(d), e->d_name);
	}
	if (d)
		closedir(d);
}

/* ---- of one device ---- */

static int is_number(const struct dirent *e)
{
	return waiter_number_of(e->d_name) != 0;
}

static int compare_numbers(const struct dirent **a, const struct dirent **b)
{
	uint64_t x = waiter_number_of((*a)->d_name), y = waiter_number_of((*b)->d_name);

	return (x > y) - (x < y);
}

/* text: "pid 7\nsim-0\nsim-3\n"; device: "\nsim-0\n". 0: it does not wait for the device. */
static int waiting_pid(const char *text, const char *device)
{
	int pid = 0;

	return strstr(text, device) && sscanf(text, "pid %d", &pid) == 1 ? pid : 0;
}

size_t device_waiters_of(const char *dir, const char *device, pid_t *ret, size_t most)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(freep) char *line = xasprintf("\n%s\n", device);
	struct dirent **list;
	int n_files = dir_fd < 0 ? -1 : scandir(dir, &list, is_number, compare_numbers);
	size_t n = 0;

	for (int i = 0; i < n_files; i++) {
		_cleanup_(str_done) struct str text = {0};
		int pid;

		waiter_read_file(dir_fd, list[i]->d_name, &text);
		pid = text.s ? waiting_pid(text.s, line) : 0;
		if (pid && n < most)
			ret[n] = pid;
		n += pid != 0;
		free(list[i]);
	}
	if (n_files >= 0)
		free(list);
	closep(&dir_fd);
	return n;
}
