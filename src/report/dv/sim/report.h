/* SPDX-License-Identifier: Apache-2.0 */
/* A finished run of simulations in the shape of DVSim's reports, and its files. */
#ifndef REPORT_DV_SIM_REPORT_H
#define REPORT_DV_SIM_REPORT_H

#include "report/dv/sim/results.h"
#include "run/results.h"

struct sim_report; /* of all blocks; texts are borrowed from the plan and from the rows' owner */

/* NULL if the plan is none of `flow: sim`. signal_name: "SIGINT" of a run that it stopped; may be
 * NULL. Rows come as for results_write(). */
struct sim_report *sim_report_new(const struct plan *plan, const char *version,
				  const char *signal_name, results_next *next, void *ctx);
void sim_report_free(struct sim_report *r); /* accepts NULL */
/* Asks once for each tool; NULL: its version is not known. The answer is in mem. */
typedef const char *sim_ask_version(const char *tool, struct arena *mem);
void sim_report_set_versions(struct sim_report *r, sim_ask_version *ask);

const struct sim_summary *sim_report_summary(const struct sim_report *r);
/* <block>.json of each, and index.json; 0, or -1 with err at the first that cannot be written. */
int sim_report_write(const struct sim_report *r, struct error *err);
/* Appends what DVSim shows of the blocks (stderr), and of a primary configuration (stdout), which
 * links to its pages if it has them. */
void sim_report_show(const struct sim_report *r, bool has_pages, struct str *blocks,
		     struct str *summary);

#endif
