/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a finished run beside our own ending, whatever kind it is.
 *
 * In report/dv/: which report a plan has, its dashboards, and pages made again of JSON
 * (remake.h). Entry: report_new().
 */
#ifndef REPORT_DV_REPORTS_H
#define REPORT_DV_REPORTS_H

#include "report/report_kind.h"

struct report;

/* NULL: the plan has no report, or there is nothing to report. */
struct report *report_new(const struct report_source *source);
void report_free(struct report *r); /* accepts NULL */
size_t report_n_findings(const struct report *r);
int report_write(struct report *r, struct error *err);
void report_show(struct report *r, bool has_pages, struct str *blocks, struct str *summary);
bool report_is_always_shown(const struct report *r);

#endif
