/* SPDX-License-Identifier: Apache-2.0 */
/* Reads DVSim's reports of simulations: index.json, and the blocks' files beside it. */
#ifndef REPORT_DV_SIM_READ_H
#define REPORT_DV_SIM_READ_H

#include "base/arena.h"
#include "report/dv/sim/results.h"
#include "report/json_in.h"

/* Data of a block in the index. */
struct sim_index_entry {
	const char *key; /* stem of the names of the block's files */
	struct sim_block block;
	struct sim_coverage coverage;
	struct sim_count count;
	bool has_coverage;
};

struct sim_index {
	struct arena *mem;
	struct json_in *files; /* all files read; they own the texts */
	size_t n_files;
	struct sim_summary summary; /* its blocks are set by sim_read_blocks() */
	struct sim_index_entry *entries;
	size_t n_entries;
};

/* in: an open index; the result takes ownership. NULL with in->err. */
struct sim_index *sim_read_index(const struct json_in *in);
/* Reads the blocks' files beside path. 0, or -1 with err, whose position is valid as long as x. */
int sim_read_blocks(struct sim_index *x, const char *path, struct error *err);
void sim_index_free(struct sim_index *x); /* accepts NULL */

#endif
