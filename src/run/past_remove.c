/* SPDX-License-Identifier: Apache-2.0 */
/* Removes old runs of a configuration. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "run/past_run.h"
#include "run/results_file.h"
#include "base/fs.h"

struct record {
	struct past_run run; /* id NULL: unknown, so it is kept */
	char *name;
	bool is_hidden; /* it was never published: the run was killed before its start, or the file
			   system has refused the name */
	bool stays;
	int left_fd; /* of a hidden one whose run has ended: has its lock; else -1 */
};

struct records {
	struct record *at;
	size_t n, cap, n_hidden;
};

static int past_remove_newest_first(const void *a, const void *b)
{
	return strcmp(((const struct record *)b)->name, ((const struct record *)a)->name);
}

static void records_read(struct records *l, const char *runs)
{
	DIR *d = opendir(runs);
	const struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		bool is_hidden = e->d_name[0] == '.';

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, "latest") == 0)
			continue;
		vec_push(l, (struct record){.name = xstrdup(e->d_name),
					    .is_hidden = is_hidden,
					    .left_fd = -1});
		l->n_hidden += is_hidden;
	}
	if (d)
		closedir(d);
	if (l->n)
		qsort(l->at, l->n, sizeof(*l->at), past_remove_newest_first);
}

static void records_done(struct records *l)
{
	while (l->n) {
		struct record *r = &l->at[--l->n];

		free(r->name);
		closep(&r->left_fd);
	}
	vec_done(l);
}

/* A run holds the lock of its directory. Returns a descriptor with that lock; -1: the run has not
 * ended, or there is no flock(). */
static int open_left(int runs_fd, const char *name)
{
	int fd = fs_openat(runs_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		closep(&fd);
	return fd;
}

/* A hidden directory with results belongs to a run whose file system refused the rename. */
static int open_without_results(int runs_fd, const char *name)
{
	int fd = open_left(runs_fd, name);

	if (fd >= 0 && faccessat(fd, RESULTS_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		closep(&fd);
	return fd;
}

static void record_peek(struct record *r, const char *runs, struct arena *mem)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", runs, r->name);
	struct error err = {0};

	if (past_run_peek(path, mem, &r->run, &err) < 0)
		r->run = (struct past_run){0};
	error_done(&err);
}

/* Rehearsals, nested and other runs are counted separately. */
static bool is_same_kind(const struct past_run *a, const struct plan *plan)
{
	return str_eq(a->cfg_path, plan->cfg_path) && a->is_nested == plan->is_nested &&
	       a->is_rehearsal == plan->is_rehearsal;
}

static void past_choose_removed(struct records *l, const struct plan *plan, const char *own_id,
				uint32_t keep)
{
	uint32_t n = 1; /* this run */

	for (size_t i = 0; i < l->n; i++) {
		struct record *r = &l->at[i];
		bool is_own = strcmp(r->name + r->is_hidden, own_id) == 0;
		bool is_one = !is_own && r->run.id && is_same_kind(&r->run, plan);

		if (r->left_fd >= 0)
			continue;
		r->stays = !is_one || n < keep || !results_are_final(r->run.path);
		n += r->stays && is_one;
	}
}

static bool past_remove_keep_one(struct records *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->at[i].stays && strcmp(l->at[i].name, id) == 0) {
			l->at[i].stays = true;
			return true;
		}
	return false;
}

/* Keeps the parents of runs that are kept. */
static void keep_parents(struct records *l)
{
	bool has_changed = true;

	while (has_changed) {
		has_changed = false;
		for (size_t i = 0; i < l->n; i++)
			if (l->at[i].stays && l->at[i].run.parent)
				has_changed |= past_remove_keep_one(l, l->at[i].run.parent);
	}
}

static int remove_rest(const struct records *l, const char *scratch_root, const char *runs,
		       struct error *err)
{
	struct confine c;
	int rc = 0;

	confine_init(&c, scratch_root);
	for (size_t i = l->n; i > 0 && rc == 0; i--) {
		_cleanup_(freep) char *path = xasprintf("%s/%s", runs, l->at[i - 1].name);

		if (!l->at[i - 1].stays)
			rc = confine_trash(&c, path, err);
	}
	confine_done(&c);
	return rc;
}

/* Removes the temporary files of a run that was killed: .reserve, .results.json.PID. */
static void tidy_run(int runs_fd, const char *name)
{
	_cleanup_(closep) int fd = open_left(runs_fd, name);
	DIR *d = fd < 0 ? NULL : fdopendir(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	const struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, RESULTS_RESERVE) == 0 ||
		    str_starts(e->d_name, "." RESULTS_NAME "."))
			unlinkat(fd, e->d_name, 0);
	if (d)
		closedir(d);
}

static void past_runs_tidy(int runs_fd)
{
	DIR *d = runs_fd < 0 ? NULL : fdopendir(fcntl(runs_fd, F_DUPFD_CLOEXEC, 0));
	const struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			tidy_run(runs_fd, e->d_name);
	if (d)
		closedir(d);
}

int past_runs_remove(const struct plan *plan, const char *own_id, uint32_t keep, struct error *err)
{
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", plan->scratch_root);
	_cleanup_(closep) int runs_fd = fs_open(runs, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct records l = {0};
	struct arena *mem;
	int rc;

	past_runs_tidy(runs_fd);
	if (keep == 0)
		return 0;
	records_read(&l, runs);
	if (l.n <= keep && l.n_hidden == 0) {
		records_done(&l);
		return 0;
	}
	mem = arena_new();
	for (size_t i = 0; i < l.n; i++) {
		struct record *r = &l.at[i];

		if (r->is_hidden)
			r->left_fd = open_without_results(runs_fd, r->name);
		if (r->left_fd < 0)
			record_peek(r, runs, mem);
	}
	past_choose_removed(&l, plan, own_id, keep);
	keep_parents(&l);
	rc = remove_rest(&l, plan->scratch_root, runs, err);
	records_done(&l);
	arena_free(mem);
	return rc;
}
