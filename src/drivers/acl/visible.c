/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/visible.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int visible_is_bad(const char *text, const char *why, struct error *err)
{
	return error_plain(err, VISIBLE_VARIABLE "=%s: %s", text, why);
}

static int visible_add(struct visible *v, long id, const char *text, struct error *err)
{
	if (v->n == VISIBLE_MOST)
		return visible_is_bad(text, "too many devices", err);
	for (unsigned i = 0; i < v->n; i++)
		if (v->ids[i] == id)
			return visible_is_bad(text, "a device is listed twice", err);
	v->ids[v->n++] = (int32_t)id;
	return 0;
}

int visible_read(const char *text, struct visible *ret, struct error *err)
{
	const char *at = text;

	memset(ret, 0, sizeof(*ret));
	ret->is_limited = text;
	while (at && *at) {
		char *end;
		long id;

		errno = 0;
		id = strtol(at, &end, 10);
		if (end == at || errno || id < 0 || id > 65535 || (*end && *end != ','))
			return visible_is_bad(text, "not a list of devices, such as 0,1", err);
		if (visible_add(ret, id, text, err) < 0)
			return -1;
		at = *end ? end + 1 : end;
	}
	return 0;
}

int32_t visible_logical(const struct visible *v, int32_t physical)
{
	if (!v->is_limited)
		return physical;
	for (unsigned i = 0; i < v->n; i++)
		if (v->ids[i] == physical)
			return (int32_t)i;
	return -1;
}

int32_t visible_physical(const struct visible *v, int32_t logical)
{
	if (!v->is_limited)
		return logical;
	return logical >= 0 && (unsigned)logical < v->n ? v->ids[logical] : -1;
}
