/* SPDX-License-Identifier: Apache-2.0 */
/* The command that runs the jobs again that did not pass. */
#ifndef CLI_RUN_RERUN_H
#define CLI_RUN_RERUN_H

#include "base/str.h"
#include "cli/args/options.h"
#include "job/job_spec.h"

/*
 * Adds the command, to be pasted into a shell in the same directory. Adds nothing if the
 * configuration cannot be read again (standard input).
 */
void rerun_add_command(struct str *out, const struct args *args, const struct plan *plan,
		       const char *run_id);

#endif
