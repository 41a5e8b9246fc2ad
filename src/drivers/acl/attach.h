/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a device and gives it back. */
#ifndef DRIVERS_ACL_ATTACH_H
#define DRIVERS_ACL_ATTACH_H

#include <stdint.h>

#include "dvsched/driver.h"

struct acl_context;

/* Starts the runtime, binds the thread and makes the stream. After an error, all of this is
 * undone. */
int32_t acl_attach(struct acl_context *c, struct dvs_text *err);
/* Gives everything back in the opposite order. On a device that is unusable, gives nothing back. */
void acl_detach(struct acl_context *c);
/* Binds this thread to the device, or unbinds it. The runtime counts: acl_unbind() unbinds as often
 * as the thread was bound. */
int acl_bind(struct acl_context *c);
int acl_unbind(struct acl_context *c);
/* Sets the runtime's own limits. Must be called before a stream is made. err may be NULL. */
int32_t acl_set_limits(struct acl_context *c, struct dvs_text *err);

#endif
