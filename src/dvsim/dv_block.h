/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What DVSim's reports need about a plan and its blocks besides the jobs. Filled in by DVSim's
 * flows; plans of the native flow have none. All texts are owned by the plan.
 *
 * In dvsim/: this record, and the files that DVSim writes at the start of a run (dv_files.h).
 */
#ifndef DVSIM_DV_BLOCK_H
#define DVSIM_DV_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* The state of the project's git work tree. */
struct dv_revision {
	const char *commit, *commit_short, *branch;
	const char *url;      /* "https://HOST/OWNER/REPO/tree/COMMIT"; NULL: no origin */
	const char *revision; /* the key `revision`, expanded; NULL: not given */
	bool is_dirty;
};

enum dv_kind { DV_SIM, DV_LINT, DV_CDC, DV_RDC, DV_SYN, DV_FORMAL };

/* One configuration with jobs, or the primary configuration that includes them. */
struct dv_block {
	const char *name, *variant; /* variant: NULL if there is none */
	enum dv_kind kind;
	const char *tool;
	const char *rel_path;
	struct dv_revision revision;
	const char *testplan; /* absolute path, with ":tag" suffixes as written; NULL: none */
	const struct dv_testpoint *testpoints; /* of the testplan, by stage */
	size_t n_testpoints;
	const char *testplan_ref; /* the link to it in reports; NULL: none */
	const char *build_seed;	  /* digits; NULL: none */
	const char *cov_report_page, *cov_report_dir, *vplan_report_page; /* NULL: none */
	bool has_cov, map_full_testplan;
	/* For one-shot flows, from the configuration: */
	const char *const *report_severities, *const *fail_severities; /* end in NULL */
	const struct dv_message_bucket *message_buckets;
	size_t n_message_buckets;
	long max_msg_count; /* < 0: no limit */
	bool is_style_lint;
	bool has_report_cmd; /* its jobs write results.hjson; false (only cdc): dvsched writes it */
	const char *sub_flow; /* formal: "fpv" and the like; NULL: none */
	const char *title; /* title of the results from the configuration; NULL: DVSim's default */
};

/* A feature to be verified, and the tests that verify it. */
struct dv_testpoint {
	const char *name;
	const char *stage; /* "N.A.", "V1", "V2", "V2S", "V3" */
	const char *const *tests;
	size_t n_tests;
	bool is_not_mapped; /* tests: ["N/A"]: left out of results */
};

struct dv_message_bucket {
	const char *category, *severity, *label; /* label: NULL if there is none */
};

/* plan->dv */
struct dv_plan {
	const char *proj_root;
	const char *reports_dir;    /* <scratch_base_path>/reports */
	const struct dv_block *top; /* the primary configuration; NULL: the run has a single one */
	const struct dv_block *const *blocks; /* configurations with jobs, in order */
	size_t n_blocks;
	time_t timestamp; /* of the run */
	enum dv_kind kind;
	size_t jobs_cap; /* while the flow makes jobs: as many fit into plan->jobs */
};

#endif
