/* SPDX-License-Identifier: Apache-2.0 */
#include "run/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc_id.h"
#include "base/str.h"

enum { NAME_SIZE = 256, OWNER_SIZE = 1024, TRIES = 10 };

/* The owner of a lock, from the lock file, which has one line: "pid host boot run", and "flock" in
 * the file for hosts without flock if the owner has one. */
struct owner {
	long pid;
	char host[NAME_SIZE], boot[NAME_SIZE], run[NAME_SIZE], how[NAME_SIZE];
};

static const char by_flock[] = "flock";

static void owner_self(struct owner *o, const char *run_id)
{
	memset(o, 0, sizeof(*o));
	o->pid = getpid();
	if (gethostname(o->host, sizeof(o->host) - 1) < 0 || !*o->host)
		strcpy(o->host, "-");
	proc_boot_read(o->boot);
	snprintf(o->run, sizeof(o->run), "%s", run_id);
}

/* how: by_flock, or "". */
static int owner_write(int fd, const char *run_id, const char *how)
{
	char line[OWNER_SIZE + 64];
	struct owner o;
	int n;

	owner_self(&o, run_id);
	n = snprintf(line, sizeof(line), "%ld %s %s %s%s%s\n", o.pid, o.host, o.boot, o.run,
		     *how ? " " : "", how);
	return ftruncate(fd, 0) < 0 ? -1 : fs_write_all(fd, line, (size_t)n);
}

/* false: the file is not written yet, or is not a lock file, or dir_fd is -1. */
static bool owner_read(int dir_fd, const char *name, struct owner *ret)
{
	_cleanup_(str_done) struct str line = {0};
	_cleanup_(closep) int fd = fs_open_begin(
		dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, &line, OWNER_SIZE);

	memset(ret, 0, sizeof(*ret));
	return fd >= 0 && line.len &&
	       sscanf(line.s, "%ld %255s %255s %255s %255s", &ret->pid, ret->host, ret->boot,
		      ret->run, ret->how) >= 4;
}

/* Callers say what can be done: errnum is EBUSY. */
static int lock_report_held(struct error *err, const char *dir, const struct owner *o)
{
	err->errnum = EBUSY;
	if (o->pid == 0)
		return error_plain(err, "another run is using %s", dir);
	return error_plain(err, "another run is using %s: run %s, pid %ld on %s", dir, o->run,
			   o->pid, o->host);
}

/* ---- without flock ---- */

/* The lock is certainly stale: its process has ended, or the machine was restarted. A lock of
 * another host is never stale. */
static bool is_stale(const struct owner *o)
{
	struct owner self;

	owner_self(&self, "");
	if (strcmp(o->host, self.host) != 0)
		return false;
	if (strcmp(o->boot, self.boot) != 0)
		return true;
	return kill((pid_t)o->pid, 0) < 0 && errno == ESRCH;
}

/*
 * Removes a stale lock file. Another process may have replaced it since it was read, so it is
 * renamed, read again, and renamed back if it is not the one that was seen.
 */
static void remove_stale(int dir_fd, const struct owner *seen)
{
	_cleanup_(freep) char *aside = xasprintf("%s.%d", LOCK_OWNER_NAME, (int)getpid());
	struct owner now;

	if (renameat(dir_fd, LOCK_OWNER_NAME, dir_fd, aside) < 0)
		return;
	if (owner_read(dir_fd, aside, &now) && memcmp(&now, seen, sizeof(now)) != 0 &&
	    linkat(dir_fd, aside, dir_fd, LOCK_OWNER_NAME, 0) < 0)
		return; /* a third process has the lock: leave the renamed file for inspection */
	unlinkat(dir_fd, aside, 0);
}

/* Fails with EEXIST if name exists. Some file systems have no hard links, others cannot rename
 * without replacing. */
static int give_name(int dir_fd, const char *aside, const char *name)
{
	if (linkat(dir_fd, aside, dir_fd, name, 0) == 0)
		return 0;
	if (errno == EEXIST)
		return -1;
	return renameat2(dir_fd, aside, dir_fd, name, RENAME_NOREPLACE);
}

