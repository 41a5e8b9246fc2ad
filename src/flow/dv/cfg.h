/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internal to DVSim's flows: a plan, and a leaf of it (a configuration that is no list of others),
 * while they are made.
 */
#ifndef FLOW_DV_CFG_H
#define FLOW_DV_CFG_H

#include "flow/dv/items.h"
#include "flow/dv/modes.h"
#include "flow/dv/options.h"
#include "flow/dv/testplan/testplan.h"
#include "flow/flow.h"
#include "flow/seeds.h"

struct dv_flow;
struct sim_cfg;

/* One plan while it is made: what all its configurations share. */
struct dv_planning {
	const struct flow_type *type;
	struct plan *plan;
	struct arena *mem;
	struct map ids;	     /* of its jobs: id -> index + 1 */
	struct map excluded; /* words of -x that matched */
	struct map defined;  /* texts of -D whose key exists */
	struct sim_item *items;
	struct seeds seeds;
	struct testplan_files testplan_files;
};

struct dv_cfg {
	struct dv_planning *all;
	const struct dv_flow *flow;
	struct mode_reader reader;
	const struct flow_options *options;
	const struct dv_options *dv;
	const char *name, *full_name;
	struct modes build_modes;
	struct map root_keys; /* key -> value, set by job_names_init() */
	size_t n_jobs_most;   /* an estimate of the jobs to be made; 0: none */
	bool is_child;	      /* of a primary configuration */
	bool is_left_out;     /* nothing was selected in it */
	struct sim_cfg *sim;  /* of the simulation flow (sim/sim.h); else NULL */
};

/* The value of a key of the configuration; NULL: missing, or null. */
struct hjson_node *dv_cfg_value(const struct dv_cfg *s, const char *key);
/* The string of a key; otherwise if the key is missing or no string. */
const char *dv_cfg_text(const struct dv_cfg *s, const char *key, const char *otherwise);

#endif
