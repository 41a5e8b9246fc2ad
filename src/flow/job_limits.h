/* SPDX-License-Identifier: Apache-2.0 */
/* --timeout and --retries: limits of all jobs. */
#ifndef FLOW_JOB_LIMITS_H
#define FLOW_JOB_LIMITS_H

#include "flow/flow.h"

/*
 * The limits that the command line gives replace those of all jobs and of the stages of their
 * fallbacks. Interactive jobs keep having none; builds and runs of DVSim's flows keep the time
 * limit of their own options (--build-timeout-mins, --run-timeout-mins), and with --gui theirs.
 */
void job_limits_set(struct plan *plan, const struct flow_options *options);

#endif
