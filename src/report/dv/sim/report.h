/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a finished run of simulations, in the form of DVSim's reports, and its files.
 *
 * In report/dv/sim/: results of blocks and testpoints (results.h), and their forms: JSON, HTML, the
 * console. Entry point: sim_report_kind.
 */
#ifndef REPORT_DV_SIM_REPORT_H
#define REPORT_DV_SIM_REPORT_H

#include "report/dv/sim/results.h"
#include "report/report_kind.h"

struct sim_report; /* texts are borrowed from the plan and from the owner of the rows */

extern const struct report_kind sim_report_kind;

/* NULL if no job of the plan belongs to a block. */
struct sim_report *sim_report_new(const struct report_source *source);
void sim_report_free(struct sim_report *r); /* accepts NULL */
const struct sim_summary *sim_report_summary(const struct sim_report *r);
/* Asks each tool for its version, once. Then writes <block>.json of each block, and index.json. 0,
 * or -1 with err at the first file that cannot be written. */
int sim_report_write(struct sim_report *r, struct error *err);
/* Appends DVSim's text for the blocks (stderr), and for a primary configuration (stdout), with
 * links to the pages if has_pages. */
void sim_report_show(const struct sim_report *r, bool has_pages, struct str *blocks,
		     struct str *summary);

#endif
