/* SPDX-License-Identifier: Apache-2.0 */
/* The files of DVSim's reports, wherever the results are from. */
#ifndef REPORT_DV_SIM_FILES_H
#define REPORT_DV_SIM_FILES_H

#include "base/error.h"
#include "report/dv/sim/results.h"

/*
 * <block>.json of each, index.json, and a page beside each; index.html links to metrics.html if it
 * is there. 0, or -1 with err at the first that cannot be written.
 */
int sim_files_write(const struct sim_summary *summary, const char *dir, struct error *err);
/* Appends the table over all blocks, with links from here to the pages in dir (NULL: none). */
void sim_files_show(const struct sim_summary *summary, const char *dir, struct str *out);

#endif
