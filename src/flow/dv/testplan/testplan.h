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

#include "config/config.h"
#include "job/dv_block.h"

struct testplan {
	const struct dv_testpoint *points; /* by stage, within one as written */
	size_t n;
};

/*
 * Reads "PATH" or "PATH:tag:-tag" (elements with all of these tags, and with none that has a
 * minus), and the plans that it imports. Their paths are relative to repo_top, to the directory of
 * the importing file, or to the working directory, in this order. If PATH does not exist, the plan
 * is empty and *ret_missing is true. Texts are in mem; keeper keeps the files that messages point
 * into. Returns 0, or -1 after errors.
 */
int testplan_load(const char *tagged_path, const char *repo_top, struct arena *mem,
		  struct cfg *keeper, struct diags *diags, struct testplan *ret, bool *ret_missing);

/* The tests of a stage, sorted, without repetitions, NULL-terminated, in mem. NULL: the stage has
 * no testpoint. */
const char *const *testplan_stage_tests(const struct testplan *plan, const char *stage,
					struct arena *mem);

/* "V1", "V2", "V2S", "V3"; NULL-terminated. */
extern const char *const testplan_stages[];

#endif
