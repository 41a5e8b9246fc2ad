/* SPDX-License-Identifier: Apache-2.0 */
/* DVSim's reports of simulations, read back: index.json, and the blocks' files beside it. */
#ifndef REPORT_DV_SIM_READ_H
#define REPORT_DV_SIM_READ_H

#include "base/arena.h"
#include "report/dv/sim/results.h"
#include "report/json_in.h"

/* What the index says of a block. */
struct sim_index_entry {
	const char *key; /* stem of the block's files */
	struct sim_block block;
	struct sim_coverage coverage;
	struct sim_count count;
	bool has_coverage;
};

struct sim_index {
	struct arena *mem;
	struct json_in *files; /* all that were read: texts are theirs */
	size_t n_files;
	struct sim_summary summary; /* its blocks: after sim_read_blocks() */
	struct sim_index_entry *entries;
	size_t n_entries;
};

/* in: an open index, which is the index's from now on. NULL with err, that of in. */
struct sim_index *sim_read_index(const struct json_in *in);
/* The blocks' files, beside path. 0, or -1 with err; its places need the index. */
int sim_read_blocks(struct sim_index *x, const char *path, struct error *err);
void sim_index_free(struct sim_index *x); /* accepts NULL */

#endif
