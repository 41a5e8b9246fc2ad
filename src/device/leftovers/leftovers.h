/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that a worker may leave outside its directory when it is killed: temporary copies of
 * libraries, named memory that ranks share. The worker writes each name into a record in the state
 * directory before the file can exist. When the worker is gone, the dvsched that started it removes
 * the recorded files, or the next dvsched with that state directory does.
 *
 * A recorded file stays if it is another one by now (device, inode, time of creation), belongs to
 * another user, or is in use by a running process. Only this user's records are read.
 *
 * In device/leftovers/: the record of names, who still uses such a file, and its removal. Entry:
 * leftovers_sweep().
 */
#ifndef DEVICE_LEFTOVERS_LEFTOVERS_H
#define DEVICE_LEFTOVERS_LEFTOVERS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

struct leftovers;

/* The path of a record for a worker that is about to start: <state_dir>/left-<uid>/<unique name>.
 * The caller calls free(). */
char *leftovers_new_path(const char *state_dir);

/* ---- in the worker, from any of its threads ---- */

/* Creates the record at path; it stays open until the process ends. NULL with err. */
struct leftovers *leftovers_begin(const char *path, struct error *err);
/* Files whose path matches pattern (fnmatch(), whole paths) may be left, by any process. A
 * pattern without a wildcard is recorded at once. false: it is not an absolute path, or too
 * long. */
bool leftovers_add_pattern(struct leftovers *l, const char *pattern);
bool leftovers_has_name(struct leftovers *l, const char *path);
/* Records path, before the file exists. */
void leftovers_note(struct leftovers *l, const char *path);
/* The file at path exists, with this identity. st NULL: it does not exist and will not be
 * created. */
void leftovers_settle(struct leftovers *l, const char *path, const struct stat *st);
/* Records an existing file, such as a loaded library, if its path matches a pattern. */
void leftovers_find(struct leftovers *l, const char *path);

/* ---- in dvsched, after the worker ---- */

struct leftovers_swept {
	unsigned n_removed;
	unsigned n_in_use; /* still in use; left for the next sweep */
};

/* Removes files that dead processes have left. Records that cannot be read are left alone. */
struct leftovers_swept leftovers_sweep(const char *state_dir);

#endif
