/* SPDX-License-Identifier: Apache-2.0 */
/* What came back from a run. */
#ifndef DRIVERS_ACL_RESULTS_H
#define DRIVERS_ACL_RESULTS_H

#include <stdint.h>

#include "dvsched/driver.h"

struct acl_context;

/* The run is over: did it work, and are its outputs what was expected? */
int32_t acl_collect(struct acl_context *c, struct dvs_text *err);
/* The report's JSON: which device, which runtime, and what a process needs to use that card. Left
 * empty where there is no room. */
void acl_describe(struct acl_context *c, struct dvs_text *result);

#endif
