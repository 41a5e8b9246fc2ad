/* SPDX-License-Identifier: Apache-2.0 */
/* -i, -x, --timeout, --retries and --limit: which jobs are selected, and limits of all of them. */
#ifndef CLI_ARGS_SELECTION_H
#define CLI_ARGS_SELECTION_H

#include "cli/args/options.h"
#include "flow/flow.h"

/* Sets members of *ret, in args->mem. Returns 0, or -1 after errors. */
int selection_read(const struct args *args, struct flow_options *ret, struct diags *diags);

#endif
