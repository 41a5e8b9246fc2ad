/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace/odir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/vec.h"
#include "job/file_name.h"

static char *odir_dir_of(const char *path)
{
	return xstrndup(path, (size_t)(path_base(path) - path - 1));
}

static char *attempt_path(const char *path, unsigned attempt)
{
	struct str to = {0};

	job_add_aside(&to, path);
	str_printf(&to, ".attempt-%u", attempt);
	return str_take(&to);
}

/* Moves path.attempt-1, path.attempt-2 … of an earlier run into the trash. */
static int trash_attempts(struct confine *c, const char *path, struct error *err)
{
	for (unsigned n = 1;; n++) {
		_cleanup_(freep) char *old = attempt_path(path, n);

		int is_there = fs_find(old);

		if (is_there < 0)
			return error_sys(err, errno, "cannot look at %s", old);
		if (!is_there)
			return 0;
		if (confine_trash(c, old, err) < 0)
			return -1;
	}
}

/* Renames path of the previous attempt to path.attempt-N. */
static int set_path_aside(struct confine *c, const char *path, uint32_t attempt, struct error *err)
{
	_cleanup_(freep) char *to = attempt_path(path, attempt - 1);
	int is_there = fs_find(path);

	if (is_there < 0)
		return error_sys(err, errno, "cannot look at %s", path);
	if (!is_there)
		return 0;
	if (confine_trash(c, to, err) < 0)
		return -1;
	return confine_rename(c, path, to, err);
}

/* A log outside of the directory is moved separately. */
static int set_attempt_aside(struct confine *c, const struct odir_request *r, struct error *err)
{
	if (!r->reuse && set_path_aside(c, r->odir, r->attempt, err) < 0)
		return -1;
	if (!r->reuse && path_is_below(r->log_path, r->odir))
		return 0;
	return set_path_aside(c, r->log_path, r->attempt, err);
}

/*
 * The prefix, before the stamp, of the names of odir's earlier directories. A directory `latest`
 * has its parent to itself, as in DVSim's layout, so its prefix is empty; other directories have
 * siblings, which are rotated separately.
 */
static char *stamp_prefix(const struct odir_request *r)
{
	const char *name = path_base(r->odir);
	struct str prefix = {0};

	if (r->plain_stamps || strcmp(name, "latest") == 0)
		return xstrdup("");
	job_add_aside(&prefix, name);
	str_addc(&prefix, '.');
	return str_take(&prefix);
}

/* Newest first. The parts before the stamps are the same. */
static int compare_stamps(const void *a, const void *b)
{
	const char *x = wall_find_stamp(*(char *const *)a), *y = wall_find_stamp(*(char *const *)b);
	int by_time = strncmp(y, x, 15);
	long nx = x[15] ? atol(x + 16) : 0, ny = y[15] ? atol(y + 16) : 0;

	return by_time ? by_time : (ny > nx) - (ny < nx);
}

static int trash_stamps(struct confine *c, const char *parent, char **names, size_t n,
			struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		_cleanup_(freep) char *path = xasprintf("%s/%s", parent, names[i]);

		rc = confine_trash(c, path, err);
	}
	return rc;
}

/* name is the prefix followed by a stamp. */
static bool is_old(const char *name, const char *prefix)
{
	return str_starts(name, prefix) && wall_find_stamp(name) == name + strlen(prefix);
}

static int odir_prune(struct confine *c, const char *parent, const char *prefix, uint32_t keep,
		      struct error *err)
{
	DIR *dir = opendir(parent);
	struct dirent *e;
	VEC(char *) names = {0};
	int rc = 0;

	while (dir && (e = readdir(dir))) {
		if (!is_old(e->d_name, prefix) || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN))
			continue;
		vec_push(&names, xstrdup(e->d_name));
	}
	if (dir)
		closedir(dir);
	if (names.n > keep) {
		qsort(names.at, names.n, sizeof(*names.at), compare_stamps);
		rc = trash_stamps(c, parent, names.at + keep, names.n - keep, err);
	}
	for (size_t i = 0; i < names.n; i++)
		free(names.at[i]);
	vec_done(&names);
	return rc;
}

static char *free_stamp(const char *parent, const char *prefix, time_t at)
{
	_cleanup_(str_done) struct str name = {0};
	size_t len;

	str_printf(&name, "%s/%s", parent, prefix);
	wall_add_stamp(&name, (double)at);
	len = name.len;
	for (unsigned i = 1; fs_exists(name.s); i++) {
		name.len = len;
		str_printf(&name, "_%u", i);
	}
	return str_take(&name);
}

static int odir_rotate(struct confine *c, const struct odir_request *r, struct error *err)
{
	_cleanup_(freep) char *parent = odir_dir_of(r->odir), *prefix = stamp_prefix(r);
	_cleanup_(freep) char *to = NULL;
	struct stat st;

	if (lstat(r->odir, &st) < 0)
		return error_sys(err, errno, "cannot look at %s", r->odir);
	to = free_stamp(parent, prefix, st.st_ctim.tv_sec);
	if (confine_rename(c, r->odir, to, err) < 0 || trash_attempts(c, r->odir, err) < 0)
		return -1;
	return r->keep ? odir_prune(c, parent, prefix, r->keep - 1, err) : 0;
}

