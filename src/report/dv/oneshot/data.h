/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of the one-shot flows (lint, cdc, rdc, syn, formal). The project's scripts write the
 * findings of each job to <build_dir>/results.hjson. They are read, counted, shown as DVSim shows
 * them, and written to reports/<block>.json, <block>.md and index.json (docs/guides/dvsim.md).
 *
 * In report/dv/oneshot/: the data of each block (data.h) and its forms: JSON, HTML, the console.
 * Entry: report_oneshot (oneshot.c).
 */
#ifndef REPORT_DV_ONESHOT_DATA_H
#define REPORT_DV_ONESHOT_DATA_H

#include "base/vec.h"
#include "dvsim/dv_block.h"
#include "hjson.h"
#include "job/job_spec.h"

/* Messages of one kind. */
struct os_bucket {
	const char *key;      /* "lint_error", "flow_errors", "cex" */
	const char *label;    /* header of its column */
	const char *severity; /* "info", "review", "warning", "error", "fatal" */
	VEC(const char *) messages;
	size_t n;      /* number of messages; a sum has only this number */
	bool is_known; /* false: the results have no list for it, not even an empty one */
	bool is_shown, is_failure;
};

/* One build mode of a block, or the sum of them. */
struct os_mode {
	const struct job_spec *spec; /* NULL: in the sum */
	enum job_status status;
	const char *message; /* of a failed job */
	const char *path;    /* of its results file */
	VEC(struct os_bucket) buckets;
	struct hjson_doc *doc;
	struct hjson_node *root; /* content of the results; NULL: not read */
};

struct os_block {
	const struct dv_block *dv;
	struct os_mode *modes;
	size_t n_modes, n_errors;
	struct os_mode sum; /* of the buckets of all modes */
};

struct oneshot_report {
	struct arena *mem;
	const struct plan *plan;
	enum dv_kind kind;
	struct os_block *blocks;
	size_t n_blocks;
};

/* "lint", "cdc" and "rdc" are one kind. */
static inline bool os_is_lint(const struct oneshot_report *r)
{
	return r->kind == DV_LINT || r->kind == DV_CDC || r->kind == DV_RDC;
}

/* Number of findings that fail the run: messages of `fail_severities` (lint, cdc, rdc), errors
 * (syn), errors and counter-examples (formal). A missing or unreadable results file counts as
 * one. */
size_t oneshot_report_errors(const struct oneshot_report *r);
struct os_bucket *os_bucket_of(struct arena *mem, struct os_mode *mode, const char *key);
/* The letter of a severity: 'W' for a warning. */
char os_severity_letter(const char *severity);
/* Appends DVSim's title: "IBEX Lint Results". */
void os_add_title(const struct oneshot_report *r, const struct dv_block *dv, struct str *out);
/* The text of a scalar, in mem; NULL: no scalar. */
const char *os_text(struct arena *mem, struct hjson_doc *doc, const struct hjson_node *n);

void os_json_block(const struct oneshot_report *r, const struct os_block *b, struct str *out);
void os_json_index(const struct oneshot_report *r, struct str *out);
void os_console_block(struct oneshot_report *r, const struct os_block *b, struct str *out);
void os_console_summary(struct oneshot_report *r, struct str *out);
/* Appends the tables of a synthesis. */
void os_console_syn(struct arena *mem, const struct os_mode *mode, struct str *out);

#endif
