/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that jobs may read, at one moment: of a git work tree the content of all that is
 * tracked or neither tracked nor ignored; outside of one path, size, time and mode of all that is
 * below the configuration's directory. The scratch root and the configuration's own files are no
 * part of it: what these say is in the jobs.
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
	const char *what; /* its content, size, mode …: two that are equal are the same */
	double mtime_s;
	bool is_listed; /* it has not been committed */
	bool is_own;	/* tracked by git: no job may write to it */
};

struct sources {
	struct arena *mem;
	const char *dir;     /* whose files these are */
	const char *unknown; /* why nothing is known of them; NULL: it is */
	bool is_git;
	const char *commit;  /* or NULL */
	const char *digest;  /* of all */
	const char *tracked; /* of those that are tracked */
	/* Those that differ from the commit; without git, all of them. */
	VEC(struct source_file) files;
	bool is_cut; /* there are more */
};

/* dir: the configuration's, or the project's. config_files: absolute paths. */
void sources_take(struct sources *ret, const char *dir, const char *scratch_root,
		  const struct map *config_files);
void sources_done(struct sources *s);

/* 0, or -1 with err. */
int sources_save(const struct sources *s, const char *run_path, struct error *err);
/* A run of an older dvsched has none: that is unknown, too. */
void sources_load(struct sources *ret, const char *run_path);

/* When jobs of a run were going: what is not tracked and was written then is their output. */
struct sources_time {
	double from_s, to_s;
};
/* NULL: they are the same; else what differs, in mem. */
const char *sources_difference(const struct sources *was, const struct sources *is,
			       const struct sources_time *times, size_t n_times, struct arena *mem);

/* ---- private ---- */
bool sources_take_git(struct sources *s, const char *top, const char *scratch_root,
		      const struct map *config_files);
void sources_take_walk(struct sources *s, const char *scratch_root, const struct map *config_files);
/* Is that path, relative to the directory, none of the sources? */
bool sources_leave_out(const struct sources *s, const char *path, const char *scratch_root,
		       const struct map *config_files);
/* Digests of all files, sorted by path, into s; keeps those that are listed. */
void sources_digest(struct sources *s, struct source_file *files, size_t n);

#endif
