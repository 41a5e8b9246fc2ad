/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a finished run that its plan names, in addition to dvsched's own summary. */
#ifndef REPORT_REPORTS_H
#define REPORT_REPORTS_H

#include "report/report_kind.h"

struct report;

bool report_is_known(const char *name);
/* NULL: the plan has no report, or nothing to report. */
struct report *report_new(const struct report_source *source);
void report_free(struct report *r); /* accepts NULL */
size_t report_n_findings(const struct report *r);
/* The directory of its files; NULL: it has none. */
const char *report_dir(const struct report *r);
int report_write(struct report *r, struct error *err);
void report_show(struct report *r, bool has_pages, struct str *blocks, struct str *summary);
bool report_is_always_shown(const struct report *r);

#endif
