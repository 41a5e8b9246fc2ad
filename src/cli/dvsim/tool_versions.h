/* SPDX-License-Identifier: Apache-2.0 */
/* What EDA tools say of their version, each asked once; DVSim's reports show it. */
#ifndef CLI_DVSIM_TOOL_VERSIONS_H
#define CLI_DVSIM_TOOL_VERSIONS_H

#include "base/arena.h"

/* Runs the tool's own command (60 s at most). NULL: it has none, or it did not say. In mem. */
const char *tool_version_ask(const char *tool, struct arena *mem);

#endif
