/* SPDX-License-Identifier: Apache-2.0 */
/* Results of a run. */
#ifndef DRIVERS_ACL_RESULTS_H
#define DRIVERS_ACL_RESULTS_H

#include <stdint.h>

#include "dvsched/driver.h"

struct acl_context;

/* After the end of the run: 0 if it succeeded and its outputs are as expected. */
int32_t acl_collect(struct acl_context *c, struct dvs_text *err);
/* Writes the JSON for the report: the device, the runtime, and the environment that a process needs
 * to use this card. Empty if result is too small. */
void acl_describe(struct acl_context *c, struct dvs_text *result);

#endif
