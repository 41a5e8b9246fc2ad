/* SPDX-License-Identifier: Apache-2.0 */
/* Real Intent Meridian CDC: its log and reports into the results.hjson that a cdc flow reads. */
#ifndef TOOL_MERIDIAN_H
#define TOOL_MERIDIAN_H

#include "base/error.h"

/*
 * Reads build.log, REPORT/mcdc.all.rpt and REPORT/mcdc.new.rpt below dir and writes
 * dir/results.hjson: lists of messages by bucket ("cdc_error"). One that is there becomes
 * results.hjson.old. A report that cannot be read is a message in "flow_error". 0, or -1 with err:
 * results.hjson cannot be written.
 */
int meridian_write_results(const char *dir, struct error *err);

#endif
