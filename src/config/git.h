/* SPDX-License-Identifier: Apache-2.0 */
/* What a git work tree tells without running git. */
#ifndef CONFIG_GIT_H
#define CONFIG_GIT_H

#include "base/arena.h"

/* The work tree around dir (absolute), or NULL. */
const char *git_find_root(struct arena *a, const char *dir);
/* The branch checked out at root, '/' as '-'; "HEAD" if none is; "default" if root is no work tree
 * or NULL. */
const char *git_branch(struct arena *a, const char *root);

#endif
