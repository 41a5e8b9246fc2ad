/* SPDX-License-Identifier: Apache-2.0 */
/* -i and -x: the jobs that are asked for, and what they need. */
#ifndef FLOW_SELECT_H
#define FLOW_SELECT_H

#include "base/map.h"
#include "flow/flow.h"

/* What -x leaves out of, where -i names nothing: each job; or those that no other one needs, and
 * what they need (a build that was for an excluded case only is not made). */
enum select_all { SELECT_EACH, SELECT_ENDS };

/*
 * Takes all other jobs out of the plan. An item is a name, a glob over names, a target, or @TAG (a
 * glob over tags). What a selected job needs comes along, even if it is excluded, which is a
 * warning; so does every finally job that is not; of what a job needs any of, only what was
 * selected by itself stays. An item that matches nothing is an error.
 *
 * --interactive: the one job that is asked for (of all, without items) becomes interactive: no time
 * limit and no second attempt, no fallback. More than one is an error.
 *
 * --failed: of all that, the jobs that are to run again, and what they need; it may be none.
 */
void select_plan(struct plan *plan, const struct flow_options *options, enum select_all all,
		 const struct map *by_name, struct diags *diags);

/* Takes all jobs out of the plan but those that is_in says, finally jobs, and what these need. */
void select_keep(struct plan *plan, const bool *is_in);

#endif
