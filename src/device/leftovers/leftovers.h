/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker may leave outside when it is killed: temporary copies of libraries, named memory
 * that ranks share. The worker writes each name into a record in the state directory before the
 * file can be there; whoever finds the worker gone removes what is recorded: the dvsched that had
 * it, or the next one with that state directory.
 *
 * Never more than that: a file that is another one by now (device, inode, birth), another user's,
 * or in use by a process that lives, stays. Only this user's records are read.
 *
 * In device/leftovers/: the record of names, who still uses such a file, and its removal.
 * Entry: leftovers_sweep().
 */
#ifndef DEVICE_LEFTOVERS_LEFTOVERS_H
#define DEVICE_LEFTOVERS_LEFTOVERS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

struct leftovers;

/* For a worker about to start: <state_dir>/left-<uid>/<a name of its own>, the caller's to free().
 */
char *leftovers_new_path(const char *state_dir);

/* ---- the worker's side; from any of its threads ---- */

/* Makes the record at path; it stays open as long as this process lives. NULL with err. */
struct leftovers *leftovers_begin(const char *path, struct error *err);
/* What may be left: files of names that this matches (fnmatch(), whole paths), whoever makes them;
 * one without a wildcard is noted at once. false: it is no absolute path. */
bool leftovers_add_pattern(struct leftovers *l, const char *pattern);
bool leftovers_has_name(struct leftovers *l, const char *path);
/* Before path is there. */
void leftovers_note(struct leftovers *l, const char *path);
/* It is there, and this; st NULL: it is not, and will not be. */
void leftovers_settle(struct leftovers *l, const char *path, const struct stat *st);
/* Path is there, by whatever means: a loaded library. */
void leftovers_find(struct leftovers *l, const char *path);

/* ---- whoever comes later ---- */

struct leftovers_swept {
	unsigned n_removed;
	unsigned n_in_use; /* stay, until somebody sweeps again */
};

/* Removes what processes that are gone have left. What cannot be read is left alone. */
struct leftovers_swept leftovers_sweep(const char *state_dir);

#endif
