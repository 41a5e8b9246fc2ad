/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/purge.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* Files of dvsched (the lock, the runs, the trash), "." and "..". */
static bool is_kept(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || str_starts(name, ".dvsched");
}

static int purge_dir(struct confine *c, const char *path, struct error *err)
{
	struct dirent *entry;
	int rc = confine_path(c, path, err);
	DIR *dir = rc == 0 ? opendir(path) : NULL;

	if (dir)
		log_info("purging scratch path %s", path);
	while (rc == 0 && dir && (entry = readdir(dir))) {
		_cleanup_(freep) char *below = xasprintf("%s/%s", path, entry->d_name);

		if (!is_kept(entry->d_name))
			rc = confine_trash(c, below, err);
	}
	if (dir)
		closedir(dir);
	return rc;
}

int purge_blocks(const struct plan *plan)
{
	const struct job_block *last = NULL;
	struct error err = {0};
	struct confine c;
	int rc = 0;

	confine_init(&c, plan->scratch_root);
	for (size_t i = 0; i < plan->n_jobs && rc == 0; i++) {
		const struct job_block *block = plan->jobs[i].block;

		if (block != last && block && block->scratch_path)
			rc = purge_dir(&c, block->scratch_path, &err);
		last = block;
	}
	if (rc < 0) {
		log_error("--purge: %s", err.msg);
		error_done(&err);
	}
	confine_done(&c);
	return rc;
}
