/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int fs_open(const char *path, int flags, mode_t mode)
{
	return fs_openat(AT_FDCWD, path, flags, mode);
}

/* A network file system may be interrupted. */
int fs_openat(int dir, const char *path, int flags, mode_t mode)
{
	bool was_stale = false;
	int fd;

	for (;;) {
		fd = openat(dir, path, flags, mode);
		if (fd >= 0 || (errno != EINTR && (errno != ESTALE || was_stale)))
			return fd;
		was_stale |= errno == ESTALE;
	}
}

int fs_openat_or_wait(int dir, const char *path, int flags, mode_t mode)
{
	unsigned n = 0;
	int fd;

	do
		fd = fs_openat(dir, path, flags, mode);
	while (fd < 0 && errno_wait_out(&n));
	return fd;
}

static int fs_begin_once(int dir, const char *path, int flags, struct str *to, size_t n)
{
	_cleanup_(closep) int fd = fs_openat(dir, path, flags, 0);
	ssize_t k = 0;
	int ret = fd;

	if (fd < 0)
		return -1;
	do
		k = read(fd, str_reserve(to, n), n);
	while (k < 0 && errno == EINTR);
	if (k < 0 && errno != EISDIR)
		return -1;
	to->len += k > 0 ? (size_t)k : 0;
	to->s[to->len] = '\0';
	fd = -1;
	return ret;
}

int fs_open_begin(int dir, const char *path, int flags, struct str *to, size_t n)
{
	int fd = fs_begin_once(dir, path, flags, to, n);

	return fd < 0 && errno == ESTALE ? fs_begin_once(dir, path, flags, to, n) : fd;
}

