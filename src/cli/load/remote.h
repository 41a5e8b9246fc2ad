/* SPDX-License-Identifier: Apache-2.0 */
/* --remote: the project is copied to where all machines see it, and run from there. */
#ifndef CLI_LOAD_REMOTE_H
#define CLI_LOAD_REMOTE_H

#include "base/arena.h"
#include "base/diag.h"

struct remote {
	const char *project;	  /* absolute */
	const char *scratch_root; /* absolute; not copied, though it may lie in the project */
	const char *to;		  /* absolute; made if it is not there */
};

/* rsync, under a lock on the target. Returns 0, or -1 after an error. */
int remote_copy(struct arena *mem, const struct remote *r, struct diags *diags);

#endif
