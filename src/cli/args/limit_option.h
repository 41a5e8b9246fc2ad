/* SPDX-License-Identifier: Apache-2.0 */
/* --limit NAME=VALUE: limits of the processes and logs of all jobs. */
#ifndef CLI_ARGS_LIMIT_OPTION_H
#define CLI_ARGS_LIMIT_OPTION_H

#include "cli/args/options.h"
#include "flow/flow.h"

/* Sets the limits that are given, and adds errors to diags. Of a limit that is given twice, the
 * last value counts. */
void limit_option_read(const struct args *args, struct flow_limits *ret, struct diags *diags);

#endif
