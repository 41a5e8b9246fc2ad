/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of EDA tools, for DVSim's reports. */
#ifndef CLI_DVSIM_TOOL_VERSIONS_H
#define CLI_DVSIM_TOOL_VERSIONS_H

#include "base/arena.h"

/* Runs the tool's own command (60 s at most). The result is in mem; NULL: the tool has no such
 * command, or printed no version. */
const char *tool_version_ask(const char *tool, struct arena *mem);

#endif
