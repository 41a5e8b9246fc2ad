/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of an earlier run. */
#ifndef CLI_LOAD_PAST_ARGS_H
#define CLI_LOAD_PAST_ARGS_H

#include "cli/args/options.h"
#include "run/past_run.h"

/* Parses it. false: it is not recorded, or not a command line of dvsched. Call args_done() in any
 * case. */
bool past_args_parse(const char *const *words, struct args *ret);
/* The items of its -i, in mem; NULL: none. */
const char *const *past_args_items(struct arena *mem, const struct past_run *run);
/* Adds a warning that names each -D that differs now. */
void past_args_compare_defines(const struct args *now, const struct past_run *run,
			       struct diags *diags);

#endif
