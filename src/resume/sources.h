/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the files that jobs may read, at one moment. In a git work tree: the contents of all
 * files that are tracked, or untracked and not ignored. Without git: path, size, time and mode of
 * all files below the configuration's directory. The scratch root is left out, and so are the
 * configuration's files, whose effect is in the jobs.
 */
#ifndef RESUME_SOURCES_H
#define RESUME_SOURCES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/vec.h"

#define SOURCES_NAME "sources.json" /* in the directory of a run */

struct source_file {
	const char *path; /* relative to the directory */
	const char *what; /* mode with hash, size or time: files with equal texts are the same */
	double mtime_s;
	bool is_listed; /* it differs from the commit, or there is no git */
	bool is_own;	/* tracked by git: never counts as output of a job */
};

struct sources {
	struct arena *mem;
	const char *dir;     /* the directory with the files */
	const char *unknown; /* why the state is unknown; NULL: it is known */
	bool is_git;
	const char *commit;  /* or NULL */
	const char *digest;  /* of all files */
	const char *tracked; /* of the tracked files */
	/* The files with is_listed: those that differ from the commit; without git, all files. */
	VEC(struct source_file) files;
	bool is_cut; /* the list is incomplete */
};

/* Reads the state now. dir: the directory of the configuration or of the project. config_files:
 * absolute paths. An error sets ret->unknown. */
void sources_take(struct sources *ret, const char *dir, const char *scratch_root,
		  const struct map *config_files);
void sources_done(struct sources *s);

/* Returns 0, or -1 with err. */
int sources_save(const struct sources *s, const char *run_path, struct error *err);
/* Reads the state from the run's directory. If there is none (a run of an older dvsched), it is
 * unknown. */
void sources_load(struct sources *ret, const char *run_path);

/* A time in which jobs of a run were running: untracked files written then are output of these
 * jobs. */
struct sources_time {
	double from_s, to_s;
};
/* Returns NULL if both are the same, else a text with the differences, in mem. */
const char *sources_difference(const struct sources *was, const struct sources *is,
			       const struct sources_time *times, size_t n_times, struct arena *mem);

/* ---- private ---- */
bool sources_take_git(struct sources *s, const char *top, const char *scratch_root,
		      const struct map *config_files);
void sources_take_walk(struct sources *s, const char *scratch_root, const struct map *config_files);
/* true: path, relative to the directory, is not one of the sources. */
bool sources_leave_out(const struct sources *s, const char *path, const char *scratch_root,
		       const struct map *config_files);
/* Sorts files by path, sets the digests of s, and copies the listed files to s. */
void sources_digest(struct sources *s, struct source_file *files, size_t n);

#endif
