/* SPDX-License-Identifier: Apache-2.0 */
/* A stub of the clerk that records its requests. */
#include "clerk_stub.h"

static struct str *asked;

void clerk_stub_to(struct str *to)
{
	asked = to;
}

void clerk_reset_dir(struct clerk *c, const char *path)
{
	(void)c;
	str_printf(asked, "reset %s\n", path);
}

void clerk_trash(struct clerk *c, const char *path)
{
	(void)c;
	str_printf(asked, "trash %s\n", path);
}

void clerk_set_link(struct clerk *c, const char *base, const char *group, const char *name,
		    const char *target)
{
	(void)c;
	str_printf(asked, "%s %s %s %s\n", base, group ? group : "-", name, target);
}

void clerk_sync(struct clerk *c, const char *path)
{
	(void)c;
	str_printf(asked, "sync %s\n", path);
}

void clerk_set_died(struct clerk *c, clerk_died *died, void *ctx)
{
	(void)c;
	(void)died;
	(void)ctx;
}

bool clerk_is_gone(const struct clerk *c)
{
	(void)c;
	return false;
}
