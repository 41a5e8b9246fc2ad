/* SPDX-License-Identifier: Apache-2.0 */
/* --failed RUN: finds the run, and the jobs that did not pass in it. */
#ifndef CLI_LOAD_FAILED_H
#define CLI_LOAD_FAILED_H

#include "cli/args/options.h"
#include "config/config.h"
#include "flow/flow.h"
#include "run/past_run.h"

/* {0} is valid for failed_done(). Everything except the maps is in args->mem. */
struct failed {
	struct past_run run;
	struct flow_again again; /* n 0: everything passed */
	const char *seed_base;	 /* base of the random seeds of that run; NULL: none */
};

/* Returns 0, or -1 after errors. */
int failed_find(struct failed *f, const struct args *args, const char *scratch_root,
		const char *cfg_path, struct diags *diags);
void failed_done(struct failed *f);

/* Reports that no job is to run again. Returns a plan without jobs. */
struct plan *failed_nothing(const struct failed *f, const struct cfg *cfg,
			    const struct flow_options *options);
/* Adds a warning about jobs that are no longer in the plan; an error if the plan has none of the
 * jobs that did not pass. */
void failed_settle(const struct failed *f, const struct args *args, struct plan *plan,
		   struct diags *diags);

#endif
