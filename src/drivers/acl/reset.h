/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Getting a device back after a fault. That a reset returns 0 proves nothing: only what is done on
 * the device afterwards does.
 */
#ifndef DRIVERS_ACL_RESET_H
#define DRIVERS_ACL_RESET_H

#include <stdint.h>

#include "dvsched/driver.h"

struct acl_context;

/* As struct dvs_driver has it. After a failed one nothing is given back any more. */
int32_t acl_reset(struct acl_context *c, int32_t force, int32_t *ret_is_verified,
		  struct dvs_text *err);

#endif
