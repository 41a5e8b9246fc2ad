/* SPDX-License-Identifier: Apache-2.0 */
/* The current directory, which may have been removed, for example by a switch of branches. */
#ifndef CLI_LOAD_HERE_H
#define CLI_LOAD_HERE_H

#include "cli/args/options.h"

/*
 * An error if the current directory is gone and the command line needs it: for a relative path, or
 * for a command to run in it. Returns 0 or -1.
 */
int here_check(const struct args *args, struct diags *diags);
/* An error if the current directory is gone. Returns 0 or -1. */
int here_require(struct diags *diags);

#endif
