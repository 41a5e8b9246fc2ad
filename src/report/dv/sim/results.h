/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of simulation blocks in the form of DVSim's reports, and their renderings: the JSON
 * that dashboards read, HTML pages, and the Markdown of the console. All text is borrowed.
 *
 * In report/dv/sim/: results of blocks and testpoints (results.h), and their forms: JSON, HTML, the
 * console. Entry for a finished run: report_sim (report.c).
 */
#ifndef REPORT_DV_SIM_RESULTS_H
#define REPORT_DV_SIM_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/json_out.h"
#include "base/number.h"
#include "base/str.h"
#include "dvsim/dv_block.h"
#include "tool/tool.h"

struct sim_count {
	unsigned passed, total;
};

struct sim_test {
	const char *name;
	struct maybe_number max_time_s, sim_time_us;
	struct sim_count count;
};

struct sim_testpoint {
	const char *name;
	const struct sim_test *tests;
	size_t n_tests;
};

struct sim_stage {
	const char *name;
	const struct sim_testpoint *testpoints;
	size_t n_testpoints;
};

struct sim_coverage {
	struct maybe_number metric[TOOL_METRIC_COUNT];
};

struct sim_failure {
	const char *name, *qual_name;
	const char *seed;     /* decimal digits of any length; NULL: none */
	unsigned line;	      /* 0: none */
	const char *log_path; /* may be NULL */
	const char *const *log_context;
	size_t n_log_context;
};

struct sim_bucket {
	const char *message; /* normalised: bucketer_key() */
	const struct sim_failure *failures;
	size_t n_failures;
};

struct sim_block {
	const char *name, *variant; /* variant may be NULL */
	const char *commit, *commit_short;
	bool dirty;
	const char *branch;
	const char *url, *revision_info; /* may be NULL */
};

struct sim_block_results {
	struct sim_block block;
	const char *tool, *tool_version;
	time_t timestamp;
	const char *build_seed, *testplan_ref; /* may be NULL */
	const struct sim_stage *stages;
	size_t n_stages;
	const struct sim_coverage *coverage;		 /* may be NULL */
	const char *cov_report_page, *vplan_report_page; /* may be NULL */
	struct maybe_number vplan_coverage;
	const struct sim_bucket *buckets;
	size_t n_buckets;
};

struct sim_summary {
	const struct sim_block *top; /* of the primary configuration, or NULL */
	const char *version;
	time_t timestamp;
	const char *build_seed; /* may be NULL */
	const struct sim_block_results *const *blocks;
	size_t n_blocks;
	const char *report_path;
	const char *link_base; /* directory of the pages, for links; NULL: no links */
};

/* The block of a configuration. */
struct sim_block sim_block_of(const struct dv_block *dv);
/* Appends NAME or NAME<sep>VARIANT: with "_" in lower case it is the stem of the block's files. */
void sim_block_add_name(const struct sim_block *block, const char *sep, struct str *out);
double sim_percent(struct sim_count count); /* 0 if nothing ran */
/* A testpoint sums its tests. A stage and a block count each name of a test once: its last
 * occurrence. */
struct sim_count sim_testpoint_count(const struct sim_testpoint *point);
struct sim_count sim_stage_count(const struct sim_stage *stage);
struct sim_count sim_results_count(const struct sim_block_results *results);
/* The mean of code (without block), assertion and functional coverage, of those that are known. */
struct maybe_number sim_coverage_average(const struct sim_coverage *coverage);
/* Indices of the buckets, the largest first, in stable order. The caller frees them. NULL: no
 * buckets. */
size_t *sim_buckets_by_size(const struct sim_block_results *results);
void sim_add_time(time_t when, const char *format, struct str *out);

/* Writes members that the reports of all DVSim flows have. block NULL: null. */
void sim_json_add_block(struct json_out *j, const char *key, const struct sim_block *block);
void sim_json_add_time(struct json_out *j, time_t when);
/* BLOCK.json and index.json. */
void sim_json_block(const struct sim_block_results *results, struct str *out);
void sim_json_summary(const struct sim_summary *summary, struct str *out);

/* BLOCK.html and index.html, each in one file. */
void sim_html_block(const struct sim_block_results *results, struct str *out);
void sim_html_summary(const struct sim_summary *summary, bool has_metrics, struct str *out);

/* Appends the console text of a block. */
void sim_console_block(const struct sim_block_results *results, struct str *out);
/* Appends the table of a primary configuration: one line per block. */
void sim_console_summary(const struct sim_summary *summary, struct str *out);
void sim_console_failures(const struct sim_block_results *results, struct str *out);

#endif
