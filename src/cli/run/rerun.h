/* SPDX-License-Identifier: Apache-2.0 */
/* The command that runs again what did not pass. */
#ifndef CLI_RUN_RERUN_H
#define CLI_RUN_RERUN_H

#include "base/str.h"
#include "cli/args/options.h"
#include "job/job_spec.h"

/*
 * As it can be pasted into a shell, in the same directory. Nothing for a configuration that cannot
 * be read again (standard input).
 */
void rerun_add_command(struct str *out, const struct args *args, const struct plan *plan,
		       const char *run_id);

#endif
