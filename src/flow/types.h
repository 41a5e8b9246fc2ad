/* SPDX-License-Identifier: Apache-2.0 */
/* The flows that there are; each has its row in flow.c. */
#ifndef FLOW_TYPES_H
#define FLOW_TYPES_H

#include "flow/flow.h"

extern const struct flow_type flow_jobs, flow_cases, flow_sim, flow_lint, flow_cdc, flow_rdc,
	flow_syn, flow_formal;

#endif
