/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend of each job of a run: the one that the job names, that of the first matching
 * --backend-for, or that of --backend. A command that would run on `local` and borrows devices goes
 * to the pool of the devices. Assigned once, as the last step of planning.
 */
#ifndef CLI_RUN_ASSIGN_H
#define CLI_RUN_ASSIGN_H

#include "cli/run/run_options.h"
#include "flow/roster.h"

/* Sets backend_no in options, in the jobs of plan and in their fallback stages, and has_matched in
 * options. A job with an error gets 0. Returns -1 if an option names an unknown backend. */
int assign_backends(struct plan *plan, struct run_options *options, struct diags *diags);

#endif
