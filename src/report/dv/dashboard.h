/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a page of all blocks for another site, with badges, from an index of simulations. */
#ifndef REPORT_DV_DASHBOARD_H
#define REPORT_DV_DASHBOARD_H

#include "report/dv/sim/read.h"

/* Writes dashboard.html, dashboard.json (a copy of the index at path) and badge/<block>/<what>.svg
 * in dir. 0, or -1 with err. base_url: prefix of links to the blocks' pages; NULL: no links. */
int dashboard_write(const struct sim_index *x, const char *path, const char *dir,
		    const char *base_url, struct error *err);

#endif
