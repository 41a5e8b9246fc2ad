/* SPDX-License-Identifier: Apache-2.0 */
/* Times with units, converted in the steps of DVSim: another order of divisions would give other
 * last bits. */
#ifndef TOOL_UNITS_H
#define TOOL_UNITS_H

#include "tool/lines.h"

enum time_unit { UNIT_H, UNIT_M, UNIT_S, UNIT_MS, UNIT_US, UNIT_NS, UNIT_PS, UNIT_FS, UNIT_COUNT };

/* "ns" in any case; "seconds", "sec" and the like. UNIT_COUNT: unknown. */
enum time_unit unit_find(struct span text);
/* value in the unit `from`, converted to the largest unit in which it is at least 1, then to `to`.
 */
double unit_convert(double value, enum time_unit from, enum time_unit to);

#endif
