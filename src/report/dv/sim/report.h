/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finished run of simulations in the shape of DVSim's reports, and its files.
 *
 * In report/dv/sim/: results of blocks and testpoints (results.h), and each form of them: JSON,
 * HTML, the console. Entry: sim_report_kind.
 */
#ifndef REPORT_DV_SIM_REPORT_H
#define REPORT_DV_SIM_REPORT_H

#include "report/dv/sim/results.h"
#include "report/report_kind.h"

struct sim_report; /* of all blocks; texts are borrowed from the plan and from the rows' owner */

extern const struct report_kind sim_report_kind;

/* NULL if no job of the plan belongs to a block. */
struct sim_report *sim_report_new(const struct report_source *source);
void sim_report_free(struct sim_report *r); /* accepts NULL */
const struct sim_summary *sim_report_summary(const struct sim_report *r);
/* Asks for versions first, once for each tool. <block>.json of each, and index.json; 0, or -1 with
 * err at the first that cannot be written. */
int sim_report_write(struct sim_report *r, struct error *err);
/* Appends what DVSim shows of the blocks (stderr), and of a primary configuration (stdout), which
 * links to its pages if it has them. */
void sim_report_show(const struct sim_report *r, bool has_pages, struct str *blocks,
		     struct str *summary);

#endif
