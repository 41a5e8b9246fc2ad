/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --fusesoc-mapping and --fusesoc-extra-cores-root: change the arguments of FuseSoC in a
 * configuration. Called for every leaf after its wildcards are expanded and before its modes are
 * read.
 */
#ifndef FLOW_DV_FUSESOC_H
#define FLOW_DV_FUSESOC_H

#include "flow/dv/options.h"
#include "flow/flow.h"

void fusesoc_rewrite(struct cfg *c, const struct dv_options *dv, struct diags *diags);

#endif
