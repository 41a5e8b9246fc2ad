/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a finished run, of any kind, besides dvsched's own ending.
 *
 * In report/dv/: the kinds of reports, dashboards, and pages made from existing JSON (remake.h).
 * Entry point: report_new().
 */
#ifndef REPORT_DV_REPORTS_H
#define REPORT_DV_REPORTS_H

#include "report/report_kind.h"

struct report;

/* NULL: the plan has no report, or nothing to report. */
struct report *report_new(const struct report_source *source);
void report_free(struct report *r); /* accepts NULL */
size_t report_n_findings(const struct report *r);
int report_write(struct report *r, struct error *err);
void report_show(struct report *r, bool has_pages, struct str *blocks, struct str *summary);
bool report_is_always_shown(const struct report *r);

#endif
