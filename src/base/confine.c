/* SPDX-License-Identifier: Apache-2.0 */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc_dir.h"

/* Of <linux/openat2.h>, which older headers do not have. */
struct confine_how {
	uint64_t flags, mode, resolve;
};
enum { NO_MAGICLINKS = 0x02, NO_SYMLINKS = 0x04, BENEATH = 0x08 };
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

enum { DIR_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC };
/* A rename elsewhere on the machine may disturb a resolution (EAGAIN). */
enum { TRIES = 100 };

void confine_init(struct confine *c, const char *root)
{
	*c = (struct confine){.root = xstrdup(root), .root_fd = -1};
}

void confine_done(struct confine *c)
{
	if (c->root)
		closep(&c->root_fd);
	free(c->root);
	free(c->real_root);
	free(c->trash);
	*c = (struct confine){0};
}

/* Absolute, without empty, "." and ".." components. */
static bool is_normal(const char *path)
{
	if (*path != '/')
		return false;
	while (*path == '/') {
		size_t n = strcspn(++path, "/");

		if (n == 0 || (n == 1 && path[0] == '.') ||
		    (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += n;
	}
	return true;
}

int confine_path(struct confine *c, const char *path, struct error *err)
{
	if (is_normal(path) && path_is_below(path, c->root) && strcmp(path, c->root) != 0)
		return 0;
	return error_plain(err, "%s is not below the scratch root %s", path, c->root);
}

static char *confine_dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* ---- opening directories ---- */

static int confine_open_root(struct confine *c, struct error *err)
{
	if (c->real_root)
		return 0;
	if (fs_mkdirs_of_trees(c->root, 0777) == 0 &&
	    (c->root_fd = fs_open(c->root, DIR_FLAGS, 0)) >= 0 &&
	    (c->real_root = realpath(c->root, NULL)))
		return 0;
	error_sys(err, errno, "cannot make the scratch root %s", c->root);
	closep(&c->root_fd);
	return -1;
}

/* "" is the root itself. */
static const char *below_root(const char *path, const char *root)
{
	size_t n = strlen(root);

	return path[n] == '/' ? path + n + 1 : path + n;
}

/* A job in a sandbox that forbids what it does not know (EPERM) may start dvsched. */
static int open_beneath(struct confine *c, const char *below, uint64_t resolve)
{
	const struct confine_how how = {.flags = DIR_FLAGS, .resolve = resolve};
	int fd, n = 0, n_stale = 0;

	do
		fd = (int)syscall(SYS_openat2, c->root_fd, *below ? below : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++n < TRIES) ||
			  (errno == ESTALE && ++n_stale < 2)));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		c->is_plain = true;
	return fd;
}

