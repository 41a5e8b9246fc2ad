/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the files that jobs may read, at one moment. In a git work tree: the contents of all
 * files that are tracked, or untracked and not ignored. Without git: path, size, time and mode of
 * all files below the configuration's directory. Scratch roots are left out, and so are the
 * configuration's files, whose effect is in the jobs, and files that dvsched itself writes to.
 */
#ifndef RESUME_SOURCES_H
#define RESUME_SOURCES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/sha256.h"
#include "base/vec.h"
#include "job/job_spec.h"

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
	double at_s;	     /* when the state was read, on the wall clock; 0: unknown */
	const char *unknown; /* why the state is unknown; NULL: it is known */
	bool is_git;
	const char *commit;  /* or NULL */
	const char *digest;  /* of all files */
	const char *tracked; /* of the tracked files */
	/* The files with is_listed: those that differ from the commit; without git, all files. */
	VEC(struct source_file) files;
	bool is_cut; /* the list is incomplete */
	struct map
		inputs; /* declared inputs of jobs: key -> struct sources, with their own files */
};

enum { SOURCES_OWN_MOST = 3 };

/* Where the files are, and which of them are no sources. */
struct sources_scope {
	const char *dir; /* the directory of the configuration or of the project */
	const char *scratch_root;
	const struct map *config_files; /* absolute paths */
	const char *const *generated;	/* globs of absolute paths, as in struct plan; or NULL */
	/* Files that this process writes to: standard output and error, the log file. */
	struct {
		dev_t dev;
		ino_t ino;
	} own[SOURCES_OWN_MOST];
	size_t n_own;
};

/* Adds fd to scope->own if it is a regular file. */
void sources_scope_add_own(struct sources_scope *scope, int fd);
/* Reads the state now. An error sets ret->unknown. */
void sources_take(struct sources *ret, const struct sources_scope *scope);
/* Reads the inputs that jobs of the plan declare. s: after sources_take(). */
void sources_take_inputs(struct sources *s, const struct sources_scope *scope,
			 const struct plan *plan);
/* NULL: s does not have these inputs. */
const struct sources *sources_inputs(const struct sources *s, const struct job_inputs *inputs);
void sources_done(struct sources *s);

/* Returns 0, or -1 with err. */
int sources_save(const struct sources *s, const char *run_path, struct error *err);
/* Reads the state from the run's directory. If there is none (a run of an older dvsched), it is
 * unknown. */
void sources_load(struct sources *ret, const char *run_path);

/* Records that the run at run_path has ended now, and has written its last output. */
void sources_end(const char *run_path);
/* When it did so, else when its sources were recorded; 0: unknown. */
double sources_end_s(const char *run_path);

/* A time in which jobs of a run were running: untracked files written then are output of these
 * jobs. */
struct sources_time {
	double from_s, to_s;
};
/* Returns NULL if both are the same, else a text with the differences, in mem. */
const char *sources_difference(const struct sources *was, const struct sources *is,
			       const struct sources_time *times, size_t n_times, struct arena *mem);

/* ---- private ---- */
bool sources_take_git(struct sources *s, const char *top, const struct sources_scope *scope);
void sources_take_walk(struct sources *s, const struct sources_scope *scope);
/* true: path, relative to the directory, is not one of the sources. */
bool sources_leave_out(const struct sources *s, const char *path,
		       const struct sources_scope *scope);
/* This process writes to that file. */
bool sources_is_own(const struct sources_scope *scope, const struct stat *st);
/* The directory is the scratch root of some runs. */
bool sources_is_scratch(const char *dir);
/* Sorts files by path, sets the digests of s, and copies the listed files to s. */
const char *sources_hex(struct arena *mem, struct sha256 *sha); /* ends sha */
void sources_digest(struct sources *s, struct source_file *files, size_t n);

#endif
