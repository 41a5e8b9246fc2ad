/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of `jobs` -> job specs, all but what they depend on. */
#ifndef FLOW_NATIVE_EXPAND_H
#define FLOW_NATIVE_EXPAND_H

#include "base/map.h"
#include "flow/native/entry.h"

/* What is wrong with the names of the jobs of a plan. */
struct expand_faults {
	bool is_cut;	/* an entry with an error has not all of its jobs */
	bool has_twins; /* two jobs have one name */
};

/* Fills plan->jobs, by_name (name -> index + 1) and where each entry's jobs are. Errors go to the
 * loads' lists. */
struct expand_faults expand_entries(struct plan *plan, struct entry *entries, size_t n_entries,
				    struct map *by_name);
/* What e runs, as a stage of job's fallback; its name is not asked for. */
void expand_stage(struct plan *plan, struct entry *e, const struct job_spec *job, const char *stage,
		  struct job_spec *ret);

#endif
