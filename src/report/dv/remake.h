/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of reports that are there, dvsched's or DVSim's. What is wrong in a file is one error with
 * its place; then, too, -1 is returned.
 */
#ifndef REPORT_DV_REMAKE_H
#define REPORT_DV_REMAKE_H

#include "base/diag.h"
#include "base/str.h"

/* JSON and pages of an index.json and the blocks beside it, in dir. Appends what DVSim shows of it,
 * if anything. */
int remake_reports(const char *json, const char *dir, struct str *shown, struct diags *diags);
/* A page of all blocks and their badges; base_url: before links to their pages, or NULL. */
int remake_dashboard(const char *json, const char *dir, const char *base_url, struct diags *diags);

#endif
