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

enum { N_GLOBAL_LISTS = LIST_SW_BUILD_OPTS + 1 }; /* those that every test or build gets */

struct chosen_test {
	struct mode *mode, *build;
	uint32_t reseed;
};

struct sim_deploy;

/* dv_cfg.sim: what only simulations have. */
struct sim_cfg {
	struct modes run_modes, tests, regressions;
	struct node_list globals[N_GLOBAL_LISTS];
	struct node_list en_build_modes, en_run_modes; /* names */
	struct map test_builds;			       /* test name -> its build mode */
	struct chosen_test *runs;
	size_t n_runs;
	struct mode **builds; /* those that the runs use, in order of first use */
	size_t n_builds;
	const char *primary_build_mode;
	struct testplan testplan;
	struct sim_deploy *deploy; /* NULL: sim_deploy_begin() was not called */
};

/* --cov-unr, --cov-analyze: one job on the coverage of earlier runs, and nothing else. */
static inline bool sim_is_on_coverage(const struct dv_cfg *s)
{
	return s->dv->cov_unr || s->dv->cov_analyze;
}

/* Reads modes, tests and regressions from the expanded tree. */
void sim_read_objects(struct dv_cfg *s);
/* Sets runs and builds from the words of -i. */
void sim_select(struct dv_cfg *s);
/* With --failed: do -i and -x select the test? Other tests are planned, too. */
bool sim_is_asked(const struct dv_cfg *s, const struct mode *test);
/* begin chooses the seeds and starts the commands of all jobs; end adds the jobs to the plan. */
void sim_deploy_begin(struct dv_cfg *s, struct plan *plan);
void sim_deploy_end(struct dv_cfg *s);

#endif
