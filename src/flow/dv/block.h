/* SPDX-License-Identifier: Apache-2.0 */
/* Fills plan->dv, the data for DVSim's reports (dvsim/dv_block.h), from configurations. */
#ifndef FLOW_DV_BLOCK_H
#define FLOW_DV_BLOCK_H

#include "dvsim/dv_block.h"
#include "flow/dv/options.h"
#include "flow/flow.h"

/* Sets plan->dv. root: the root configuration, a primary one or a leaf. */
void dv_plan_begin(struct plan *plan, enum dv_kind kind, struct cfg *root,
		   const struct dv_options *dv);
/* Sets reports_dir again, after the overrides of the root configuration are applied. diags NULL:
 * no warning is reported. */
void dv_plan_place_reports(struct plan *plan, struct cfg *root, struct diags *diags);
/* Makes room for n more jobs in the plan. */
void dv_plan_reserve(struct plan *plan, size_t n);
/* The place behind the plan's jobs for n more, zeroed, where jobs can be made without a copy. They
 * are not in the plan before job_maker_add_jobs(). */
struct job_spec *dv_plan_next_jobs(struct plan *plan, size_t n);
/* Removes blocks that have no jobs. */
void dv_plan_drop_idle(struct plan *plan);
/* Call it last: waits for git, sets the revision of all blocks, and frees query. */
void dv_plan_end(struct plan *plan, struct cfg_revision_query *query);
/* Sets plan->dv->top. */
void dv_plan_set_top(struct plan *plan, struct cfg *primary, const struct dv_options *dv);
/* Adds the record of leaf, which must be expanded, to plan->dv->blocks. The caller may complete the
 * record until the plan is done. Leaves with the same name and variant share the record of the
 * first one. */
struct dv_block *dv_plan_add(struct plan *plan, struct cfg *leaf, const struct dv_options *dv);

#endif
