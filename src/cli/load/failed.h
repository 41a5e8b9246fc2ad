/* SPDX-License-Identifier: Apache-2.0 */
/* --failed RUN: which run is meant, and what did not pass in it. */
#ifndef CLI_LOAD_FAILED_H
#define CLI_LOAD_FAILED_H

#include "cli/args/options.h"
#include "config/config.h"
#include "flow/flow.h"
#include "run/past_run.h"

/* {0} is none. All but the map lives in args->mem. */
struct failed {
	struct past_run run;
	struct flow_again again; /* n 0: everything passed */
	const char *seed_base;	 /* of the random seeds of that run; NULL: it had none */
};

/* Returns 0, or -1 after errors. */
int failed_find(struct failed *f, const struct args *args, const char *scratch_root,
		const char *cfg_path, struct diags *diags);
void failed_done(struct failed *f);

/* Says that nothing is to run again; a plan without jobs. */
struct plan *failed_nothing(const struct failed *f, const struct cfg *cfg,
			    const struct flow_options *options);
/* A warning about jobs that are gone; an error if the plan has none of the others, either. */
void failed_settle(const struct failed *f, const struct args *args, struct plan *plan,
		   struct diags *diags);

#endif
