/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/path.h"

#include "base/mem.h"

char *simpler_path(json_t *job, const char *path)
{
	const char *dir = json_string_value(json_object_get(job, "dir"));

	if (path[0] == '/' || !dir || !*dir)
		return xstrdup(path);
	return xasprintf("%s/%s", dir, path);
}
