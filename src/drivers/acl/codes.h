/* SPDX-License-Identifier: Apache-2.0 */
/* What driver acl returns: the runtime's codes (drivers/npu_codes.h), and these of its own. */
#ifndef DRIVERS_ACL_CODES_H
#define DRIVERS_ACL_CODES_H

#include <stdint.h>

#include "base/error.h"
#include "dvsched/driver.h"

enum acl_code {
	ACL_E_OPTIONS = 1, /* the backend's options, or the environment */
	ACL_E_LIBRARY,	   /* none, or one that lacks entries */
	ACL_E_JOB,	   /* keys of the job */
	ACL_E_FILE,	   /* a file of the job */
	ACL_E_SOC,	   /* another kind of device than the configuration says */
	ACL_E_DEVICE,	   /* no such device */
	ACL_E_UNHEALTHY,   /* its management interface says so */
	ACL_E_RESULT,	   /* an output is not as expected */
	ACL_E_CANCELLED,   /* the run was ended before it was over */
	ACL_E_UNSUPPORTED, /* the library has no entry for it */
	ACL_E_ORDER,	   /* calls out of order */
	ACL_E_GARBAGE,	   /* the library answered what cannot be */
	ACL_E_STUCK,	   /* the run does not leave the device */
	ACL_E_END
};

enum dvs_class acl_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint);
/* The process can use the device no more, because of an earlier error. */
enum { ACL_SPENT = -1 };

/* Writes the text, unless one is there already, and returns code. */
int32_t acl_fail(struct dvs_text *err, int32_t code, const char *fmt, ...) _printf_(3, 4);
/* Likewise with the message of why, which is done with. */
int32_t acl_fail_with(struct dvs_text *err, int32_t code, struct error *why);

#endif
