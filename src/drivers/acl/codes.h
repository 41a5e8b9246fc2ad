/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of driver acl: those of the runtime (drivers/npu_codes.h), and these of its own. */
#ifndef DRIVERS_ACL_CODES_H
#define DRIVERS_ACL_CODES_H

#include <stdint.h>

#include "base/error.h"
#include "dvsched/driver.h"

enum acl_code {
	ACL_E_OPTIONS = 1, /* the backend's options, or the environment */
	ACL_E_LIBRARY,	   /* not found, or without a function that is needed */
	ACL_E_JOB,	   /* keys of the job */
	ACL_E_FILE,	   /* a file of the job */
	ACL_E_SOC,	   /* another kind of device than the configuration says */
	ACL_E_DEVICE,	   /* no such device */
	ACL_E_UNHEALTHY,   /* reported by its management interface */
	ACL_E_RESULT,	   /* an output is not as expected */
	ACL_E_CANCELLED,   /* the run was ended before it was finished */
	ACL_E_UNSUPPORTED, /* the library has no function for it */
	ACL_E_ORDER,	   /* calls out of order */
	ACL_E_GARBAGE,	   /* an implausible answer of the library */
	ACL_E_STUCK,	   /* the run neither ends nor can be aborted */
	ACL_E_END
};

enum dvs_class acl_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint);
/* The process can no longer use the device, because of an earlier error. */
enum { ACL_SPENT = -1 };

/* Writes the text, unless err already has one, and returns code. */
int32_t acl_fail(struct dvs_text *err, int32_t code, const char *fmt, ...) _printf_(3, 4);
/* The same with the message of why; frees why. */
int32_t acl_fail_with(struct dvs_text *err, int32_t code, struct error *why);

#endif
