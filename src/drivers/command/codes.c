/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/command/codes.h"

#include <assert.h>
#include <stdio.h>

static const struct row {
	enum dvs_class class;
	const char *name, *hint;
} rows[] = {
	[SMI_E_OPTIONS] = {DVS_CONFIG, "bad options", NULL},
	/* Then the state of the device is unknown. */
	[SMI_E_TOOL] = {DVS_UNSUPPORTED, "no list of devices", NULL},
	[SMI_E_GONE] = {DVS_WEDGE, "device not listed", NULL},
	[SMI_E_BAD] = {DVS_WEDGE, "device not healthy", NULL},
	[SMI_E_LATE] = {DVS_WEDGE, "command too late", "'timeout' is its limit"},
};
static_assert(ARRAY_LEN(rows) == SMI_E_END, "one row per code");

enum dvs_class smi_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint)
{
	(void)is_fresh;
	*ret_name = *ret_hint = NULL;
	if (code == 0)
		return DVS_OK;
	if (code < 0 || code >= SMI_E_END)
		return DVS_POISON;
	*ret_name = rows[code].name;
	*ret_hint = rows[code].hint;
	return rows[code].class;
}

int32_t smi_fail(struct dvs_text *err, int32_t code, struct error *why)
{
	if (err && err->at && err->size)
		snprintf(err->at, err->size, "%s", why->msg);
	error_done(why);
	return code;
}
