/* SPDX-License-Identifier: Apache-2.0 */
/* Real Intent Meridian CDC: converts its log and reports to the results.hjson of a cdc flow. */
#ifndef TOOL_MERIDIAN_H
#define TOOL_MERIDIAN_H

#include "base/error.h"

/*
 * Reads build.log, REPORT/mcdc.all.rpt and REPORT/mcdc.new.rpt below dir and writes
 * dir/results.hjson: lists of messages by bucket ("cdc_error"). An existing one is renamed to
 * results.hjson.old. A report that cannot be read is a message in "flow_error". Returns 0, or -1
 * with err if results.hjson cannot be written.
 */
int meridian_write_results(const char *dir, struct error *err);

#endif
