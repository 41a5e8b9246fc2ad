/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output/metrics_page.h"

#include <errno.h>

#include "base/fs.h"
#include "base/mem.h"

int metrics_page_write(const char *json_path, const char *dir, enum metrics_profile profile,
		       struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/metrics.html", dir);
	_cleanup_(freep) char *beside = xasprintf("%s/%s", dir, path_base(json_path));
	_cleanup_(str_done) struct str page = {0};
	struct metrics *m = metrics_read(json_path, err);

	if (!m)
		return -1;
	metrics_html(m, profile, fs_exists(beside) ? path_base(json_path) : NULL, &page);
	metrics_free(m);
	if (fs_mkdirs(dir, 0777) < 0)
		return error_sys(err, errno, "%s", dir);
	return fs_write_atomic(path, page.s, page.len, err);
}
