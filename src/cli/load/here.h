/* SPDX-License-Identifier: Apache-2.0 */
/* The current directory, which may be gone: a branch was switched, a workspace was cleaned. */
#ifndef CLI_LOAD_HERE_H
#define CLI_LOAD_HERE_H

#include "cli/args/options.h"

/*
 * An error if the current directory is gone and the command line means it: a relative path, or a
 * command to be run in it. Returns 0 or -1.
 */
int here_check(const struct args *args, struct diags *diags);
/* An error if it is gone, for what needs it in any case. Returns 0 or -1. */
int here_require(struct diags *diags);

#endif