/* The file gets its name only when its content is on disk. 1: created; 0: it exists; -1 with errno.
 */
static int make_owner_file(int dir_fd, const char *run_id, const char *how)
{
	_cleanup_(freep) char *aside = xasprintf("%s.%s", LOCK_OWNER_NAME, run_id);
	_cleanup_(closep) int fd = fs_create_new_at(dir_fd, aside, 0666);
	int rc, errnum;

	if (fd < 0)
		return -1;
	rc = owner_write(fd, run_id, how);
	if (rc == 0 && !*how)
		rc = fs_sync(fd); /* after a power failure it is complete, or does not exist */
	if (rc == 0)
		rc = give_name(dir_fd, aside, LOCK_OWNER_NAME);
	errnum = errno;
	unlinkat(dir_fd, aside, 0);
	errno = errnum;
	if (rc == 0)
		return 1;
	return errnum == EEXIST ? 0 : -1;
}

/* No run leaves an empty file: a crash of the machine did. */
static bool lock_is_empty(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == 0;
}

static int take_by_file_at(int dir_fd, const char *dir, const char *run_id, struct error *err)
{
	struct owner owner = {0};

	for (int i = 0; i < TRIES; i++) {
		int rc = make_owner_file(dir_fd, run_id, "");

		if (rc > 0)
			return 0;
		if (rc < 0)
			return error_sys(err, errno, "%s/%s cannot be made", dir, LOCK_OWNER_NAME);
		if (!owner_read(dir_fd, LOCK_OWNER_NAME, &owner)) {
			if (!lock_is_empty(dir_fd, LOCK_OWNER_NAME))
				continue;
		} else if (!is_stale(&owner)) {
			break;
		}
		remove_stale(dir_fd, &owner);
	}
	lock_report_held(err, dir, &owner);
	error_wrap(err, "(if that run is gone, remove %s/%s)", dir, LOCK_OWNER_NAME);
	return -1;
}

