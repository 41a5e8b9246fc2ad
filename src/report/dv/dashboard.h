/* SPDX-License-Identifier: Apache-2.0 */
/* A page of all blocks for another site, with badges, made of an index of simulations. */
#ifndef REPORT_DV_DASHBOARD_H
#define REPORT_DV_DASHBOARD_H

#include "report/dv/sim/read.h"

/* dashboard.html, dashboard.json (the index at path) and badge/<block>/<what>.svg in dir; 0, or -1
 * with err. base_url: before the names of the blocks' pages; NULL: no links. */
int dashboard_write(const struct sim_index *x, const char *path, const char *dir,
		    const char *base_url, struct error *err);

#endif
