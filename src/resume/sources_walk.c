/* SPDX-License-Identifier: Apache-2.0 */
/* Sources without git: all files below the directory. Time, number of files and depth are limited;
 * beyond that the state is unknown. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "resume/sources.h"

enum { FILES_MOST = 20000, DEEPEST = 100 };
static const double LONGEST_S = 0.5;

struct walk {
	struct sources *s;
	const struct sources_scope *scope;
	double began_s;
	VEC(struct source_file) files;
};

static void walk_dir(struct walk *w, const char *path, unsigned depth);

static void walk_one(struct walk *w, const char *path, unsigned depth)
{
	struct arena *mem = w->s->mem;
	const char *full = path_join(mem, w->s->dir, path);
	struct stat st;

	if (sources_leave_out(w->s, path, w->scope) || lstat(full, &st) < 0 ||
	    sources_is_own(w->scope, &st))
		return;
	if (S_ISDIR(st.st_mode)) {
		if (!sources_is_scratch(full))
			walk_dir(w, path, depth + 1);
		return;
	}
	if (w->files.n == FILES_MOST) {
		w->s->unknown = arena_printf(mem, "there are over %d files in %s", FILES_MOST,
					     w->s->dir);
		return;
	}
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return;
	vec_push(&w->files,
		 (struct source_file){
			 .path = path,
			 .what = arena_printf(mem, "%o %lld %lld.%09ld", st.st_mode,
					      (long long)st.st_size, (long long)st.st_mtim.tv_sec,
					      st.st_mtim.tv_nsec),
			 .mtime_s = (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9,
			 .is_listed = true,
		 });
}

/* path: relative to the directory; "" is the directory itself. */
static void walk_dir(struct walk *w, const char *path, unsigned depth)
{
	struct arena *mem = w->s->mem;
	DIR *d = opendir(*path ? path_join(mem, w->s->dir, path) : w->s->dir);
	const struct dirent *e;

	if (!d || depth > DEEPEST || clock_now(clock_real()) - w->began_s > LONGEST_S)
		w->s->unknown = arena_printf(
			mem, d ? "listing all files in %s takes too long" : "%s cannot be read",
			w->s->dir);
	while (d && !w->s->unknown && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			walk_one(w,
				 *path ? path_join(mem, path, e->d_name)
				       : arena_strdup(mem, e->d_name),
				 depth);
	if (d)
		closedir(d);
}

void sources_take_walk(struct sources *s, const struct sources_scope *scope)
{
	struct walk w = {
		.s = s,
		.scope = scope,
		.began_s = clock_now(clock_real()),
	};

	walk_dir(&w, "", 0);
	if (!s->unknown)
		sources_digest(s, w.files.at, w.files.n);
	vec_done(&w.files);
}
