/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of the one-shot flows (lint, cdc, rdc, syn, formal). The project's scripts write the
 * findings of each job to <build_dir>/results.hjson. They are read, counted, shown as DVSim shows
 * them, and written to reports/<block>.json, <block>.md and index.json (docs/guides/dvsim.md).
 *
 * In report/dv/oneshot/: the data (data.h) and its forms: JSON, HTML, the console. Entry point:
 * oneshot_report_kind.
 */
#ifndef REPORT_DV_ONESHOT_ONESHOT_H
#define REPORT_DV_ONESHOT_ONESHOT_H

#include "report/report_kind.h"

struct oneshot_report;

extern const struct report_kind oneshot_report_kind;

/* Reads the files. NULL if no job of the plan belongs to a block. */
struct oneshot_report *oneshot_report_new(const struct report_source *source);
void oneshot_report_free(struct oneshot_report *r); /* accepts NULL */

/* Number of findings that fail the run: messages of `fail_severities` (lint, cdc, rdc), errors
 * (syn), errors and counter-examples (formal). A missing or unreadable results file counts as
 * one. */
size_t oneshot_report_errors(const struct oneshot_report *r);
/* 0, or -1 with err at the first file that cannot be written. */
int oneshot_report_write(struct oneshot_report *r, struct error *err);
/* Appends DVSim's text for each block, and the table of all blocks of a primary configuration. */
void oneshot_report_show(struct oneshot_report *r, struct str *blocks, struct str *summary);

#endif
