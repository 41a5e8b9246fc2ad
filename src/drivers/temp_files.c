/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/temp_files.h"

#include <stdlib.h>

#include "base/mem.h"

const char *temp_files_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

void temp_files_leave(const struct dvs_host *host, const char *pattern)
{
	if (DVS_HAS(host, leaves) && host->leaves)
		host->leaves(host->user, pattern);
}

void temp_files_leave_there(const struct dvs_host *host, const char *name)
{
	_cleanup_(freep) char *pattern = xasprintf("%s/%s", temp_files_dir(), name);

	temp_files_leave(host, pattern);
}
