/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/cgroup_run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/fs.h"
#include "base/mem.h"

static const char own_name[] = "own", run_prefix[] = "dvsched-", job_prefix[] = "job-";
static const char *const wanted[] = {"memory", "pids"};

/* What was killed is gone after a moment; each pause is a millisecond longer. */
enum { REMOVE_TRIES = 20 };
/* Another run may take a new directory for one that was left. */
enum { NAMES_TRIED = 10 };

/* ---- what a run has left ---- */

void cgroup_run_kill(const char *dir)
{
	DIR *d = dir ? opendir(dir) : NULL;
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		_cleanup_(freep) char *job = NULL;

		if (!str_starts(e->d_name, job_prefix))
			continue;
		job = xasprintf("%s/%s", dir, e->d_name);
		cgroup_write(job, "cgroup.kill", "1");
	}
	if (d)
		closedir(d);
}

static void cgroup_run_remove(const char *dir)
{
	for (int i = 0; cgroup_remove(dir) < 0 && errno == EBUSY && i < REMOVE_TRIES; i++)
		poll(NULL, 0, i + 1);
}

/* -1: it is gone, or another process has the lock. */
static int cgroup_run_lock(const char *dir)
{
	int fd = fs_open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st, here;

	if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 ||
			lstat(dir, &here) < 0 || st.st_ino != here.st_ino))
		closep(&fd);
	return fd;
}

/* If guardian, scheduler and a slot were killed together, jobs may be left, too. */
static void cgroup_run_remove_left(const char *home)
{
	DIR *d = opendir(home);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		_cleanup_(freep) char *dir = NULL;
		int fd;

		if (!str_starts(e->d_name, run_prefix))
			continue;
		dir = xasprintf("%s/%s", home, e->d_name);
		fd = cgroup_run_lock(dir);
		if (fd < 0)
			continue;
		cgroup_run_kill(dir);
		cgroup_run_remove(dir);
		close(fd);
	}
	if (d)
		closedir(d);
}

/* ---- is it delegated? ---- */

/* systemd marks what it delegates. */
static bool home_is_marked(const char *home)
{
	char value[8];

	return (getxattr(home, "user.delegate", value, sizeof(value)) == 1 ||
		getxattr(home, "trusted.delegate", value, sizeof(value)) == 1) &&
	       value[0] == '1';
}

static bool home_has(const char *home, const char *name, int how)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", home, name);

	return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0;
}

/* Root may write to every cgroup, so its right to write shows nothing. NULL: it is delegated. */
static const char *why_not_delegated(const char *home, bool is_root_of_view)
{
	char type[32] = "domain";

	if (!home_has(home, "cgroup.events", F_OK))
		return "is the root cgroup of the machine, which is delegated to nobody";
	if (!home_has(home, ".", W_OK | X_OK) || !home_has(home, "cgroup.procs", W_OK) ||
	    !home_has(home, "cgroup.subtree_control", W_OK))
		return "is not delegated to this user";
	if (geteuid() == 0 && !is_root_of_view && !home_is_marked(home))
		return "is not delegated: it has no attribute user.delegate";
	cgroup_read_line(home, "cgroup.type", type, sizeof(type));
	return strcmp(type, "domain") == 0 ? NULL : "is a cgroup of threads";
}

/* ---- the run's own ---- */

static int cgroup_run_make(struct cgroup_run *r)
{
	for (unsigned n = 0; n < NAMES_TRIED; n++) {
		char *dir = xasprintf("%s/%s%d-%u", r->home, run_prefix, (int)getpid(), n);

		if (mkdir(dir, 0755) == 0 && (r->lock_fd = cgroup_run_lock(dir)) >= 0) {
			r->dir = dir;
			return 0;
		}
		free(dir);
		if (errno != EEXIST && errno != ENOENT && errno != EWOULDBLOCK)
			break;
	}
	return -1;
}

static bool home_offers(const struct cgroup_run *r, const char *file)
{
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!cgroup_has_word(r->home, file, wanted[i]))
			return false;
	return true;
}

/* Others would have to be moved, too, and they are not ours. */
static bool home_is_ours_alone(const struct cgroup_run *r)
{
	_cleanup_(freep) char *path = xasprintf("%s/cgroup.procs", r->home);
	FILE *f = fopen(path, "re");
	bool is_alone = f != NULL;
	char line[32];

	while (f && is_alone && fgets(line, sizeof(line), f))
		is_alone = atol(line) == getpid();
	if (f)
		fclose(f);
	return is_alone;
}

static bool move_self(const char *dir)
{
	return cgroup_write(dir, "cgroup.procs", "0");
}

static void switch_controllers(const char *dir, char sign)
{
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		char text[16];

		snprintf(text, sizeof(text), "%c%s", sign, wanted[i]);
		cgroup_write(dir, "cgroup.subtree_control", text);
	}
}

static void cgroup_run_move(struct cgroup_run *r)
{
	_cleanup_(freep) char *own = xasprintf("%s/%s", r->dir, own_name);

	r->is_moved = mkdir(own, 0755) == 0 && move_self(own);
	if (r->is_moved)
		switch_controllers(r->home, '+');
}

/* Returns why the kernel limits no job; NULL: it does. */
static const char *cgroup_run_enable(struct cgroup_run *r)
{
	if (!home_offers(r, "cgroup.controllers"))
		return "that has not the controllers memory and pids";
	if (!home_offers(r, "cgroup.subtree_control")) {
		if (!home_is_ours_alone(r))
			return "other processes are in it";
		cgroup_run_move(r);
	}
	switch_controllers(r->dir, '+');
	if (cgroup_has_word(r->dir, "cgroup.subtree_control", wanted[0]) &&
	    cgroup_has_word(r->dir, "cgroup.subtree_control", wanted[1]))
		return NULL;
	return "its controllers cannot be switched on";
}

void cgroup_run_open(struct cgroup_run *r, const char *proc)
{
	bool is_root_of_view = false;
	const char *why;

	*r = (struct cgroup_run){.lock_fd = -1, .owner = getpid()};
	r->home = cgroup_find_v2(proc, &is_root_of_view);
	if (!r->home) {
		str_add(&r->note, "no cgroups are used: no cgroup2 is mounted for this process");
		return;
	}
	why = why_not_delegated(r->home, is_root_of_view);
	if (why) {
		str_printf(&r->note, "no cgroups are used: %s %s", r->home, why);
		return;
	}
	cgroup_run_remove_left(r->home);
	if (cgroup_run_make(r) < 0) {
		str_printf(&r->note, "no cgroups are used: cannot make one in %s: %s", r->home,
			   strerror(errno));
		return;
	}
	why = cgroup_run_enable(r);
	str_printf(&r->note, "each job has a cgroup below %s", r->dir);
	if (why)
		str_printf(&r->note, ", without limits: of %s, %s", r->home, why);
}

static void cgroup_run_undo(struct cgroup_run *r)
{
	cgroup_run_kill(r->dir);
	switch_controllers(r->dir, '-');
	if (r->is_moved) { /* a cgroup that limits those below it can have no process */
		switch_controllers(r->home, '-');
		move_self(r->home);
	}
	cgroup_run_remove(r->dir);
}

void cgroup_run_close(struct cgroup_run *r)
{
	if (r->dir && r->owner == getpid())
		cgroup_run_undo(r);
	closep(&r->lock_fd);
	str_done(&r->note);
	free(r->dir);
	free(r->home);
	*r = (struct cgroup_run){.lock_fd = -1};
}
