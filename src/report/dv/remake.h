/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes pages from existing reports of dvsched or DVSim. Functions return 0, or -1 with one error
 * in diags, with its position in the file.
 *
 * In report/dv/: DVSim's two kinds of reports, dashboards, and pages made from existing JSON.
 * Entries: remake_reports(), remake_dashboard().
 */
#ifndef REPORT_DV_REMAKE_H
#define REPORT_DV_REMAKE_H

#include "base/diag.h"
#include "base/str.h"

/* Writes JSON and pages of an index.json and the blocks beside it to dir. Appends the table that
 * DVSim prints, if any, to shown. */
int remake_reports(const char *json, const char *dir, struct str *shown, struct diags *diags);
/* Writes a page of all blocks and their badges. base_url: prefix of links to the blocks' pages, or
 * NULL. */
int remake_dashboard(const char *json, const char *dir, const char *base_url, struct diags *diags);

#endif
