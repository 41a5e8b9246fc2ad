/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

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

static int read_all(int fd, size_t most, struct str *ret)
{
	for (;;) {
		ssize_t k = read(fd, str_reserve(ret, 64 * 1024), 64 * 1024);

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

static const char *kind_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISSOCK(mode))
		return "a socket";
	return "a device";
}

int fs_read_file(const char *path, size_t most, struct str *ret, struct error *err)
{
	struct src_pos pos = {.file = path};
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	str_clear(ret);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, pos, "cannot be read: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, pos, "cannot be read: it is %s, not a file",
				 kind_of(st.st_mode));
	if ((size_t)st.st_size > most)
		return error_set(err, pos, "cannot be read: it is larger than %zu MiB", most >> 20);
	str_reserve(ret, (size_t)st.st_size + 1);
	if (read_all(fd, most, ret) < 0)
		return error_set(err, pos, "cannot be read: %s", strerror(errno));
	return 0;
}

static int sync_dir_of(const char *path)
{
	struct arena *a = arena_new();
	int fd = open(path_dir(a, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = -1;

	arena_free(a);
	if (fd >= 0) {
		rc = fsync(fd);
		close(fd);
	}
	return rc;
}

int fs_write_atomic(const char *path, const void *bytes, size_t n, struct error *err)
{
	_cleanup_(freep) char *tmp = xasprintf("%s.tmp-%d", path, (int)getpid());
	struct src_pos pos = {.file = path};
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);

	if (fd < 0)
		return error_set(err, pos, "cannot be written: %s", strerror(errno));
	if (fs_write_all(fd, bytes, n) < 0 || fsync(fd) < 0) {
		int errnum = errno;

		close(fd);
		unlink(tmp);
		return error_set(err, pos, "cannot be written: %s", strerror(errnum));
	}
	if (close(fd) < 0 || rename(tmp, path) < 0 || sync_dir_of(path) < 0) {
		int errnum = errno;

		unlink(tmp);
		return error_set(err, pos, "cannot be written: %s", strerror(errnum));
	}
	return 0;
}

int fs_mkdirs(const char *path, mode_t mode)
{
	_cleanup_(freep) char *copy = NULL;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno == EEXIST)
		return fs_is_dir(path) ? 0 : (errno = ENOTDIR, -1);
	if (errno != ENOENT)
		return -1;
	copy = xstrdup(path);
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return -1;
		*p = '/';
	}
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return -1;
	return fs_is_dir(path) ? 0 : (errno = ENOTDIR, -1);
}

bool fs_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool fs_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int fs_set_link(const char *target, const char *path)
{
	_cleanup_(freep) char *tmp = NULL;
	struct stat st;

	if (symlink(target, path) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	tmp = xasprintf("%s.tmp-%d", path, (int)getpid());
	unlink(tmp);
	if (symlink(target, tmp) < 0)
		return -1;
	if (rename(tmp, path) < 0) {
		int errnum = errno;

		unlink(tmp);
		errno = errnum;
		return -1;
	}
	return 0;
}

/* One directory that is being emptied; its name in the one before. */
struct level {
	DIR *dir;
	char *name;
};

struct removal {
	struct level *levels;
	size_t n, cap;
	dev_t dev;
	int errnum;
};

static void note_errno(struct removal *r)
{
	if (!r->errnum)
		r->errnum = errno;
}

static void enter(struct removal *r, int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	DIR *dir;

	if (fd < 0 || fstat(fd, &st) < 0 || (dir = fdopendir(fd)) == NULL) {
		note_errno(r);
		if (fd >= 0)
			close(fd);
		return;
	}
	if (st.st_dev != r->dev) {
		errno = EXDEV;
		note_errno(r);
		closedir(dir);
		return;
	}
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		r->levels = xreallocarray(r->levels, r->cap, sizeof(*r->levels));
	}
	r->levels[r->n++] = (struct level){dir, xstrdup(name)};
}

static void leave(struct removal *r, int root_fd)
{
	struct level top = r->levels[--r->n];

	closedir(top.dir);
	if (unlinkat(r->n ? dirfd(r->levels[r->n - 1].dir) : root_fd, top.name, AT_REMOVEDIR) < 0)
		note_errno(r);
	free(top.name);
}

static void remove_entry(struct removal *r, int fd, const char *name)
{
	size_t before = r->n;

	if (unlinkat(fd, name, 0) == 0)
		return;
	if (errno != EISDIR && errno != EPERM) {
		note_errno(r);
		return;
	}
	enter(r, fd, name);
	if (r->n == before)
		note_errno(r);
}

int fs_remove_tree(const char *path)
{
	struct removal r = {0};
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return unlink(path);
	r.dev = st.st_dev;
	enter(&r, AT_FDCWD, path);
	while (r.n) {
		DIR *dir = r.levels[r.n - 1].dir;
		struct dirent *e = readdir(dir);

		if (!e)
			leave(&r, AT_FDCWD);
		else if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove_entry(&r, dirfd(dir), e->d_name);
	}
	free(r.levels);
	errno = r.errnum;
	return r.errnum ? -1 : 0;
}

char *path_join(struct arena *a, const char *dir, const char *name)
{
	if (*name == '/' || *dir == '\0')
		return arena_strdup(a, name);
	return arena_printf(a, "%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

/* Drops the last component of out; keeps ".." that cannot be folded. */
static void go_up(struct str *out, bool is_absolute)
{
	char *slash = out->s ? strrchr(out->s, '/') : NULL;
	const char *last = slash ? slash + 1 : out->s;

	if (out->len == 0 || (last && strcmp(last, "..") == 0)) {
		if (!is_absolute)
			str_add(out, out->len ? "/.." : "..");
		return;
	}
	out->len = slash ? (size_t)(slash - out->s) : 0;
	out->s[out->len] = '\0';
}

char *path_normalise(struct arena *a, const char *path)
{
	bool is_absolute = *path == '/';
	_cleanup_(str_done) struct str out = {0};

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			go_up(&out, is_absolute);
		} else if (n && !(n == 1 && path[0] == '.')) {
			if (out.len || is_absolute)
				str_addc(&out, '/');
			str_addn(&out, path, n);
		}
		path += n;
		while (*path == '/')
			path++;
	}
	if (out.len == 0)
		return arena_strdup(a, is_absolute ? "/" : ".");
	return arena_strdup(a, out.s);
}

char *path_absolute(struct arena *a, const char *path)
{
	_cleanup_(freep) char *cwd = NULL;

	if (*path == '/')
		return path_normalise(a, path);
	cwd = getcwd(NULL, 0);
	return path_normalise(a, path_join(a, cwd ? cwd : "/", path));
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_strdup(a, ".");
	return arena_strndup(a, path, slash == path ? 1 : (size_t)(slash - path));
}

bool path_is_below(const char *path, const char *root)
{
	size_t n = strlen(root);

	if (n == 1 && *root == '/')
		return *path == '/';
	return strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool path_is_safe_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 255 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *p = name; *p; p++)
		if (*p == '/' || (unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return utf8_first_bad(name, n) == n;
}
