/* SPDX-License-Identifier: Apache-2.0 */
/* --failed, in a plan: the jobs of an earlier run that are to run again. */
#ifndef FLOW_AGAIN_H
#define FLOW_AGAIN_H

#include "flow/flow.h"

/* Which of them the plan has. Before other jobs are taken out of it. */
void again_mark(struct flow_again *again, const struct plan *plan);
/* The one of that id; NULL: it is not to run again. */
struct flow_again_job *again_find(const struct flow_again *again, const char *id);
/* It is there, but the command line does not select it. */
void again_leave_out(struct flow_again *again, const char *id);
/* Takes all other jobs out of the plan but those that they need, and finally jobs. If none is
 * left, the plan is empty. */
void again_select(const struct flow_again *again, struct plan *plan);

#endif
