/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads metrics.json and makes a page from it.
 *
 * In report/metrics/: the numbers and drawings (metrics.c, time.c, longest.c) and the page
 * (html.c).
 */
#ifndef REPORT_METRICS_METRICS_H
#define REPORT_METRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct metrics;

enum metrics_profile { METRICS_NORMAL, METRICS_HIGH, METRICS_FULL }; /* amount of data drawn */

/* Reads a file of DVSim or dvsched. NULL with err: no such file, no JSON, or no metrics. */
struct metrics *metrics_read(const char *path, struct error *err);
void metrics_free(struct metrics *m); /* accepts NULL */
/* json: target of a link to the numbers; NULL: no link. */
void metrics_html(const struct metrics *m, enum metrics_profile profile, const char *json,
		  struct str *out);

#endif
