/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of `jobs` -> job specs, all but what they depend on. */
#ifndef FLOW_EXPAND_H
#define FLOW_EXPAND_H

#include "base/map.h"
#include "flow/entry.h"

/* Fills plan->jobs, by_name (name -> index + 1) and where each entry's jobs are. Errors go to the
 * load's list. */
void expand_entries(struct load *l, struct plan *plan, struct entry *entries, size_t n_entries,
		    struct map *by_name);

#endif
