/* SPDX-License-Identifier: Apache-2.0 */
/* Maps the tests of a block to the testplan's stages and testpoints. */
#ifndef REPORT_DV_SIM_STAGES_H
#define REPORT_DV_SIM_STAGES_H

#include "base/arena.h"
#include "base/map.h"
#include "dvsim/dv_block.h"
#include "report/dv/sim/results.h"

/* A test while it is mapped: a row of DVSim's table. */
struct sim_tested {
	struct sim_test test;
	bool is_mapped;
};

/* by_name: struct sim_tested, in the order of the run. Sets the stages of ret, in mem. */
void sim_stages_map(struct arena *mem, const struct dv_block *dv, const struct map *by_name,
		    struct sim_block_results *ret);

#endif
