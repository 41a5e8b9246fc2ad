/* SPDX-License-Identifier: Apache-2.0 */
/* -i: the jobs that are asked for, and what they need. */
#ifndef FLOW_SELECT_H
#define FLOW_SELECT_H

#include "base/diag.h"
#include "base/map.h"
#include "job/job_spec.h"

/*
 * Takes all other jobs out of the plan. An item is a name, a glob over names, a target, or @TAG (a
 * glob over tags). What a selected job needs comes along, and so does every finally job; of what it
 * needs any of, only what was selected by itself stays. An item that selects nothing is an error.
 */
void select_jobs(struct plan *plan, const char *const *items, const struct map *by_name,
		 struct diags *diags);

/*
 * Makes the one job that is asked for (of all, without items) interactive: no time limit and no
 * second attempt, no fallback. More than one is an error. Before select_jobs(), which says what is
 * wrong with items.
 */
void select_interactive(struct plan *plan, const char *const *items, const struct map *by_name,
			struct diags *diags);

#endif
