/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the files of DVSim's reports, from a run or from existing JSON. */
#ifndef REPORT_DV_SIM_FILES_H
#define REPORT_DV_SIM_FILES_H

#include "base/error.h"
#include "report/dv/sim/results.h"

/*
 * Writes <block>.json of each block, index.json, and a page beside each. index.html links to
 * metrics.html if that exists. 0, or -1 with err at the first file that cannot be written.
 */
int sim_files_write(const struct sim_summary *summary, const char *dir, struct error *err);
/* Appends the table of all blocks, with links from the current directory to the pages in dir (NULL:
 * no links). */
void sim_files_show(const struct sim_summary *summary, const char *dir, struct str *out);

#endif
