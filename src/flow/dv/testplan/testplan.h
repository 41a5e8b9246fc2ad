/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Testplans: which tests verify which feature, at which stage (V1, V2, V2S, V3). Plans import
 * plans; the rules are DVSim's: docs/guides/dvsim.md.
 *
 * In flow/dv/testplan/: its files, testpoints, and the names of tests in them. Entry:
 * testplan_load().
 */
#ifndef FLOW_DV_TESTPLAN_TESTPLAN_H
#define FLOW_DV_TESTPLAN_TESTPLAN_H

#include "base/map.h"
#include "config/config.h"
#include "dvsim/dv_block.h"

struct testplan {
	const struct dv_testpoint *points; /* by stage, within one as written */
	size_t n;
};

/* Imported files that several plans share, so that each is parsed once. */
struct testplan_files {
	struct map by_path; /* path -> struct cfg; only files without messages */
	struct cfg *owner;  /* keeps them */
};

struct testplan_options {
	const char *repo_top;
	struct arena *mem;	      /* for texts of the plan */
	struct cfg *keeper;	      /* keeps the files that messages point into */
	struct testplan_files *files; /* NULL: nothing is shared */
};

/*
 * Reads "PATH" or "PATH:tag:-tag" (elements with all of these tags, and with none that has a
 * minus), and the plans that it imports. Their paths are relative to repo_top, to the directory of
 * the importing file, or to the working directory, in this order. If PATH does not exist, the plan
 * is empty and *ret_missing is true. Returns 0, or -1 after errors.
 */
int testplan_load(const char *tagged_path, const struct testplan_options *options,
		  struct diags *diags, struct testplan *ret, bool *ret_missing);

/* The tests of a stage, sorted, without repetitions, NULL-terminated, in mem. NULL: the stage has
 * no testpoint. */
const char *const *testplan_stage_tests(const struct testplan *plan, const char *stage,
					struct arena *mem);

/* "V1", "V2", "V2S", "V3"; NULL-terminated. */
extern const char *const testplan_stages[];

#endif
