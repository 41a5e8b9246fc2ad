/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.html, made from metrics.json. */
#ifndef CLI_OUTPUT_METRICS_PAGE_H
#define CLI_OUTPUT_METRICS_PAGE_H

#include "report/metrics/metrics.h"

/* Writes dir/metrics.html, and creates dir if necessary. Returns 0, or -1 with err. */
int metrics_page_write(const char *json_path, const char *dir, enum metrics_profile profile,
		       struct error *err);

#endif
