/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What DVSim's reports say of a plan and of its blocks, beyond the jobs themselves. Flow fills it
 * in for DVSim's flows; plans of the native flow have none. All text belongs to the plan.
 */
#ifndef JOB_DV_BLOCK_H
#define JOB_DV_BLOCK_H

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

/* One configuration with jobs, or the primary one above them. */
struct dv_block {
	const char *name, *variant; /* variant: NULL if there is none */
	enum dv_kind kind;
	const char *tool;
	const char *rel_path;
	struct dv_revision revision;
	const char *testplan; /* absolute path, ":tag" suffixes as written; NULL: none */
	const struct dv_testpoint *testpoints; /* of the testplan, by stage */
	size_t n_testpoints;
	const char *testplan_ref; /* what reports link to; NULL: none */
	const char *build_seed;	  /* digits; NULL: none */
	const char *cov_report_page, *cov_report_dir, *vplan_report_page; /* NULL: none */
	bool has_cov, map_full_testplan;
	/* The one-shot flows, as the configuration says: */
	const char *const *report_severities, *const *fail_severities; /* end in NULL */
	const struct dv_message_bucket *message_buckets;
	size_t n_message_buckets;
	long max_msg_count; /* < 0: no limit */
	bool is_style_lint;
	bool has_report_cmd;  /* its jobs make results.hjson; cdc only: without, we do */
	const char *sub_flow; /* formal: "fpv" and the like; NULL: none */
	const char *title;    /* of the results: the key's text that DVSim shows; NULL: its default
			       */
};

/* A feature to be verified, and the tests that do. */
struct dv_testpoint {
	const char *name;
	const char *stage; /* "N.A.", "V1", "V2", "V2S", "V3" */
	const char *const *tests;
	size_t n_tests;
	bool is_not_mapped; /* tests: ["N/A"]: results have nothing to do with it */
};

struct dv_message_bucket {
	const char *category, *severity, *label; /* label: NULL if there is none */
};

/* plan->dv */
struct dv_plan {
	const char *proj_root;
	const char *reports_dir;    /* <scratch_base_path>/reports */
	const struct dv_block *top; /* the primary configuration; NULL: a single one was run */
	const struct dv_block *const *blocks; /* those with jobs, in order */
	size_t n_blocks;
	time_t timestamp; /* of the run */
	enum dv_kind kind;
};

#endif
