/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/codes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "drivers/npu_codes.h"

static const struct row {
	enum dvs_class class;
	const char *name, *hint;
} rows[] = {
	[ACL_E_OPTIONS] = {DVS_CONFIG, "bad options", NULL},
	[ACL_E_LIBRARY] = {DVS_UNSUPPORTED, "no AscendCL",
			   "install the toolkit, or set libdir to its directory"},
	[ACL_E_JOB] = {DVS_CONFIG, "bad job", NULL},
	[ACL_E_FILE] = {DVS_CONFIG, "file not read", NULL},
	[ACL_E_SOC] = {DVS_CONFIG, "another kind of device",
		       "kernels for another kind of device fail with misleading codes"},
	[ACL_E_DEVICE] = {DVS_CONFIG, "no such device",
			  "`dvsched chips` lists what the process sees"},
	[ACL_E_UNHEALTHY] = {DVS_WEDGE, "device not healthy", "`npu-smi info -t health` says more"},
	[ACL_E_RESULT] = {DVS_JOB, "wrong result", NULL},
	[ACL_E_CANCELLED] = {DVS_TIMEOUT, "cancelled", "the host ended it"},
	[ACL_E_UNSUPPORTED] = {DVS_UNSUPPORTED, "not in this runtime", NULL},
	[ACL_E_ORDER] = {DVS_CONFIG, "calls out of order", "a bug of the host"},
	[ACL_E_GARBAGE] = {DVS_POISON, "implausible answer", NULL},
	[ACL_E_STUCK] = {DVS_STALL, "run does not leave the device",
			 "it neither ends nor can be aborted: the process must end"},
};
static_assert(ARRAY_LEN(rows) == ACL_E_END, "one row per code");

enum dvs_class acl_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint)
{
	if (code <= 0 || code >= ACL_E_END)
		return npu_classify(code, is_fresh, ret_name, ret_hint);
	*ret_name = rows[code].name;
	*ret_hint = rows[code].hint;
	return rows[code].class;
}

int32_t acl_fail(struct dvs_text *err, int32_t code, const char *fmt, ...)
{
	va_list ap;

	if (!err || !err->at || err->size == 0 || err->at[0])
		return code;
	va_start(ap, fmt);
	vsnprintf(err->at, err->size, fmt, ap);
	va_end(ap);
	return code;
}

int32_t acl_fail_with(struct dvs_text *err, int32_t code, struct error *why)
{
	acl_fail(err, code, "%s", why->msg);
	error_done(why);
	return code;
}
