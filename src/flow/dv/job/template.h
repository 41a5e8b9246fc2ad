/* SPDX-License-Identifier: Apache-2.0 */
/* A job with standing names (standing.h) as a template for all runs of its test. */
#ifndef FLOW_DV_JOB_TEMPLATE_H
#define FLOW_DV_JOB_TEMPLATE_H

#include "flow/dv/job/standing.h"
#include "job/job_spec.h"

struct job_template;

/*
 * job is not needed afterwards. mem: for the template; plan_mem: for texts that all runs share.
 * NULL: the runs differ in more than the digits of values.
 */
struct job_template *job_template_new(struct arena *mem, struct arena *plan_mem,
				      const struct job_spec *job);
/* Sets all members of *ret except the seed and the dependencies. */
void job_template_render(const struct job_template *t, struct arena *plan_mem,
			 const struct run_values *values, struct job_spec *ret);

#endif
