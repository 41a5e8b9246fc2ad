/* SPDX-License-Identifier: Apache-2.0 */
/* Removes the leftovers of dead workers, but only files that are certainly theirs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "device/leftovers/file.h"
#include "device/leftovers/file_users.h"
#include "device/leftovers/leftovers.h"

enum { FOREIGN_AGE_S = 30 * 24 * 3600, HALF_BEGUN_AGE_S = 3600 };

/* A record, read completely. */
struct left_record {
	int dir_fd;
	const char *name;
	struct stat st;
	uint64_t birth_ns;
	struct str text;
	struct proc_id owner;
	bool is_locked;
};

/* Reads the record. false: it is not a regular file of this user. */
static bool read_record(struct left_record *r)
{
	_cleanup_(closep) int fd = openat(r->dir_fd, r->name,
					  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &r->st) < 0 || !S_ISREG(r->st.st_mode) ||
	    r->st.st_uid != geteuid() ||
	    fs_read_stream(fd, (size_t)LEFTOVERS_LINE * (LEFTOVERS_MOST + 1), &r->text) < 0)
		return false;
	r->birth_ns = left_birth_ns(r->dir_fd, r->name);
	r->is_locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	return true;
}

static bool is_older(const struct left_record *r, int age_s)
{
	return time(NULL) - r->st.st_mtime > age_s;
}

enum record_fate { RECORD_STAYS, RECORD_GOES, RECORD_IS_SWEPT };

static enum record_fate judge_record(struct left_record *r)
{
	/* The owner creates no file before the first line is written. */
	if (r->text.len < LEFTOVERS_LINE)
		return is_older(r, HALF_BEGUN_AGE_S) ? RECORD_GOES : RECORD_STAYS;
	if (!left_owner_take(r->text.s, &r->owner))
		return RECORD_STAYS;
	switch (proc_id_look(&r->owner)) {
	case PROC_GONE:
		return RECORD_IS_SWEPT;
	case PROC_ELSEWHERE:
		return r->is_locked ? RECORD_STAYS : RECORD_IS_SWEPT;
	case PROC_OF_ANOTHER_HOST:
		return is_older(r, FOREIGN_AGE_S) && !r->is_locked ? RECORD_GOES : RECORD_STAYS;
	default:
		return RECORD_STAYS;
	}
}

/* When the file was created, as far as the file system knows; else ctime, since mtime can be set
 * freely. */
static uint64_t born_ns(const char *path, const struct stat *st)
{
	uint64_t birth_ns = left_birth_ns(AT_FDCWD, path);

	return birth_ns
		       ? birth_ns
		       : (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec;
}

/* Is the file at f->path the one that was recorded? */
static bool is_left_by(const struct left_record *r, const struct left_file *f, struct stat *ret)
{
	if (lstat(f->path, ret) < 0 || !S_ISREG(ret->st_mode) || ret->st_uid != geteuid() ||
	    strstr(f->path, "/../"))
		return false;
	if (!f->inode) /* its creator died before it recorded the identity */
		return r->birth_ns && born_ns(f->path, ret) >= r->birth_ns;
	return f->device == ret->st_dev && f->inode == ret->st_ino &&
	       (!f->birth_ns || f->birth_ns == left_birth_ns(AT_FDCWD, f->path));
}

/* true: no recorded file is left. */
static bool sweep_record(const struct left_record *r, struct leftovers_swept *swept)
{
	size_t n_lines = r->text.len / LEFTOVERS_LINE, n = 0;
	struct left_file *left = xcalloc(n_lines, sizeof(*left));
	struct used_file *used = xcalloc(n_lines, sizeof(*used));
	unsigned n_in_use = 0;
	struct stat st;

	for (size_t i = 1; i < n_lines; i++)
		if (left_file_take(r->text.s + i * LEFTOVERS_LINE, &left[n]) &&
		    is_left_by(r, &left[n], &st)) {
			used[n] = (struct used_file){left[n].path, st.st_dev, st.st_ino, false};
			n++;
		}
	file_users_find(used, n);
	for (size_t i = 0; i < n; i++) {
		if (used[i].is_used)
			n_in_use++;
		else if (unlink(used[i].path) == 0)
			swept->n_removed++;
	}
	swept->n_in_use += n_in_use;
	free(used);
	free(left);
	return n_in_use == 0;
}

static void sweep_name(int dir_fd, const char *name, struct leftovers_swept *swept)
{
	struct left_record r = {.dir_fd = dir_fd, .name = name};
	enum record_fate fate = read_record(&r) ? judge_record(&r) : RECORD_STAYS;

	if (fate == RECORD_GOES || (fate == RECORD_IS_SWEPT && sweep_record(&r, swept)))
		unlinkat(dir_fd, name, 0);
	str_done(&r.text);
}

struct leftovers_swept leftovers_sweep(const char *state_dir)
{
	_cleanup_(freep) char *path = xasprintf("%s/left-%u", state_dir, (unsigned)geteuid());
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct leftovers_swept swept = {0};
	struct dirent *e;
	struct stat st;

	/* Records in a directory that other users could write are not trusted. */
	if (d && (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022))) {
		closedir(d);
		return swept;
	}
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			sweep_name(fd, e->d_name, &swept);
	if (d)
		closedir(d);
	else
		closep(&fd);
	return swept;
}