static bool is_renewed(const struct odir_request *r)
{
	return r->renew && r->attempt == 1 && !r->is_made;
}

/* Uses an existing odir, unless it leads out of the scratch root. */
static int accept_existing(struct confine *c, const struct odir_request *r, struct error *err)
{
	struct stat st;
	int dir;

	if (stat(r->odir, &st) < 0)
		return error_sys(err, errno, "cannot look at %s", r->odir);
	if (!S_ISDIR(st.st_mode))
		return error_plain(err, "%s exists and is not a directory", r->odir);
	dir = confine_open_dir(c, r->odir, err);
	if (dir >= 0 && r->attempt == 1 && trash_attempts(c, r->odir, err) < 0)
		closep(&dir);
	return dir;
}

static int open_new_dir(int parent, const char *odir, struct error *err)
{
	int dir = fs_openat(parent, path_base(odir), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
			    0);

	return dir < 0 ? error_sys(err, errno, "cannot use %s", odir) : dir;
}

static int fail_make_odir(const struct odir_request *r, struct error *err)
{
	return error_sys(err, errno, "cannot make the directory %s", r->odir);
}

/* parent: the directory that contains it. Returns a descriptor. */
static int make_odir(struct confine *c, const struct odir_request *r, int parent, struct odir *ret,
		     struct error *err)
{
	const char *name = path_base(r->odir);

	ret->is_new = ret->is_made = mkdirat(parent, name, 0777) == 0;
	if (ret->is_made)
		return open_new_dir(parent, r->odir, err);
	if (errno != EEXIST)
		return fail_make_odir(r, err);
	if (!is_renewed(r)) {
		int dir = accept_existing(c, r, err);

		ret->is_made = dir >= 0;
		return dir;
	}
	if (odir_rotate(c, r, err) < 0)
		return -1;
	if (mkdirat(parent, name, 0777) < 0)
		return fail_make_odir(r, err);
	ret->is_new = ret->is_made = true;
	return open_new_dir(parent, r->odir, err);
}

static int open_new_log(int dir, const char *name)
{
	return fs_openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
			 0666);
}

/* A log with more than one hard link may be a user's archive, so it is not truncated: a new file is
 * created instead. */
static int empty_log(int fd, int dir, const char *path, const struct stat *st, struct error *err)
{
	if (st->st_nlink > 1) {
		close(fd);
		fd = unlinkat(dir, path_base(path), 0) < 0 ? -1
							   : open_new_log(dir, path_base(path));
		return fd < 0 ? error_sys(err, errno, "cannot renew the log %s", path) : fd;
	}
	if (ftruncate(fd, 0) < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0) {
		error_sys(err, errno, "cannot empty the log %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

static int open_old_log(struct confine *c, const struct odir_request *r, int dir, struct error *err)
{
	const char *path = r->log_path;
	struct stat st;
	int fd;

	if (r->attempt == 1 && trash_attempts(c, path, err) < 0)
		return -1;
	fd = fs_openat(dir, path_base(path),
		       O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0 && errno == ELOOP)
		return error_plain(err, "the log %s is a symbolic link", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot open the log %s", path);
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return error_plain(err, "the log %s is not a regular file", path);
	}
	return empty_log(fd, dir, path, &st, err);
}

/* dir: the directory that contains the log. */
static int open_log(struct confine *c, const struct odir_request *r, int dir, struct error *err)
{
	int fd = open_new_log(dir, path_base(r->log_path));

	if (fd >= 0)
		return fd;
	if (errno == EEXIST)
		return open_old_log(c, r, dir, err);
	return error_sys(err, errno, "cannot open the log %s", r->log_path);
}

static bool is_directly_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

/* Elsewhere below the scratch root. */
static int open_log_elsewhere(struct confine *c, const struct odir_request *r, struct error *err)
{
	_cleanup_(freep) char *path = odir_dir_of(r->log_path);
	_cleanup_(closep) int dir = confine_make_dir(c, path, err);

	return dir < 0 ? -1 : open_log(c, r, dir, err);
}

int odir_prepare(struct confine *c, const struct odir_request *r, struct odir *ret,
		 struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int parent = -1;
	int log_fd;

	*ret = (struct odir){.dir = -1};
	if (confine_path(c, r->odir, err) < 0 || confine_path(c, r->log_path, err) < 0)
		return -1;
	path = odir_dir_of(r->odir);
	parent = confine_make_dir(c, path, err);
	if (parent < 0 || (r->attempt > 1 && !r->is_made && set_attempt_aside(c, r, err) < 0))
		return -1;
	ret->dir = make_odir(c, r, parent, ret, err);
	if (ret->dir < 0)
		return -1;
	log_fd = is_directly_in(r->log_path, r->odir) ? open_log(c, r, ret->dir, err)
						      : open_log_elsewhere(c, r, err);
	if (log_fd < 0)
		closep(&ret->dir);
	return log_fd;
}
