/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Meaning of the codes of an Ascend runtime, and of those that programs on it return: one table for
 * the drivers `acl` and `simpler`. The first code on a device is the cause; some codes only report
 * that an earlier error happened.
 */
#ifndef DRIVERS_NPU_CODES_H
#define DRIVERS_NPU_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include "dvsched/driver.h"

struct npu_code {
	int32_t first, last;	 /* codes with the same meaning */
	enum dvs_class class;	 /* when it comes first */
	enum dvs_class fresh;	 /* likewise, in a process that has run nothing successfully yet */
	bool is_fallout;	 /* after another error: its consequence, never a cause */
	bool poisons;		 /* the process can no longer use the device, whatever the class */
	const char *name, *hint; /* hint: what users should do or know; may be NULL */
};

/* NULL: the table does not have the code. */
const struct npu_code *npu_code_find(int32_t code);
/* Row by row, for tests; NULL at the end. */
const struct npu_code *npu_code_row(unsigned at);
/* As dvs_driver.classify(). An unknown code is POISON, the safe choice, or CONFIG if its range
 * means that an argument was refused. ret_name and ret_hint may be NULL. */
enum dvs_class npu_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint);
/*
 * Returns the cause of the end of a run, given the cause so far (0: none) and the next code. The
 * first error is the cause. But if that was only fallout, the first later code that poisons and is
 * no fallout replaces it.
 */
int32_t npu_code_cause(int32_t cause, int32_t next);

#endif
