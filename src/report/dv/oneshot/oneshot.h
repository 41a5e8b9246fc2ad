/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of the one-shot flows (lint, cdc, rdc, syn, formal): what each job's tool found stands in
 * <build_dir>/results.hjson, which the project's own scripts write. Read, counted, shown as DVSim
 * shows them, and kept as reports/<block>.json, <block>.md and index.json
 * (docs/reference/results.md).
 *
 * In report/dv/oneshot/: what was read (data.h), and each form of it: JSON, HTML, the console.
 * Entry: oneshot_report_kind.
 */
#ifndef REPORT_DV_ONESHOT_ONESHOT_H
#define REPORT_DV_ONESHOT_ONESHOT_H

#include "report/report_kind.h"

struct oneshot_report;

extern const struct report_kind oneshot_report_kind;

/* NULL if no job of the plan belongs to a block. Reads the files. */
struct oneshot_report *oneshot_report_new(const struct report_source *source);
void oneshot_report_free(struct oneshot_report *r); /* accepts NULL */

/* Findings that make a run fail: of `fail_severities` (lint, cdc, rdc), errors (syn), errors and
 * counter-examples (formal); a results file that is missing or unreadable is one. */
size_t oneshot_report_errors(const struct oneshot_report *r);
/* 0, or -1 with err at the first file that cannot be written. */
int oneshot_report_write(struct oneshot_report *r, struct error *err);
/* Appends what DVSim shows of each block, and the table over all blocks of a primary one. */
void oneshot_report_show(struct oneshot_report *r, struct str *blocks, struct str *summary);

#endif
