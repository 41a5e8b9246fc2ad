/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the numbers mean that an Ascend runtime returns, and those that come out of programs that
 * run on it: one table for the drivers `acl` and `simpler`. The first code on a device is the
 * cause; some codes only ever say that something happened before.
 */
#ifndef DRIVERS_NPU_CODES_H
#define DRIVERS_NPU_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include "dvsched/driver.h"

struct npu_code {
	int32_t first, last;  /* codes with the same meaning */
	enum dvs_class class; /* when it comes first */
	enum dvs_class fresh; /* likewise, in a process that has run nothing successfully yet */
	bool is_fallout;      /* after another error: its consequence, never a cause */
	bool poisons; /* the process can use the device no more, whatever the class says of the job
		       */
	const char *name, *hint; /* hint: for people, what to do or to know; or NULL */
};

/* NULL: not in the table. */
const struct npu_code *npu_code_find(int32_t code);
/* Row by row, for tests; NULL at the end. */
const struct npu_code *npu_code_row(unsigned at);
/* As dvs_driver.classify(); a code that nobody knows is POISON, the careful answer, unless its
 * range says that the device was not even asked. ret_name and ret_hint: also NULL. */
enum dvs_class npu_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint);
/*
 * The cause of a run's end, given the one so far (0: none) and the next code that was seen: the
 * first error. Only if that was fallout of something nobody had asked about yet, a fault of the
 * device that shows up later takes its place.
 */
int32_t npu_code_cause(int32_t cause, int32_t next);

#endif
