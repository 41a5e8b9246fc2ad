/* SPDX-License-Identifier: Apache-2.0 */
/* --remote: copies the project into the scratch root, which all machines can see, to run it
 * there. */
#ifndef CLI_LOAD_REMOTE_H
#define CLI_LOAD_REMOTE_H

#include "base/arena.h"
#include "base/diag.h"

struct remote {
	const char *project;	  /* absolute */
	const char *scratch_root; /* absolute; not copied, even if it is inside the project */
	const char *to;		  /* absolute; created if it does not exist */
};

/* Copies with rsync, with a lock on the target. Returns 0, or -1 after an error. */
int remote_copy(struct arena *mem, const struct remote *r, struct diags *diags);

#endif
