/* SPDX-License-Identifier: Apache-2.0 */
/* Fills in what DVSim's reports need of a plan (job/dv_block.h) out of configurations. */
#ifndef FLOW_DV_BLOCK_H
#define FLOW_DV_BLOCK_H

#include "flow/flow.h"
#include "job/dv_block.h"

/* Sets plan->dv, out of the root configuration: a primary one or a leaf. */
void dv_plan_begin(struct plan *plan, enum dv_kind kind, struct cfg *root,
		   const struct dv_options *dv);
/* Anew, once the root configuration's overrides are applied. diags: NULL: without a warning. */
void dv_plan_place_reports(struct plan *plan, struct cfg *root, struct diags *diags);
/* Forgets blocks that no job is left of. */
void dv_plan_drop_idle(struct plan *plan);
/* The last thing: what git said of the project. */
void dv_plan_end(struct plan *plan, struct cfg_revision_query *query);
/* plan->dv->top: the primary configuration. */
void dv_plan_set_top(struct plan *plan, struct cfg *primary, const struct dv_options *dv);
/* The record of a leaf, expanded already; it is in plan->dv->blocks from here on, and the
 * caller's to complete until the plan is done. Two leaves of one name and variant have one: the
 * first's. */
struct dv_block *dv_plan_add(struct plan *plan, struct cfg *leaf, const struct dv_options *dv);

#endif
