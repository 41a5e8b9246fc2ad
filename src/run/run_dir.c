/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/mem.h"
#include "run/journal.h"
#include "run/lock.h"
#include "run/plan_file.h"
#include "run/results_file.h"
#include "run/run_names.h"

enum { PRIVATE = 0700, SHARED = 0777, ID_SIZE = 40, TRIES = 16, MOVES = 1000 };

struct run_dir {
	char *runs; /* <scratch>/.dvsched/runs */
	char *path;
	char *warning;
	char id[ID_SIZE];
	int fd;
	bool is_published, is_latest, is_shared, leaves_locks;
	struct lock *locks;
	size_t n_locks;
};

/* ---- creation ---- */

/* make: fs_mkdirs() or fs_mkdirs_of_trees(). */
static int make_or_wait(int (*make)(const char *path, mode_t mode), const char *path, mode_t mode,
			struct error *err)
{
	unsigned n = 0;

	while (make(path, mode) < 0)
		if (!errno_wait_out(&n))
			return error_sys(err, errno, "%s cannot be made", path);
	return 0;
}

static int run_dir_make_dir(const char *path, mode_t mode, struct error *err)
{
	return make_or_wait(fs_mkdirs, path, mode, err);
}

static int make_scratch_root(const char *path, struct error *err)
{
	return make_or_wait(fs_mkdirs_of_trees, path, SHARED, err);
}

static int make_runs(struct run_dir *r, const char *scratch_root, struct error *err)
{
	_cleanup_(freep) char *own = xasprintf("%s/.dvsched", scratch_root);

	if (make_scratch_root(scratch_root, err) < 0 || run_dir_make_dir(own, PRIVATE, err) < 0)
		return -1;
	r->runs = xasprintf("%s/runs", own);
	return run_dir_make_dir(r->runs, PRIVATE, err);
}

/* The six hex digits are the part of the second, in units of 15 us, and a random number: ids sorted
 * as text are sorted by time. */
static int choose_id(struct run_dir *r, double wall_s, struct error *err)
{
	time_t t = (time_t)wall_s;
	unsigned part = (unsigned)((wall_s - (double)t) * 65536) & 0xffff;
	unsigned char random;
	ssize_t k;
	size_t n;
	struct tm tm;

	do
		k = getrandom(&random, 1, 0);
	while (k < 0 && errno == EINTR);
	if (k != 1)
		return error_sys(err, errno, "cannot get random numbers");
	gmtime_r(&t, &tm);
	n = strftime(r->id, sizeof(r->id), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(r->id + n, sizeof(r->id) - n, "-%04x%02x", part, random);
	return 0;
}

/*
 * Locks the directory, so that no other run takes it for one that was left behind. false: another
 * run did so before it was locked. Without flock() no run removes such directories.
 */
static bool hold_directory(int fd, const char *path)
{
	struct stat held, named;
	unsigned n = 0;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno != EWOULDBLOCK;
	while (fstat(fd, &held) < 0 || stat(path, &named) < 0)
		if (!errno_wait_out(&n))
			return false;
	return held.st_ino == named.st_ino;
}

static bool run_dir_is_taken(const struct run_dir *r)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", r->runs, r->id);

	return fs_exists(path);
}

/* Names of runs are in the order of their starts, also after the clock was set back. */
static double run_dir_time(const struct run_dir *r, const struct clock *clock)
{
	double wall_s = clock_wall(clock);
	time_t newest = run_names_newest(r->runs);

	return newest > (time_t)wall_s ? (double)newest + 1 : wall_s;
}

