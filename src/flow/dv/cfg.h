/* SPDX-License-Identifier: Apache-2.0 */
/* Internal to DVSim's flows: a leaf (a configuration that is no list of others) being planned. */
#ifndef FLOW_DV_CFG_H
#define FLOW_DV_CFG_H

#include "flow/dv/items.h"
#include "flow/dv/modes.h"
#include "flow/dv/options.h"
#include "flow/dv/testplan/testplan.h"
#include "flow/flow.h"
#include "flow/seeds.h"

enum { N_GLOBAL_LISTS = LIST_SW_BUILD_OPTS + 1 }; /* those that every test or build gets */

/* A test that the items select. */
struct chosen_test {
	struct mode *mode, *build;
	uint32_t reseed;
};

struct dv_flow;
struct sim_deploy;

struct dv_cfg {
	const struct dv_flow *flow;
	struct mode_reader reader;
	const struct flow_options *options;
	const struct dv_options *dv;
	const char *name, *full_name;
	struct modes build_modes;
	struct map root_keys;	/* key -> value, set by job_names_init() */
	struct arena *plan_mem; /* memory of the plan */
	size_t n_jobs_most;	/* an estimate of the jobs to be made; 0: none */
	bool is_child;		/* of a primary configuration */
	bool is_left_out;	/* nothing was selected in it */
	/* ---- of all configurations of this plan ---- */
	struct map *ids;      /* of its jobs: id -> index + 1 */
	struct map *excluded; /* words of -x that matched */
	struct map *defined;  /* texts of -D whose key exists */
	struct sim_item *items;
	struct arena *items_mem;
	struct seeds *seeds;
	struct testplan_files *testplan_files;
	/* ---- of simulations ---- */
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

/* The value of a key of the configuration; NULL: missing, or null. */
struct hjson_node *dv_cfg_value(const struct dv_cfg *s, const char *key);
/* The string of a key; otherwise if the key is missing or no string. */
const char *dv_cfg_text(const struct dv_cfg *s, const char *key, const char *otherwise);

#endif
