/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internal to the simulation flow: from a configuration's tests to the jobs that run them.
 *
 * In flow/dv/sim/: selected tests, builds, runs, their steps, and coverage. Entry: flow_sim
 * (sim.c).
 */
#ifndef FLOW_DV_SIM_SIM_H
#define FLOW_DV_SIM_SIM_H

#include "flow/dv/cfg.h"

/* --cov-unr, --cov-analyze: one job on the coverage of earlier runs, and nothing else. */
static inline bool sim_is_on_coverage(const struct dv_cfg *s)
{
	return s->dv->cov_unr || s->dv->cov_analyze;
}

/* Reads modes, tests and regressions from the expanded tree. */
void sim_read_objects(struct dv_cfg *s);
/* Sets s->runs and s->builds from s->items. */
void sim_select(struct dv_cfg *s);
/* With --failed: do -i and -x select the test? Other tests are planned, too. */
bool sim_is_asked(const struct dv_cfg *s, const struct mode *test);
/* begin chooses the seeds and starts the commands of all jobs; end adds the jobs to the plan. */
void sim_deploy_begin(struct dv_cfg *s, struct plan *plan);
void sim_deploy_end(struct dv_cfg *s);

#endif
