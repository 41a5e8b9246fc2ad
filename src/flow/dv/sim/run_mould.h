/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of a test differ in their index and seed only. A mould is a run whose texts have words in
 * place of those values; each further run is cast: the values put in, all else shared.
 */
#ifndef FLOW_DV_SIM_RUN_MOULD_H
#define FLOW_DV_SIM_RUN_MOULD_H

#include "job/job_spec.h"

enum run_value { RUN_INDEX, RUN_SEED, RUN_SVSEED, N_RUN_VALUES };

struct run_values {
	const char *text[N_RUN_VALUES];
};

/* What a mould is made with in place of values: of characters that no shell has a use for. */
struct run_values run_mould_words(void);
/*
 * job was made with those words, first with v. NULL if job cast with v is not first in every text:
 * then the values mean more than their text in there.
 */
struct run_mould *run_mould_new(struct arena *mem, const struct job_spec *job,
				const struct job_spec *first, const struct run_values *v);
/* All but the seed and the dependencies. */
void run_mould_cast(const struct run_mould *mould, struct arena *mem, const struct run_values *v,
		    struct job_spec *ret);

#endif
