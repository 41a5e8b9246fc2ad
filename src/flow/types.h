/* SPDX-License-Identifier: Apache-2.0 */
/* Declares all flows. */
#ifndef FLOW_TYPES_H
#define FLOW_TYPES_H

#include "flow/flow.h"

#define FLOW(name) extern const struct flow_type flow_##name;
#include "flow/list.h"
#undef FLOW

#endif
