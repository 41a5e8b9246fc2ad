/* SPDX-License-Identifier: Apache-2.0 */
/* The earlier run that an option names: `--failed [RUN]`, `--skip-passed [RUN]`. */
#ifndef CLI_LOAD_PAST_CHOICE_H
#define CLI_LOAD_PAST_CHOICE_H

#include "cli/args/options.h"
#include "run/past_run.h"

struct past_choice {
	enum opt option; /* its value is the run; without one the newest run of the configuration */
	bool takes_any;	 /* the run may be of another configuration */
	const char *scratch_root, *cfg_path;
};

/* Identifies the run, as past_run_peek(), in args->mem. Returns 0, or -1 after errors, which name
 * the option. */
int past_choice_find(const struct past_choice *c, const struct args *args, struct past_run *ret,
		     struct diags *diags);

#endif
