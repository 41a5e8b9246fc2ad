/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fence around the scratch root: every path that is made, renamed or removed for a job passes
 * here first. By its text a path must be below the root; and the directory it stands in must really
 * be there, whatever links lead to it.
 */
#ifndef EXEC_CONFINE_H
#define EXEC_CONFINE_H

#include "base/error.h"
#include "base/str.h"

struct confine {
	char *root, *real_root; /* real_root: NULL until it exists */
	struct str checked;	/* the directory that was looked at last */
	char *trash;		/* NULL until it was needed */
	unsigned n_trashed;
};

void confine_init(struct confine *c, const char *root);
void confine_done(struct confine *c);

/* path is below the root by its text. */
int confine_path(struct confine *c, const char *path, struct error *err);
/* Makes dir (with its parents) if it is not there; refuses one that is really outside. Remembers
 * the last one. */
int confine_make_dir(struct confine *c, const char *dir, struct error *err);
/* dir exists and is really inside, looked at now. */
int confine_real_dir(struct confine *c, const char *dir, struct error *err);
/* Renames path into the trash, where the clerk removes it at leisure. Nothing there: fine. */
int confine_trash(struct confine *c, const char *path, struct error *err);
/* Renames within one directory; both must be inside. */
int confine_rename(struct confine *c, const char *from, const char *to, struct error *err);

#endif
