/* SPDX-License-Identifier: Apache-2.0 */
/* Where a command that is given no configuration looks for earlier runs. */
#ifndef CLI_LOAD_PAST_SCRATCH_H
#define CLI_LOAD_PAST_SCRATCH_H

#include "cli/args/options.h"

/*
 * -sr, else $SCRATCH_ROOT, else the first scratch/ that has runs: beside the configuration
 * (cfg_path: absolute, or NULL), in the current directory, at the top of the git work tree. If none
 * has runs: the first of these. An absolute path in mem.
 */
const char *past_scratch_find(const struct args *args, const char *cfg_path, struct arena *mem);

#endif