/* Two runs may start at the same time; they need not share the random part as well. */
static int run_dir_make_run(struct run_dir *r, const struct clock *clock, struct error *err)
{
	for (int i = 0; i < TRIES; i++) {
		if (choose_id(r, run_dir_time(r, clock), err) < 0)
			return -1;
		if (run_dir_is_taken(r))
			continue;
		free(r->path);
		r->path = xasprintf("%s/.%s", r->runs, r->id);
		if (mkdir(r->path, PRIVATE) == 0) {
			r->fd = fs_openat_or_wait(AT_FDCWD, r->path,
						  O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
			if (r->fd < 0 || hold_directory(r->fd, r->path))
				break;
			closep(&r->fd);
		} else if (errno != EEXIST) {
			break;
		}
	}
	return r->fd < 0 ? error_sys(err, errno, "a directory in %s cannot be made", r->runs) : 0;
}

/* A run with builds of its own (may_share) may use the path together with another run. */
static int take_lock(struct run_dir *r, const char *dir, bool may_share, struct error *err)
{
	struct lock *l = &r->locks[r->n_locks];

	if (lock_take(dir, r->id, l, err) == 0)
		return 0;
	if (!l->is_of_other || !may_share)
		return -1;
	if (!r->warning)
		r->warning = xasprintf(
			"%s; this run has builds of its own and shares the directory: directories "
			"of tests that both run are moved aside",
			err->msg);
	error_done(err);
	r->is_shared = true;
	return lock_take_beside(dir, r->id, l, err);
}

static int lock_block(struct run_dir *r, const char *dir, bool may_share, struct error *err)
{
	struct lock *l = &r->locks[r->n_locks];

	if (run_dir_make_dir(dir, SHARED, err) < 0 || take_lock(r, dir, may_share, err) < 0)
		return -1;
	r->n_locks++;
	if (l->is_by_file && !r->warning)
		r->warning = xasprintf("%s has no flock(), so the file %s is used as its lock", dir,
				       LOCK_OWNER_NAME);
	return 0;
}

/* Changes the plan to use another scratch path, NAME.<number>: the directories of its jobs are
 * below it. */
static void move_plan(struct plan *plan, unsigned number)
{
	struct job_block *block = arena_memdup(plan->mem, plan->jobs[0].block, sizeof(*block));

	block->scratch_path = arena_printf(plan->mem, "%s/%s.%u", plan->scratch_root, plan->name,
					   number);
	for (size_t i = 0; i < plan->n_jobs; i++)
		plan->jobs[i].block = block;
}

/* Takes the first scratch path that no other run uses, so that several runs can be started at the
 * same time. */
static int lock_movable(struct run_dir *r, struct plan *plan, struct error *err)
{
	r->locks = xcalloc(1, sizeof(*r->locks));
	for (unsigned number = 2;; number++) {
		if (lock_block(r, plan->jobs[0].block->scratch_path, false, err) == 0)
			return 0;
		if (!r->locks->is_of_other || number > MOVES)
			return -1;
		r->locks->is_of_other = false;
		error_done(err);
		move_plan(plan, number);
	}
}

static int lock_blocks(struct run_dir *r, struct plan *plan, struct error *err)
{
	struct map paths = {0};
	const struct map_entry *e;
	size_t at = 0;
	int rc = 0;

	if (plan->may_move && plan->n_jobs)
		return lock_movable(r, plan, err);
	for (size_t i = 0; i < plan->n_jobs; i++)
		map_set(&paths, plan->jobs[i].block->scratch_path, r);
	r->locks = xcalloc(paths.n_live, sizeof(*r->locks));
	while (rc == 0 && (e = map_next(&paths, &at)) != NULL)
		rc = lock_block(r, e->key, plan->may_share, err);
	map_done(&paths);
	return rc;
}

static int write_plan(const struct run_dir *r, const struct plan *plan, struct error *err)
{
	int fd = fs_openat_or_wait(r->fd, PLAN_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int errnum = fd < 0 ? errno : plan_write(fd, plan, r->id);

	if (errnum == 0 && fs_sync_data(fd) < 0)
		errnum = errno;
	if (fd >= 0 && close(fd) < 0 && errnum == 0)
		errnum = errno;
	return errnum ? error_sys(err, errnum, "%s/%s cannot be written", r->path, PLAN_NAME) : 0;
}

/* Reserves about the size of the results. The run goes on if the file system cannot do this. */
static void reserve_space(const struct run_dir *r, const struct plan *plan)
{
	off_t size = 16 * 1024 + (off_t)plan->n_jobs * 1024, most = 32 << 20;
	_cleanup_(closep) int fd = fs_openat_or_wait(
		r->fd, RESULTS_RESERVE, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && fallocate(fd, 0, 0, size < most ? size : most) < 0)
		unlinkat(r->fd, RESULTS_RESERVE, 0);
}

struct run_dir *run_dir_new(struct plan *plan, const struct clock *clock, struct error *err)
{
	struct run_dir *r = xcalloc(1, sizeof(*r));

	r->fd = -1;
	if (make_runs(r, plan->scratch_root, err) == 0 && run_dir_make_run(r, clock, err) == 0 &&
	    lock_blocks(r, plan, err) == 0 && write_plan(r, plan, err) == 0) {
		reserve_space(r, plan);
		return r;
	}
	run_dir_free(r);
	return NULL;
}

/* ---- publication and end ---- */

static int sync_dir(const char *path)
{
	_cleanup_(closep) int fd = fs_openat_or_wait(AT_FDCWD, path,
						     O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	return fd < 0 ? -1 : fs_sync(fd);
}

bool run_dir_is_shared(const struct run_dir *r)
{
	return r->is_shared;
}

static int run_dir_rename(struct run_dir *r, struct error *err)
{
	char *path;

	if (r->is_published)
		return 0;
	path = xasprintf("%s/%s", r->runs, r->id);
	if (rename(r->path, path) < 0) {
		error_sys(err, errno, "%s cannot be made", path);
		free(path);
		return -1;
	}
	free(r->path);
	r->path = path;
	r->is_published = true;
	return 0;
}

int run_dir_publish(struct run_dir *r, struct error *err)
{
	_cleanup_(freep) char *latest = xasprintf("%s/latest", r->runs);

	if (r->is_latest)
		return 0;
	if (run_dir_rename(r, err) < 0)
		return -1;
	if (fs_set_link(r->id, latest) < 0)
		return error_sys(err, errno, "%s cannot be set", latest);
	if (sync_dir(r->runs) < 0)
		return error_sys(err, errno, "%s cannot be synced", r->runs);
	r->is_latest = true;
	return 0;
}

/* Is the record published? Or could it not be renamed, but has results or a record of the start? */
static bool run_dir_has_run(const struct run_dir *r)
{
	struct stat st;

	return r->is_published || faccessat(r->fd, RESULTS_NAME, F_OK, 0) == 0 ||
	       (fstatat(r->fd, JOURNAL_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0);
}

void run_dir_leave_locks(struct run_dir *r)
{
	r->leaves_locks = true;
}

void run_dir_free(struct run_dir *r)
{
	if (!r)
		return;
	if (r->fd >= 0 && !run_dir_has_run(r))
		fs_remove_tree(r->path);
	if (r->fd >= 0) {
		unlinkat(r->fd, RESULTS_RESERVE, 0);
		close(r->fd);
	}
	while (r->n_locks)
		(r->leaves_locks ? lock_leave : lock_give)(&r->locks[--r->n_locks]);
	free(r->locks);
	free(r->runs);
	free(r->path);
	free(r->warning);
	free(r);
}

const char *run_dir_path(const struct run_dir *r)
{
	return r->path;
}

const char *run_dir_id(const struct run_dir *r)
{
	return r->id;
}

int run_dir_fd(const struct run_dir *r)
{
	return r->fd;
}

const char *run_dir_warning(const struct run_dir *r)
{
	return r->warning;
}
