/* SPDX-License-Identifier: Apache-2.0 */
#include "base/confine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

void confine_init(struct confine *c, const char *root)
{
	*c = (struct confine){.root = xstrdup(root)};
}

void confine_done(struct confine *c)
{
	free(c->root);
	free(c->real_root);
	free(c->trash);
	str_done(&c->checked);
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

static const char *real_root(struct confine *c, struct error *err)
{
	if (c->real_root)
		return c->real_root;
	if (fs_mkdirs_of_trees(c->root, 0777) < 0 || !(c->real_root = realpath(c->root, NULL)))
		error_sys(err, errno, "cannot make the scratch root %s", c->root);
	return c->real_root;
}

int confine_real_dir(struct confine *c, const char *dir, struct error *err)
{
	const char *root = real_root(c, err);
	char real[PATH_MAX];

	if (!root)
		return -1;
	if (!realpath(dir, real))
		return error_sys(err, errno, "cannot use %s", dir);
	if (!path_is_below(real, root))
		return error_plain(err, "%s is really %s, outside the scratch root", dir, real);
	return 0;
}

/* mkdir would create dir below its deepest existing parent, so that one must be inside the root. */
static int check_ancestor(struct confine *c, const char *dir, struct error *err)
{
	_cleanup_(freep) char *at = xstrdup(dir);

	while (!fs_exists(at) && path_is_below(at, c->root)) {
		char *up = confine_dir_of(at);

		free(at);
		at = up;
	}
	return confine_real_dir(c, at, err);
}

int confine_make_dir(struct confine *c, const char *dir, struct error *err)
{
	if (c->checked.len && strcmp(c->checked.s, dir) == 0)
		return 0;
	if (!path_is_below(dir, c->root))
		return error_plain(err, "%s is not below the scratch root %s", dir, c->root);
	if (!real_root(c, err) || check_ancestor(c, dir, err) < 0)
		return -1;
	if (fs_mkdirs(dir, 0777) < 0)
		return error_sys(err, errno, "cannot make the directory %s", dir);
	if (confine_real_dir(c, dir, err) < 0)
		return -1;
	str_clear(&c->checked);
	str_add(&c->checked, dir);
	return 0;
}

int confine_rename(struct confine *c, const char *from, const char *to, struct error *err)
{
	_cleanup_(freep) char *dir = confine_dir_of(from);

	if (confine_path(c, from, err) < 0 || confine_path(c, to, err) < 0 ||
	    confine_real_dir(c, dir, err) < 0)
		return -1;
	if (rename(from, to) < 0)
		return error_sys(err, errno, "cannot rename %s to %s", from, to);
	return 0;
}

const char *confine_trash_dir(struct confine *c, struct error *err)
{
	_cleanup_(freep) char *own = NULL;

	if (c->trash)
		return c->trash;
	own = xasprintf("%s/.dvsched", c->root);
	c->trash = xasprintf("%s/trash", own);
	if ((fs_mkdirs(own, 0700) == 0 && fs_mkdirs(c->trash, 0700) == 0 &&
	     confine_real_dir(c, c->trash, err) == 0))
		return c->trash;
	if (!error_is_set(err))
		error_sys(err, errno, "cannot make the directory %s", c->trash);
	free(c->trash);
	c->trash = NULL;
	return NULL;
}

int confine_trash(struct confine *c, const char *path, struct error *err)
{
	_cleanup_(freep) char *dir = confine_dir_of(path), *to = NULL;
	const char *trash;

	if (confine_path(c, path, err) < 0)
		return -1;
	if (!fs_exists(path))
		return 0;
	trash = confine_trash_dir(c, err);
	if (!trash || confine_real_dir(c, dir, err) < 0)
		return -1;
	do {
		free(to);
		to = xasprintf("%s/%d.%u", trash, (int)getpid(), c->n_trashed++);
	} while (fs_exists(to));
	if (rename(path, to) < 0 && errno != ENOENT)
		return error_sys(err, errno, "cannot move %s into the trash", path);
	return 0;
}
