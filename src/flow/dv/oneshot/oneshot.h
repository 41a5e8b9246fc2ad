/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DVSim's one-shot flows: lint, cdc, rdc, syn and formal. Each build mode is one job, which leaves
 * the findings of its tool in <build_dir>/results.hjson (report/dv/oneshot/data.h).
 *
 * In flow/dv/oneshot/: oneshot.c, with the defaults, checks and jobs of these flows. Entries:
 * flow_lint, flow_cdc, flow_rdc, flow_syn and flow_formal.
 */
#ifndef FLOW_DV_ONESHOT_ONESHOT_H
#define FLOW_DV_ONESHOT_ONESHOT_H

#include "flow/types.h" /* declares them */

#endif
