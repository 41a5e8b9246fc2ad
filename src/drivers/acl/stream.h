/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of a device, and a proof that a new one works. */
#ifndef DRIVERS_ACL_STREAM_H
#define DRIVERS_ACL_STREAM_H

struct acl_context;

void acl_destroy_stream(struct acl_context *c);
/* Proves that the device works, with a stream of its own and a copy of 64 bytes to the device and
 * back. 0, or the first error. */
int acl_prove(struct acl_context *c);

#endif