/* Returns a descriptor, or -1 with errno (EXDEV: it is outside). */
static int open_and_look(const struct confine *c, const char *dir)
{
	int fd = fs_open(dir, DIR_FLAGS, 0);
	char name[32], real[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return -1;
	snprintf(name, sizeof(name), "self/fd/%d", fd);
	n = proc_dir_readlink(name, real, sizeof(real) - 1);
	real[n > 0 ? n : 0] = '\0';
	if (path_is_below(real, c->real_root))
		return fd;
	close(fd);
	errno = EXDEV;
	return -1;
}

/* The kernel takes an absolute link for one that leads out, wherever it leads. */
static int open_by_real_path(struct confine *c, const char *dir)
{
	char real[PATH_MAX];

	if (!realpath(dir, real))
		return -1;
	if (path_is_below(real, c->real_root))
		return open_beneath(c, below_root(real, c->real_root), BENEATH | NO_SYMLINKS);
	errno = EXDEV;
	return -1;
}

static int confine_try_open(struct confine *c, const char *dir)
{
	int fd = -1;

	if (!c->is_plain)
		fd = open_beneath(c, below_root(dir, c->root), BENEATH | NO_MAGICLINKS);
	if (fd < 0 && !c->is_plain && errno == EXDEV)
		fd = open_by_real_path(c, dir);
	return c->is_plain ? open_and_look(c, dir) : fd;
}

static int confine_fail_open(const char *dir, struct error *err)
{
	int errnum = errno;
	char real[PATH_MAX];

	if (errnum == EXDEV && realpath(dir, real))
		return error_plain(err, "%s is really %s, outside the scratch root", dir, real);
	return error_sys(err, errnum, "cannot use %s", dir);
}

static int confine_begin(struct confine *c, const char *dir, struct error *err)
{
	if (!is_normal(dir) || !path_is_below(dir, c->root))
		return error_plain(err, "%s is not below the scratch root %s", dir, c->root);
	return confine_open_root(c, err);
}

int confine_open_dir(struct confine *c, const char *dir, struct error *err)
{
	int fd;

	if (confine_begin(c, dir, err) < 0)
		return -1;
	fd = confine_try_open(c, dir);
	return fd < 0 ? confine_fail_open(dir, err) : fd;
}

/* Creates what is missing of dir, from the root on. Returns a descriptor of dir. */
static int confine_make_all(struct confine *c, const char *dir, struct error *err)
{
	_cleanup_(closep) int up = -1;
	_cleanup_(freep) char *at = xstrdup(dir);
	char *end = at + strlen(c->root);
	int made;

	up = confine_try_open(c, c->root);
	while (up >= 0 && end[0]) {
		char *name = ++end;
		char after;
		int fd;

		end += strcspn(end, "/");
		after = *end;
		*end = '\0';
		if (mkdirat(up, name, 0777) < 0 && errno != EEXIST)
			return error_sys(err, errno, "cannot make the directory %s", dir);
		fd = confine_try_open(c, at);
		close(up);
		up = fd;
		if (up < 0)
			return confine_fail_open(at, err);
		*end = after;
	}
	if (up < 0)
		return confine_fail_open(c->root, err);
	made = up;
	up = -1; /* the caller's now */
	return made;
}

int confine_make_dir(struct confine *c, const char *dir, struct error *err)
{
	int fd;

	if (confine_begin(c, dir, err) < 0)
		return -1;
	fd = confine_try_open(c, dir);
	if (fd >= 0)
		return fd;
	return errno == ENOENT ? confine_make_all(c, dir, err) : confine_fail_open(dir, err);
}

/* The directory that contains path. */
static int confine_open_parent(struct confine *c, const char *path, struct error *err)
{
	_cleanup_(freep) char *dir = NULL;

	if (confine_path(c, path, err) < 0)
		return -1;
	dir = confine_dir_of(path);
	return confine_open_dir(c, dir, err);
}

/* ---- renames ---- */

int confine_rename(struct confine *c, const char *from, const char *to, struct error *err)
{
	_cleanup_(closep) int dir = -1;

	if (confine_path(c, to, err) < 0)
		return -1;
	dir = confine_open_parent(c, from, err);
	if (dir < 0)
		return -1;
	if (renameat(dir, path_base(from), dir, path_base(to)) < 0)
		return error_sys(err, errno, "cannot rename %s to %s", from, to);
	return 0;
}

/* Only this user may look into it. */
static int make_private_dir(struct confine *c, const char *dir, struct error *err)
{
	_cleanup_(closep) int up = confine_open_parent(c, dir, err);

	if (up < 0)
		return -1;
	if (mkdirat(up, path_base(dir), 0700) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot make the directory %s", dir);
	return confine_open_dir(c, dir, err);
}

/* Returns a descriptor of the trash. */
static int confine_open_trash(struct confine *c, struct error *err)
{
	_cleanup_(closep) int own_fd = -1;
	_cleanup_(freep) char *own = xasprintf("%s/.dvsched", c->root);

	if (!c->trash)
		c->trash = xasprintf("%s/trash", own);
	own_fd = make_private_dir(c, own, err);
	return own_fd < 0 ? -1 : make_private_dir(c, c->trash, err);
}

const char *confine_trash_dir(struct confine *c, struct error *err)
{
	int fd = confine_open_trash(c, err);

	if (fd < 0)
		return NULL;
	close(fd);
	return c->trash;
}

static bool is_in(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int confine_trash(struct confine *c, const char *path, struct error *err)
{
	_cleanup_(closep) int dir = -1, trash = -1;
	char name[32];
	int is_there;

	if (confine_path(c, path, err) < 0)
		return -1;
	is_there = fs_find(path);
	if (is_there <= 0)
		return is_there ? error_sys(err, errno, "cannot look at %s", path) : 0;
	dir = confine_open_parent(c, path, err);
	trash = dir < 0 ? -1 : confine_open_trash(c, err);
	if (trash < 0)
		return -1;
	do
		snprintf(name, sizeof(name), "%d.%u", (int)getpid(), c->n_trashed++);
	while (is_in(trash, name));
	if (renameat(dir, path_base(path), trash, name) < 0 && errno != ENOENT)
		return error_sys(err, errno, "cannot move %s into the trash", path);
	return 0;
}
