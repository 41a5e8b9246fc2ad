/* SPDX-License-Identifier: Apache-2.0 */
/* Times with units, converted in DVSim's steps: another order of divisions ends in other bits. */
#ifndef TOOL_UNITS_H
#define TOOL_UNITS_H

#include "tool/lines.h"

enum time_unit { UNIT_H, UNIT_M, UNIT_S, UNIT_MS, UNIT_US, UNIT_NS, UNIT_PS, UNIT_FS, UNIT_COUNT };

/* "ns" in any case; "seconds", "sec" and the like. UNIT_COUNT: none of ours. */
enum time_unit unit_find(struct span text);
/* value in `from`, brought to the largest unit in which it is at least 1, and from there to `to`.
 */
double unit_convert(double value, enum time_unit from, enum time_unit to);

#endif
