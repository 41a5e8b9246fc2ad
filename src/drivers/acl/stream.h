/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of a device, and a proof that another one works. */
#ifndef DRIVERS_ACL_STREAM_H
#define DRIVERS_ACL_STREAM_H

struct acl_context;

void acl_destroy_stream(struct acl_context *c);
/* Something is really done on the device, 64 bytes and a stream of it. 0, or the first error. */
int acl_prove(struct acl_context *c);

#endif
