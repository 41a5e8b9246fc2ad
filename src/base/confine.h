/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confines file operations to the scratch root. dvsched's processes create, rename and remove
 * files for a job only in directories that were opened here: the path must be below the root by
 * its text, and the directory beneath it after all links are resolved. Jobs may rename directories
 * and replace them by links at any time, so a directory is used by its descriptor, never by its
 * path, and opened again for each use.
 *
 * The root itself is opened once. Linux 5.6 resolves a path beneath it in one step (openat2); else
 * the directory is opened, and its place is read from /proc.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include <stdbool.h>

#include "base/error.h"

struct confine {
	char *root;	 /* NULL: not initialised, or done */
	char *real_root; /* NULL until it exists */
	int root_fd;	 /* with real_root */
	bool is_plain;	 /* there is no openat2() */
	char *trash;	 /* NULL until first needed */
	unsigned n_trashed;
};

/* root: absolute, normalised. */
void confine_init(struct confine *c, const char *root);
void confine_done(struct confine *c); /* also of {0} */

/* Checks that path is below the root by its text. Does not look at the file system. */
int confine_path(struct confine *c, const char *path, struct error *err);
/* Opens a directory that exists. Returns a descriptor for openat(), mkdirat() and the like
 * (O_PATH), or -1 with err. */
int confine_open_dir(struct confine *c, const char *dir, struct error *err);
/* The same, and creates dir and its parents if they do not exist. */
int confine_make_dir(struct confine *c, const char *dir, struct error *err);
/* <root>/.dvsched/trash, created if it does not exist; NULL with err. Owned by c. */
const char *confine_trash_dir(struct confine *c, struct error *err);
/* Renames path into the trash, from which the clerk removes it later. It is no error if path does
 * not exist. */
int confine_trash(struct confine *c, const char *path, struct error *err);
/* Renames within one directory. */
int confine_rename(struct confine *c, const char *from, const char *to, struct error *err);

#endif