int lock_take_by_file(const char *dir, const char *run_id, struct lock *ret, struct error *err)
{
	_cleanup_(closep) int dir_fd = fs_openat_or_wait(AT_FDCWD, dir,
							 O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (dir_fd < 0)
		return error_sys(err, errno, "%s cannot be used", dir);
	if (take_by_file_at(dir_fd, dir, run_id, err) < 0)
		return -1;
	*ret = (struct lock){.dir = xstrdup(dir), .fd = -1, .is_by_file = true};
	return 0;
}

/* ---- with flock ---- */

static bool has_no_flock(int errnum)
{
	return errnum == ENOLCK || errnum == EOPNOTSUPP || errnum == ENOSYS || errnum == EINVAL;
}

static int flock_now(int fd)
{
	int rc;

	do
		rc = flock(fd, LOCK_EX | LOCK_NB);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? errno : 0;
}

static int open_lock_file(const char *path, struct error *err)
{
	int fd = fs_openat_or_wait(AT_FDCWD, path,
				   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);

	if (fd < 0)
		return error_sys(err, errno, "%s cannot be opened", path);
	return fd;
}

/*
 * After flock(). 1: path is the file, which has no other name; 0: it is another one now, or none,
 * and should be opened again; -1 with errno. A file that has another hard link is left to that one,
 * which may belong to an archive made with `cp -al`.
 */
static int lock_file_is_own(int fd, const char *path)
{
	struct stat own, named;

	if (fstat(fd, &own) < 0)
		return -1;
	if (lstat(path, &named) < 0)
		return errno == ENOENT ? 0 : -1;
	if (own.st_ino != named.st_ino || own.st_dev != named.st_dev)
		return 0;
	if (own.st_nlink <= 1)
		return 1;
	return unlink(path) < 0 ? -1 : 0;
}

/* Returns a descriptor of the lock file, and its lock in *ret_errnum: 0 or the errno of flock().
 * -1: the file cannot be opened. */
static int open_and_lock(const char *dir, int *ret_errnum, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", dir, LOCK_NAME);

	for (int i = 0;; i++) {
		int fd = open_lock_file(path, err), rc;

		if (fd < 0)
			return -1;
		*ret_errnum = flock_now(fd);
		rc = *ret_errnum ? 1 : lock_file_is_own(fd, path);
		if (rc > 0)
			return fd;
		if (rc < 0 || i == TRIES) {
			*ret_errnum = rc < 0 ? errno : EBUSY;
			return fd;
		}
		close(fd);
	}
}

static int lock_report_owner(const char *dir, struct error *err)
{
	_cleanup_(closep) int dir_fd = fs_openat_or_wait(AT_FDCWD, dir,
							 O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct owner owner;

	if (!owner_read(dir_fd, LOCK_NAME, &owner))
		owner.pid = 0;
	return lock_report_held(err, dir, &owner);
}

/* ---- runs that share the path ---- */

/* The file is not locked, so its run has ended. (make_beside() handles a file that was just created
 * and not locked yet.) */
static bool is_left_behind(int dir_fd, const char *name)
{
	_cleanup_(closep) int fd = fs_openat_or_wait(
		dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0;
}

/* A run on a host without flock() uses this file instead. If its run had a flock, that run has
 * ended: this one has the flock now. */
static int check_owner_file(const char *dir, struct error *err)
{
	_cleanup_(closep) int dir_fd = fs_openat_or_wait(AT_FDCWD, dir,
							 O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct owner owner;

	if (!owner_read(dir_fd, LOCK_OWNER_NAME, &owner) || strcmp(owner.how, by_flock) == 0 ||
	    is_stale(&owner))
		return 0;
	lock_report_held(err, dir, &owner);
	error_wrap(err, "(if that run is gone, remove %s/%s)", dir, LOCK_OWNER_NAME);
	return -1;
}

/*
 * Leaves the file that hosts without flock() use as the lock, so that they see this run. -1: such a
 * run has just taken it. If the file cannot be made, the flock is enough.
 */
static int leave_owner_file(const char *dir, const char *run_id, bool *ret_is_left,
			    struct error *err)
{
	_cleanup_(closep) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct owner owner;

	for (int i = 0; i < TRIES; i++) {
		int rc = make_owner_file(dir_fd, run_id, by_flock);

		*ret_is_left = rc > 0;
		if (rc != 0)
			return 0;
		if (check_owner_file(dir, err) < 0)
			return -1;
		owner_read(dir_fd, LOCK_OWNER_NAME, &owner);
		remove_stale(dir_fd, &owner);
	}
	return 0;
}

/* 0: no run shares the path. */
static int check_beside(const char *dir, struct error *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int rc = 0;

	while (d && rc == 0 && (e = readdir(d))) {
		struct owner owner;

		if (!str_starts(e->d_name, LOCK_BESIDE))
			continue;
		if (is_left_behind(dirfd(d), e->d_name)) {
			unlinkat(dirfd(d), e->d_name, 0);
			continue;
		}
		if (!owner_read(dirfd(d), e->d_name, &owner))
			owner.pid = 0;
		rc = lock_report_held(err, dir, &owner);
	}
	if (d)
		closedir(d);
	return rc;
}

/* 1: locked; 0: another process removed the file, or it had another name; -1 with errno. */
static int make_beside(int fd, const char *path, const char *run_id)
{
	int errnum = flock_now(fd), rc;

	if (errnum == EWOULDBLOCK)
		return 0;
	errno = errnum;
	rc = errnum ? -1 : lock_file_is_own(fd, path);
	return rc > 0 && owner_write(fd, run_id, "") < 0 ? -1 : rc;
}

int lock_take_beside(const char *dir, const char *run_id, struct lock *ret, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/" LOCK_BESIDE "%s", dir, run_id);
	int rc = 0;

	for (int i = 0; i < TRIES && rc == 0; i++) {
		_cleanup_(closep) int fd = fs_openat_or_wait(
			AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
			0666);

		rc = fd < 0 ? -1 : make_beside(fd, path, run_id);
		if (rc > 0) {
			*ret = (struct lock){.dir = xstrdup(dir), .fd = fd, .beside = path};
			path = NULL;
			fd = -1;
			return 0;
		}
	}
	return error_sys(err, rc < 0 ? errno : EBUSY, "%s cannot be locked", path);
}

/* ---- both ---- */

static void lock_close(struct lock *l)
{
	close(l->fd);
	free(l->dir);
	*l = (struct lock){.is_of_other = true};
}

int lock_take(const char *dir, const char *run_id, struct lock *ret, struct error *err)
{
	int errnum, fd = open_and_lock(dir, &errnum, err);

	if (fd < 0)
		return -1;
	if (errnum == 0 && owner_write(fd, run_id, "") == 0) {
		*ret = (struct lock){.dir = xstrdup(dir), .fd = fd};
		if (check_owner_file(dir, err) == 0 && check_beside(dir, err) == 0 &&
		    leave_owner_file(dir, run_id, &ret->has_owner_file, err) == 0)
			return 0;
		lock_close(ret);
		return -1;
	}
	if (errnum == 0)
		error_sys(err, errno, "%s/%s cannot be written", dir, LOCK_NAME);
	close(fd);
	if (has_no_flock(errnum))
		return lock_take_by_file(dir, run_id, ret, err);
	ret->is_of_other = errnum == EWOULDBLOCK;
	if (ret->is_of_other)
		lock_report_owner(dir, err);
	else if (!error_is_set(err))
		error_sys(err, errnum, "%s/%s cannot be locked", dir, LOCK_NAME);
	return -1;
}

static bool lock_report_running(struct error *err, const struct owner *o)
{
	err->errnum = EBUSY;
	return error_plain(err, "the run %s is still going: pid %ld on %s", o->run, o->pid,
			   o->host) < 0;
}

bool lock_is_held_by(const char *dir, const char *run_id, struct error *err)
{
	_cleanup_(closep) int dir_fd = fs_openat_or_wait(AT_FDCWD, dir,
							 O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	_cleanup_(freep) char *beside = xasprintf(LOCK_BESIDE "%s", run_id);
	_cleanup_(closep) int fd = -1;
	struct owner owner;

	if (dir_fd < 0)
		return false;
	if (owner_read(dir_fd, beside, &owner) && !is_left_behind(dir_fd, beside))
		return lock_report_held(err, dir, &owner) < 0;
	if (owner_read(dir_fd, LOCK_OWNER_NAME, &owner) && strcmp(owner.run, run_id) == 0 &&
	    !is_stale(&owner) &&
	    !(strcmp(owner.how, by_flock) == 0 && is_left_behind(dir_fd, LOCK_NAME)))
		return lock_report_running(err, &owner);
	/* The file stays after a run, so its contents may be old: the flock decides. */
	if (!owner_read(dir_fd, LOCK_NAME, &owner) || strcmp(owner.run, run_id) != 0)
		return false;
	fd = fs_openat_or_wait(dir_fd, LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW,
			       0);
	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return false;
	return lock_report_running(err, &owner);
}

void lock_leave(struct lock *l)
{
	if (!l->dir)
		return;
	/* The file of a flock stays in any case: if it were removed, two runs could lock two files
	 * of one name. */
	if (!l->is_by_file)
		close(l->fd);
	free(l->beside);
	free(l->dir);
	*l = (struct lock){0};
}

void lock_give(struct lock *l)
{
	if (l->is_by_file || l->has_owner_file) {
		_cleanup_(freep) char *path = xasprintf("%s/%s", l->dir, LOCK_OWNER_NAME);

		unlink(path);
	}
	if (l->beside)
		unlink(l->beside);
	lock_leave(l);
}
