/* SPDX-License-Identifier: Apache-2.0 */
/* Options of driver acl. */
#ifndef DRIVERS_ACL_OPTIONS_H
#define DRIVERS_ACL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct acl_options {
	struct arena *mem;	  /* of all texts */
	const char *libdir;	  /* NULL: see acl_api_open() */
	const char *dcmi;	  /* path of libdcmi.so; NULL: the usual places; "" for none */
	const char *soc;	  /* required beginning of the device's name; NULL: any */
	bool has_logical_ids;	  /* ids: "logical": devices are counted as the process sees them */
	uint64_t op_timeout_ns;	  /* of one operation on the device; 0: the runtime's own */
	uint64_t wait_timeout_ns; /* of a wait on the device; 0: the runtime's own */
	uint32_t sync_timeout_ms; /* limit of the driver's own waits */
};

/* json: an object, or NULL or empty for none. The caller calls acl_options_done(), also after an
 * error. */
int acl_options_read(const char *json, struct acl_options *ret, struct error *err);
void acl_options_done(struct acl_options *o);

#endif
