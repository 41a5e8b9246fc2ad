/* SPDX-License-Identifier: Apache-2.0 */
/* --timeout, --retries and --limit: limits of all jobs. */
#ifndef FLOW_JOB_LIMITS_H
#define FLOW_JOB_LIMITS_H

#include "flow/flow.h"

/*
 * Applies the limits of the command line to all jobs and to the stages of their fallbacks.
 * Interactive jobs stay without limits. type: the flow of the plan.
 */
void job_limits_set(struct plan *plan, const struct flow_type *type,
		    const struct flow_options *options);

/* Applies limits->set to the rules of one job, which are being made in mem. */
void job_limits_apply(struct job_rules *rules, const struct flow_limits *limits, struct arena *mem);

#endif
