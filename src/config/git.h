/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the branch and root of a git work tree without running git. */
#ifndef CONFIG_GIT_H
#define CONFIG_GIT_H

#include "base/arena.h"

/* The root of the work tree that contains dir (absolute), or NULL. */
const char *git_find_root(struct arena *a, const char *dir);
/* The branch checked out in the work tree that contains root, with '/' as '-'. "HEAD" if HEAD is
 * detached; "default" if there is no work tree or root is NULL. */
const char *git_branch(struct arena *a, const char *root);

#endif
