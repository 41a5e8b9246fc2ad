/* SPDX-License-Identifier: Apache-2.0 */
/* Lists devices and their health, without opening any. */
#ifndef DRIVERS_ACL_DEVICES_H
#define DRIVERS_ACL_DEVICES_H

#include <stddef.h>

#include "drivers/acl/options.h"
#include "dvsched/driver.h"

/* Members of struct dvs_driver. */
int32_t acl_probe(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
		  struct dvs_text *err);
int32_t acl_lend_as(int32_t device, const char *options, struct dvs_text *ret,
		    struct dvs_text *err);
int32_t acl_health(int32_t device, const char *options, struct dvs_device *ret,
		   struct dvs_text *err);
/* Translates a device as users write it into this process's own number and the id on the
 * machine. */
int acl_device_resolve(const struct acl_options *o, int32_t device, int32_t *ret_logical,
		       int32_t *ret_physical, struct error *err);

#endif
