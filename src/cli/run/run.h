/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUN_RUN_H
#define CLI_RUN_RUN_H

#include "cli/args/options.h"
#include "cli/resume/resumed.h"

/* `dvsched run` or `resume`. resumed: the run to go on with, or NULL. Returns the exit code. */
int run_with(const struct args *args, struct resumed *resumed);

#endif
