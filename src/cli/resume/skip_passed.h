/* SPDX-License-Identifier: Apache-2.0 */
/* `run --skip-passed RUN`: takes over passes of another run. */
#ifndef CLI_RESUME_SKIP_PASSED_H
#define CLI_RESUME_SKIP_PASSED_H

#include "cli/load/load.h"
#include "cli/resume/resumed.h"

/* Opens the run l->reused, which the plan may take passes from. Returns EXIT_PASSED or the exit
 * code; resume_done(&ret->resume) must be called in both cases. */
int skip_passed_open(const struct args *args, struct loaded *l, struct resumed *ret);

#endif
