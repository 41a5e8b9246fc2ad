/* SPDX-License-Identifier: Apache-2.0 */
/* -i, -x, --interactive and --failed: which jobs stay in the plan. */
#ifndef FLOW_SELECT_H
#define FLOW_SELECT_H

#include "base/map.h"
#include "flow/flow.h"

/*
 * The jobs from which -x excludes, if -i is not given. EACH: all jobs. ENDS: the jobs that no other
 * job needs; what these need comes with them, so a build that only an excluded case needs does not
 * run.
 */
enum select_all { SELECT_EACH, SELECT_ENDS };

/*
 * Removes the jobs from the plan that are not selected. An item is a name, a glob over names, a
 * target, or @TAG (a glob over tags). An item that matches nothing is an error.
 *
 * The jobs that a selected job needs are selected, too; if one of them is excluded, that is a
 * warning. Finally jobs are selected unless they are excluded. Jobs in the `needs_any` of a
 * selected job stay only if they are selected for another reason.
 *
 * --interactive: the selected job (without items: the only job) becomes interactive: it has no time
 * limit, no retries and no fallback. More than one selected job is an error.
 *
 * --failed: of the selected jobs only those that run again stay, with the jobs that they need. The
 * plan may be empty then.
 */
void select_plan(struct plan *plan, const struct flow_options *options, enum select_all all,
		 const struct map *by_name, struct diags *diags);

/* Keeps the jobs with is_in[index], finally jobs, and the jobs that these need; removes all others.
 */
void select_keep(struct plan *plan, const bool *is_in);

#endif
