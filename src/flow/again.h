/* SPDX-License-Identifier: Apache-2.0 */
/* --failed: which jobs of a plan run again because they did not pass in an earlier run. */
#ifndef FLOW_AGAIN_H
#define FLOW_AGAIN_H

#include "flow/flow.h"

/* Sets is_there of each job that the plan has. Call it before the selection removes jobs. */
void again_mark(struct flow_again *again, const struct plan *plan);
/* The job with this id; NULL if it does not run again. */
struct flow_again_job *again_find(const struct flow_again *again, const char *id);
/* The configuration has the job of this id, but the command line does not select it. */
void again_leave_out(struct flow_again *again, const char *id);
/* Keeps the jobs that run again, the jobs that these need, and finally jobs, and removes all others
 * from the plan. If no job runs again, the plan is empty. */
void again_select(const struct flow_again *again, struct plan *plan);

#endif
