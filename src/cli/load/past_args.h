/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line of an earlier run said. */
#ifndef CLI_LOAD_PAST_ARGS_H
#define CLI_LOAD_PAST_ARGS_H

#include "cli/args/options.h"
#include "run/past_run.h"

/* false: it is not known, or no command line of ours. args_done() in any case. */
bool past_args_parse(const char *const *words, struct args *ret);
/* Its -i, in mem; NULL: it had none. */
const char *const *past_args_items(struct arena *mem, const struct past_run *run);
/* A warning that names each -D that is another one now. */
void past_args_compare_defines(const struct args *now, const struct past_run *run,
			       struct diags *diags);

#endif
