/* SPDX-License-Identifier: Apache-2.0 */
/* All flows. Each has a row in flow_types (flow.c). */
#ifndef FLOW_TYPES_H
#define FLOW_TYPES_H

#include "flow/flow.h"

extern const struct flow_type flow_jobs, flow_cases, flow_sim, flow_lint, flow_cdc, flow_rdc,
	flow_syn, flow_formal;

#endif
