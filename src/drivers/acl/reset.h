/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a device usable again after a fault. A reset that returns 0 proves nothing: only an
 * operation on the device afterwards does.
 */
#ifndef DRIVERS_ACL_RESET_H
#define DRIVERS_ACL_RESET_H

#include <stdint.h>

#include "dvsched/driver.h"

struct acl_context;

/* Member of struct dvs_driver. After a failed reset, nothing is freed any more. */
int32_t acl_reset(struct acl_context *c, int32_t force, int32_t *ret_is_verified,
		  struct dvs_text *err);

#endif
