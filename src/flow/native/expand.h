/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of `jobs` -> job specs, without their dependencies (needs.h). */
#ifndef FLOW_NATIVE_EXPAND_H
#define FLOW_NATIVE_EXPAND_H

#include "base/map.h"
#include "flow/native/entry.h"

/* Errors after which jobs cannot be looked up by name. */
struct expand_faults {
	bool is_cut;	/* jobs of an entry are missing: its expansion ended at an error */
	bool has_twins; /* two jobs have the same name */
};

/* Fills plan->jobs, by_name (name -> index + 1), and `first` and `n` of each entry. Errors go to
 * the diags of each entry's load. */
struct expand_faults expand_entries(struct plan *plan, struct entry *entries, size_t n_entries,
				    struct map *by_name);
/* Makes a stage of job's fallback, which runs what e runs. The name of e is not used. */
void expand_stage(struct plan *plan, struct entry *e, const struct job_spec *job, const char *stage,
		  struct job_spec *ret);

#endif
