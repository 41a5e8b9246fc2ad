/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs_remove_tree(). A job may leave links to other places, directories without permission to write,
 * or a tree deeper than the limit on descriptors. Directories are opened relative to their parent's
 * descriptor, so that nobody can replace one by a link meanwhile. Anything deeper than LEVELS is
 * moved up to the root of the tree and removed there.
 */
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

enum { LEVELS = 32 };

/* A directory that is being emptied, and its name in the directory of the level before. */
struct level {
	DIR *dir;
	char *name;
};

struct removal {
	int at; /* the directory that contains the tree */
	struct level levels[LEVELS];
	unsigned n;
	unsigned n_moved; /* number of entries moved to the root so far: gives them unique names */
	bool has_moved;	  /* an entry was moved since the root was last read from its start */
	dev_t dev;
	int errnum;
};

static void note_errno(struct removal *r)
{
	if (!r->errnum)
		r->errnum = errno;
}

/* Opens a directory of the same file system, and makes it writable if this user owns it. NULL with
 * errno (EXDEV: another file system). */
static DIR *open_dir(const struct removal *r, int parent_fd, const char *name)
{
	_cleanup_(closep) int fd = fs_openat(parent_fd, name,
					     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;
	DIR *dir;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	if (st.st_dev != r->dev) {
		errno = EXDEV;
		return NULL;
	}
	if ((st.st_mode & S_IRWXU) != S_IRWXU && fchmod(fd, S_IRWXU) < 0)
		return NULL;
	dir = fdopendir(fd);
	if (dir)
		fd = -1; /* dir owns it now */
	return dir;
}

static void remove_enter(struct removal *r, int parent_fd, const char *name)
{
	DIR *dir = open_dir(r, parent_fd, name);

	if (dir)
		r->levels[r->n++] = (struct level){dir, xstrdup(name)};
	else
		note_errno(r);
}

static void move_to_root(struct removal *r, int parent_fd, const char *name)
{
	_cleanup_(freep) char *new_name = xasprintf(".dvsched-removing-%d-%u", (int)getpid(),
						    r->n_moved++);

	if (renameat(parent_fd, name, dirfd(r->levels[0].dir), new_name) < 0)
		note_errno(r);
	else
		r->has_moved = true;
}

static void remove_entry(struct removal *r, int fd, const char *name)
{
	struct stat st;

	if (unlinkat(fd, name, 0) == 0)
		return;
	if (errno == EISDIR && r->n == LEVELS)
		move_to_root(r, fd, name);
	else if (errno == EISDIR ||
		 (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)))
		remove_enter(r, fd, name);
	else
		note_errno(r);
}

static void remove_leave(struct removal *r)
{
	struct level top = r->levels[--r->n];
	int parent_fd = r->n ? dirfd(r->levels[r->n - 1].dir) : r->at;

	closedir(top.dir);
	if (unlinkat(parent_fd, top.name, AT_REMOVEDIR) < 0)
		note_errno(r);
	free(top.name);
}

/* Called when all entries of a directory were read. The root is read again if something was moved
 * there meanwhile. */
static void end_of_dir(struct removal *r)
{
	if (r->n == 1 && r->has_moved) {
		r->has_moved = false;
		rewinddir(r->levels[0].dir);
	} else {
		remove_leave(r);
	}
}

int fs_remove_tree_at(int at, const char *path)
{
	struct removal r = {.at = at};
	struct stat st;

	if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(at, path, 0);
	r.dev = st.st_dev;
	remove_enter(&r, at, path);
	while (r.n) {
		DIR *dir = r.levels[r.n - 1].dir;
		const struct dirent *e = readdir(dir);

		if (!e)
			end_of_dir(&r);
		else if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove_entry(&r, dirfd(dir), e->d_name);
	}
	errno = r.errnum;
	return r.errnum ? -1 : 0;
}

int fs_remove_tree(const char *path)
{
	return fs_remove_tree_at(AT_FDCWD, path);
}
