/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of DVSim's flows: one leaf configuration on its way to jobs. */
#ifndef FLOW_DV_SIM_H
#define FLOW_DV_SIM_H

#include "flow/dv/items.h"
#include "flow/dv/modes.h"
#include "flow/dv/testplan/testplan.h"
#include "flow/flow.h"
#include "flow/seeds.h"

enum { N_GLOBAL_LISTS = LIST_SW_BUILD_OPTS + 1 }; /* those that every test or build gets */

struct sim_test {
	struct mode *mode, *build;
	uint32_t reseed;
};

struct dv_flow;
struct sim_deploy;

struct sim {
	const struct dv_flow *flow;
	struct mode_reader reader;
	const struct flow_options *options;
	const struct dv_options *dv;
	struct modes build_modes, run_modes, tests, regressions;
	struct node_list globals[N_GLOBAL_LISTS];
	struct node_list en_build_modes, en_run_modes; /* names */
	struct map test_builds;			       /* test name -> its build mode */
	struct sim_test *runs;
	size_t n_runs;
	struct mode **builds; /* those that the runs use, in order of first use */
	size_t n_builds;
	struct seeds *seeds;  /* of all configurations of this plan */
	struct map root_keys; /* of the configuration, once jobs are made: key -> value */
	struct map *ids;      /* of its jobs: id -> index + 1 */
	struct map *
		excluded; /* of all configurations of this plan: words of -x that meant something */
	struct map *defined; /* likewise: -D for a key that there is */
	const char *name, *full_name, *primary_build_mode;
	struct arena *plan_mem; /* of the plan that is made */
	struct testplan testplan;
	bool is_child;		/* of a primary configuration */
	bool is_left_out;	/* nothing was selected in it */
	struct sim_item *items; /* of all configurations of this plan */
	struct arena *items_mem;
	struct sim_deploy *deploy; /* NULL: nothing was begun */
};

/* The value of a key of the configuration; NULL: not there, or null. */
struct hjson_node *sim_value(const struct sim *s, const char *key);
/* A string of the configuration, or otherwise. */
const char *sim_text(const struct sim *s, const char *key, const char *otherwise);

/* --cov-unr, --cov-analyze: one job on the coverage of earlier runs, and nothing else. */
bool sim_is_on_coverage(const struct sim *s);

/* Modes, tests and regressions out of the expanded tree. */
void sim_read_objects(struct sim *s);
/* runs and builds out of the items. */
void sim_select(struct sim *s);
/* With --failed: the test is one that -i and -x select; others are planned, too. */
bool sim_is_asked(const struct sim *s, const struct mode *test);
/* Draws the seeds, and has the commands of all jobs begin; then: adds the jobs to the plan. */
void sim_deploy_begin(struct sim *s, struct plan *plan);
void sim_deploy_end(struct sim *s);

#endif