int fs_write_all(int fd, const void *bytes, size_t n)
{
	const char *s = bytes;

	while (n) {
		ssize_t k = write(fd, s, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

enum { READ_USUAL = 64 * 1024 };

/* Reads until the end, each time into room for at least `part` bytes. */
static int fs_read_parts(int fd, size_t part, size_t most, struct str *ret)
{
	for (;;) {
		char *room = str_reserve(ret, part); /* first: it changes cap */
		ssize_t k = read(fd, room, ret->cap - ret->len - 1);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		if (k == 0)
			return 0;
		ret->len += (size_t)k;
		ret->s[ret->len] = '\0';
		if (ret->len > most) {
			errno = EFBIG;
			return -1;
		}
	}
}

int fs_read_stream(int fd, size_t most, struct str *ret)
{
	return fs_read_parts(fd, READ_USUAL, most, ret);
}

static const char *fs_kind_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISSOCK(mode))
		return "a socket";
	return "a device";
}

static int too_large(struct error *err, struct src_pos pos, size_t most)
{
	bool is_mib = most >= 1 << 20;

	return error_set(err, pos, "cannot be read: it is larger than %zu %s",
			 is_mib ? most >> 20 : most, is_mib ? "MiB" : "bytes");
}

/* *ret_kind: a kind of file that is not read. Returns 0, or an errno, or -1 with *ret_kind. */
static int read_file_once(const char *path, size_t most, struct str *ret, const char **ret_kind)
{
	_cleanup_(closep) int fd = fs_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	str_clear(ret);
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno;
	*ret_kind = fs_kind_of(st.st_mode);
	if (!S_ISREG(st.st_mode))
		return -1;
	if ((size_t)st.st_size > most)
		return EFBIG;
	str_reserve(ret, (size_t)st.st_size + 1);
	return fs_read_parts(fd, st.st_size ? 1 : READ_USUAL, most, ret) == 0 ? 0 : errno;
}

static bool fs_may_read_again(int errnum, bool may_wait, unsigned *n_waits)
{
	errno = errnum;
	return may_wait && errnum > 0 && errno_wait_out(n_waits);
}

static int fs_read_with(bool may_wait, const char *path, size_t most, struct str *ret,
			struct error *err)
{
	struct src_pos pos = {.file = path};
	const char *kind = "";
	unsigned n_waits = 0;
	int errnum;

	do
		errnum = read_file_once(path, most, ret, &kind);
	while (fs_may_read_again(errnum, may_wait, &n_waits));
	/* On NFS another host has replaced the file meanwhile: the path leads to the new one. */
	if (errnum == ESTALE)
		errnum = read_file_once(path, most, ret, &kind);
	if (errnum < 0)
		return error_set(err, pos, "cannot be read: it is %s, not a file", kind);
	if (errnum == EFBIG)
		return too_large(err, pos, most);
	if (errnum == 0)
		return 0;
	error_set(err, pos, "cannot be read: %s", strerror(errnum));
	err->errnum = errnum;
	return -1;
}

int fs_read_file(const char *path, size_t most, struct str *ret, struct error *err)
{
	return fs_read_with(true, path, most, ret, err);
}

int fs_read_file_now(const char *path, size_t most, struct str *ret, struct error *err)
{
	return fs_read_with(false, path, most, ret, err);
}

int fs_sync(int fd)
{
	int rc;

	do
		rc = fsync(fd);
	while (rc < 0 && errno == EINTR);
	return rc;
}

int fs_sync_data(int fd)
{
	int rc;

	do
		rc = fdatasync(fd);
	while (rc < 0 && errno == EINTR);
	return rc;
}

static int sync_dir_of(const char *path)
{
	enum { FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
	struct arena *a = arena_new();
	int fd = fs_openat_or_wait(AT_FDCWD, path_dir(a, path), FLAGS, 0), rc = -1;

	arena_free(a);
	if (fd >= 0) {
		rc = fs_sync(fd);
		close(fd);
	}
	return rc;
}

/* A temporary name in the directory of path. A long name is cut, so that the result has at most 255
 * bytes. */
static char *fs_temporary_name(const char *path)
{
	const char *name = path_base(path);
	size_t n = strlen(name), most = 255 - strlen(".tmp-2147483647");

	for (n = n < most ? n : most; n && ((unsigned char)name[n] & 0xc0) == 0x80; n--)
		;
	return xasprintf("%.*s.tmp-%d", (int)((size_t)(name - path) + n), path, (int)getpid());
}

int fs_create_new_at(int dir, const char *name, mode_t mode)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = fs_openat(dir, name, flags, mode);

	if (fd < 0 && errno == EEXIST && unlinkat(dir, name, 0) == 0)
		fd = fs_openat(dir, name, flags, mode);
	return fd;
}

static int fs_write_fault(struct error *err, const char *path, int errnum)
{
	error_set(err, (struct src_pos){.file = path}, "cannot be written: %s", strerror(errnum));
	err->errnum = errnum;
	return -1;
}

int fs_create_new_or_wait(int dir, const char *name, mode_t mode)
{
	unsigned n = 0;
	int fd;

	do
		fd = fs_create_new_at(dir, name, mode);
	while (fd < 0 && errno_wait_out(&n));
	return fd;
}

struct replacement {
	bool is_synced, is_shared;
};

static int fs_write_new(const char *path, const void *bytes, size_t n, struct replacement how,
			struct error *err)
{
	_cleanup_(freep) char *tmp = fs_temporary_name(path);
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	bool is_synced = how.is_synced;
	int fd = is_synced ? fs_create_new_or_wait(AT_FDCWD, tmp, 0666)
			   : fs_create_new_at(AT_FDCWD, tmp, 0666);

	if (fd < 0)
		return fs_write_fault(err, path, errno);
	if (how.is_shared && fchmod(fd, fs_shared_mode(path_dir(mem, path))) < 0)
		errno = 0; /* the file system has no modes */
	if (fs_write_all(fd, bytes, n) < 0 || (is_synced && fs_sync(fd) < 0)) {
		int errnum = errno;

		close(fd);
		unlink(tmp);
		return fs_write_fault(err, path, errnum);
	}
	if (close(fd) < 0 || rename(tmp, path) < 0 || (is_synced && sync_dir_of(path) < 0)) {
		int errnum = errno;

		unlink(tmp);
		return fs_write_fault(err, path, errnum);
	}
	return 0;
}

int fs_write_atomic(const char *path, const void *bytes, size_t n, struct error *err)
{
	return fs_write_new(path, bytes, n, (struct replacement){.is_synced = true}, err);
}

int fs_replace_shared(const char *path, const void *bytes, size_t n, struct error *err)
{
	return fs_write_new(path, bytes, n, (struct replacement){.is_shared = true}, err);
}

mode_t fs_shared_mode(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return 0644;
	return 0644 | (st.st_mode & (S_IWGRP | S_IWOTH));
}

/* An existing directory is no error, whatever mkdir() says (read-only file system, no
 * permission). */
static int fs_make_dir(const char *path, mode_t mode)
{
	struct stat st;
	int errnum;

	if (mkdir(path, mode) == 0)
		return 0;
	errnum = errno;
	if (stat(path, &st) < 0) {
		errno = errnum == EEXIST ? errno : errnum;
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return 0;
	errno = errnum == EEXIST ? ENOTDIR : errnum;
	return -1;
}

int fs_mkdirs(const char *path, mode_t mode)
{
	_cleanup_(freep) char *copy = NULL;

	if (fs_make_dir(path, mode) == 0)
		return 0;
	if (errno != ENOENT || *path == '\0')
		return -1;
	copy = xstrdup(path);
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (fs_make_dir(copy, mode) < 0)
			return -1;
		*p = '/';
	}
	return fs_make_dir(path, mode);
}

/* No error: it is advice to the file system. */
static void spread_trees_in(const char *path)
{
	_cleanup_(closep) int fd = fs_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	int flags = 0; /* the kernel reads and writes an int */

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return;
	flags |= FS_TOPDIR_FL;
	(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

int fs_mkdirs_of_trees(const char *path, mode_t mode)
{
	bool is_new = !fs_exists(path);

	if (fs_mkdirs(path, mode) < 0)
		return -1;
	if (is_new)
		spread_trees_in(path);
	return 0;
}

int fs_mkdirs_shared(const char *path)
{
	struct stat st;

	if (fs_is_dir(path))
		return 0;
	if (fs_mkdirs(path, 0755) < 0)
		return -1;
	if (stat(path, &st) == 0 && (st.st_mode & S_ISGID) && chmod(path, 02775) < 0)
		errno = 0; /* another user created it at the same time */
	return 0;
}

bool fs_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

int fs_find(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

bool fs_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool fs_is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int fs_set_link_at(const char *target, int dir, const char *name)
{
	_cleanup_(freep) char *tmp = NULL;
	struct stat st;

	if (symlinkat(target, dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(st.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	tmp = fs_temporary_name(name);
	unlinkat(dir, tmp, 0);
	if (symlinkat(target, dir, tmp) < 0)
		return -1;
	if (renameat(dir, tmp, dir, name) < 0) {
		int errnum = errno;

		unlinkat(dir, tmp, 0);
		errno = errnum;
		return -1;
	}
	return 0;
}

int fs_set_link(const char *target, const char *path)
{
	return fs_set_link_at(target, AT_FDCWD, path);
}
