/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which backend each job of a run goes to: the one that it names, that of the first --backend-for
 * that matches, or that of --backend. A command that would run here and borrows devices goes to
 * their pool, which lends them. Decided once, as the last step of planning.
 */
#ifndef CLI_RUN_ASSIGN_H
#define CLI_RUN_ASSIGN_H

#include "cli/run/run_options.h"
#include "flow/roster.h"

/* Sets backend_no of all jobs of plan and of the stages of their fallbacks, and notes in options
 * which --backend-for matched. A job about which there is an error keeps 0. */
void assign_backends(struct plan *plan, struct run_options *options, struct diags *diags);

#endif
