/* SPDX-License-Identifier: Apache-2.0 */
/* --list: lists the modes, tests and regressions of a DVSim configuration, instead of a run. */
#ifndef CLI_ARGS_LIST_ITEMS_H
#define CLI_ARGS_LIST_ITEMS_H

#include "flow/flow.h"

/* Makes the flow print its lists, on standard error as DVSim does. categories: NULL-terminated;
 * empty: all. Returns 0, or -1 after errors. */
int list_begin(struct flow_options *options, const char *const *categories, struct diags *diags);

#endif
