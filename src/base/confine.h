/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fence around the scratch root: every path that our processes make, rename or remove for a job
 * passes here first. By its text a path must be below the root; and the directory it stands in must
 * really be there, whatever links lead to it.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include "base/error.h"
#include "base/str.h"

struct confine {
	char *root, *real_root; /* real_root: NULL until it exists */
	struct str checked;	/* the directory that was looked at last */
	char *trash;		/* NULL until it was needed */
	unsigned n_trashed;
};

/* root: absolute, normalised. */
void confine_init(struct confine *c, const char *root);
void confine_done(struct confine *c);

/* path is below the root by its text. */
int confine_path(struct confine *c, const char *path, struct error *err);
/* Makes dir (with its parents) if it is not there; refuses one that is really outside. Remembers
 * the last one. */
int confine_make_dir(struct confine *c, const char *dir, struct error *err);
/* dir exists and is really inside, looked at now. */
int confine_real_dir(struct confine *c, const char *dir, struct error *err);
/* <root>/.dvsched/trash, made if it is not there; NULL with err. Owned by c. */
const char *confine_trash_dir(struct confine *c, struct error *err);
/* Renames path into the trash, where the clerk removes it at leisure. Nothing there: fine. */
int confine_trash(struct confine *c, const char *path, struct error *err);
/* Renames within one directory; both must be inside. */
int confine_rename(struct confine *c, const char *from, const char *to, struct error *err);

#endif
