/* SPDX-License-Identifier: Apache-2.0 */
/* --timeout and --retries: limits of all jobs. */
#ifndef FLOW_JOB_LIMITS_H
#define FLOW_JOB_LIMITS_H

#include "flow/flow.h"

/*
 * Applies the limits of the command line to all jobs and to the stages of their fallbacks.
 * Interactive jobs stay without limits. Builds and runs of DVSim's flows keep their time limit if
 * their own option (--build-timeout-mins, --run-timeout-mins) or --gui is given.
 */
void job_limits_set(struct plan *plan, const struct flow_options *options);

#endif
