/* SPDX-License-Identifier: Apache-2.0 */
/* The record of leftovers, in the worker. */
#include "device/leftovers/leftovers.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "device/leftovers/file.h"

struct left_place {
	struct left_file file;
	bool is_taken, is_there; /* is_there: file has the identity of an existing file */
};

struct leftovers {
	int fd; /* locked until this process ends */
	pthread_mutex_t lock;
	VEC(char *) patterns;
	VEC(struct left_place) places; /* in the order of the lines after the first */
};

char *leftovers_new_path(const char *state_dir)
{
	static _Atomic unsigned n_made;
	uint32_t chance = 0;

	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) < 0)
		chance = 0;
	return xasprintf("%s/left-%u/%ld-%u-%08x", state_dir, (unsigned)geteuid(), (long)getpid(),
			 atomic_fetch_add(&n_made, 1), (unsigned)chance);
}

/* Writes line number `at`. Errors are ignored, because this process cannot report them: a sweep
 * then misses the file. */
static void leftovers_write_line(const struct leftovers *l, size_t at,
				 const char line[LEFTOVERS_LINE])
{
	if (pwrite(l->fd, line, LEFTOVERS_LINE, (off_t)(at * LEFTOVERS_LINE)) < 0)
		return;
}

static void write_place(const struct leftovers *l, const struct left_place *p)
{
	char line[LEFTOVERS_LINE];

	left_file_put(line, p->is_taken ? &p->file : NULL);
	leftovers_write_line(l, (size_t)(p - l->places.at) + 1, line);
}

struct leftovers *leftovers_begin(const char *path, struct error *err)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	char line[LEFTOVERS_LINE];
	char *dir = path_dir(mem, path);
	struct proc_id self;
	struct leftovers *l;
	int fd = -1;

	if (fs_mkdirs(path_dir(mem, dir), 0755) == 0 && (mkdir(dir, 0700) == 0 || errno == EEXIST))
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	proc_id_self(&self);
	left_owner_put(line, &self);
	if (fd < 0 || pwrite(fd, line, LEFTOVERS_LINE, 0) != LEFTOVERS_LINE) {
		error_sys(err, errno, "cannot create %s, the record of temporary files", path);
		closep(&fd);
		return NULL;
	}
	/* For a sweep from another pid namespace. Fails silently on a file system without locks. */
	flock(fd, LOCK_EX | LOCK_NB);
	l = xcalloc(1, sizeof(*l));
	l->fd = fd;
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

/* ---- places; with the lock ---- */

static struct left_place *find_left(struct leftovers *l, const char *path)
{
	for (size_t i = 0; i < l->places.n; i++)
		if (l->places.at[i].is_taken && strcmp(l->places.at[i].file.path, path) == 0)
			return &l->places.at[i];
	return NULL;
}

static bool is_left_free(struct left_place *p)
{
	struct stat st;

	if (p->is_taken && p->is_there && lstat(p->file.path, &st) < 0 && errno == ENOENT)
		p->is_taken = false; /* its creator has removed it */
	return !p->is_taken;
}

static struct left_place *new_left(struct leftovers *l)
{
	for (size_t i = 0; i < l->places.n; i++)
		if (is_left_free(&l->places.at[i]))
			return &l->places.at[i];
	if (l->places.n == LEFTOVERS_MOST)
		return NULL;
	return vec_add(&l->places);
}

static struct left_place *take_left(struct leftovers *l, const char *path)
{
	struct left_place *p = find_left(l, path);

	if (p || strlen(path) >= LEFTOVERS_PATH || strchr(path, '\n'))
		return p;
	p = new_left(l);
	if (!p)
		return NULL;
	*p = (struct left_place){.is_taken = true};
	memcpy(p->file.path, path, strlen(path) + 1);
	write_place(l, p);
	return p;
}

static void settle_left(struct leftovers *l, struct left_place *p, const struct stat *st)
{
	p->is_taken = st != NULL;
	if (st) {
		p->is_there = true;
		p->file.device = st->st_dev;
		p->file.inode = st->st_ino;
		p->file.birth_ns = left_birth_ns(AT_FDCWD, p->file.path);
	}
	write_place(l, p);
}

/* ---- the interface ---- */

void leftovers_note(struct leftovers *l, const char *path)
{
	pthread_mutex_lock(&l->lock);
	take_left(l, path);
	pthread_mutex_unlock(&l->lock);
}

void leftovers_settle(struct leftovers *l, const char *path, const struct stat *st)
{
	struct left_place *p;

	pthread_mutex_lock(&l->lock);
	p = find_left(l, path);
	if (p)
		settle_left(l, p, st);
	pthread_mutex_unlock(&l->lock);
}

void leftovers_find(struct leftovers *l, const char *path)
{
	struct left_place *p;
	struct stat st;

	if (!leftovers_has_name(l, path) || lstat(path, &st) < 0)
		return;
	pthread_mutex_lock(&l->lock);
	p = take_left(l, path);
	if (p && (!p->is_there || p->file.inode != st.st_ino))
		settle_left(l, p, &st);
	pthread_mutex_unlock(&l->lock);
}

bool leftovers_add_pattern(struct leftovers *l, const char *pattern)
{
	if (pattern[0] != '/' || strlen(pattern) >= LEFTOVERS_PATH)
		return false;
	pthread_mutex_lock(&l->lock);
	vec_push(&l->patterns, xstrdup(pattern));
	if (!strpbrk(pattern, "*?["))
		take_left(l, pattern);
	pthread_mutex_unlock(&l->lock);
	return true;
}

bool leftovers_has_name(struct leftovers *l, const char *path)
{
	bool found = false;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->patterns.n && !found; i++)
		found = fnmatch(l->patterns.at[i], path, FNM_PATHNAME | FNM_PERIOD) == 0;
	pthread_mutex_unlock(&l->lock);
	return found;
}
