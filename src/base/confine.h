/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confines file operations to the scratch root. dvsched's processes check every path here before
 * they create, rename or remove it for a job: the path must be below the root by its text, and the
 * directory that contains it must be inside the root after all links are resolved.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include "base/error.h"
#include "base/str.h"

struct confine {
	char *root, *real_root; /* real_root: NULL until it exists */
	struct str checked;	/* the directory that confine_make_dir() checked last */
	char *trash;		/* NULL until first needed */
	unsigned n_trashed;
};

/* root: absolute, normalised. */
void confine_init(struct confine *c, const char *root);
void confine_done(struct confine *c);

/* Checks that path is below the root by its text. Does not look at the file system. */
int confine_path(struct confine *c, const char *path, struct error *err);
/* Creates dir and its parents if they do not exist. Fails if dir is outside the root after links
 * are resolved. A second call with the same dir is not checked again. */
int confine_make_dir(struct confine *c, const char *dir, struct error *err);
/* Checks now that dir exists and is inside the root after links are resolved. */
int confine_real_dir(struct confine *c, const char *dir, struct error *err);
/* <root>/.dvsched/trash, created if it does not exist; NULL with err. Owned by c. */
const char *confine_trash_dir(struct confine *c, struct error *err);
/* Renames path into the trash, from which the clerk removes it later. It is no error if path does
 * not exist. */
int confine_trash(struct confine *c, const char *path, struct error *err);
/* Renames within one directory; both must be inside. */
int confine_rename(struct confine *c, const char *from, const char *to, struct error *err);

#endif
