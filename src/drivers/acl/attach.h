/* SPDX-License-Identifier: Apache-2.0 */
/* Getting a device and giving it back. */
#ifndef DRIVERS_ACL_ATTACH_H
#define DRIVERS_ACL_ATTACH_H

#include <stdint.h>

#include "dvsched/driver.h"

struct acl_context;

/* Starts the runtime, binds the thread, makes the stream; all or nothing. */
int32_t acl_attach(struct acl_context *c, struct dvs_text *err);
/* Gives back in the opposite order; on a device that is not sound nothing. */
void acl_detach(struct acl_context *c);
/* The device for this thread. The runtime counts: as often as it was bound it must be unbound. */
int acl_bind(struct acl_context *c);
int acl_unbind(struct acl_context *c);
/* The runtime's own limits, which must be set before a stream is made. err: may be NULL. */
int32_t acl_set_limits(struct acl_context *c, struct dvs_text *err);

#endif
