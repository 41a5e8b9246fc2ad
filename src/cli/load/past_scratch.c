/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/past_scratch.h"

#include <stdlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "config/config.h"

static bool has_runs(const char *scratch_root)
{
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", scratch_root);

	return fs_is_dir(runs);
}

const char *past_scratch_find(const struct args *args, const char *cfg_path, struct arena *mem)
{
	const char *given = opt_word(args, OPT_SCRATCH_ROOT, NULL), *env = getenv("SCRATCH_ROOT");
	const char *top = cfg_proj_root(mem), *places[3];
	size_t n = 0;

	if ((given && *given) || (env && *env))
		return path_absolute(mem, given && *given ? given : env);
	if (cfg_path)
		places[n++] = path_join(mem, path_dir(mem, cfg_path), "scratch");
	places[n++] = path_absolute(mem, "scratch");
	if (top)
		places[n++] = path_join(mem, top, "scratch");
	for (size_t i = 0; i < n; i++)
		if (has_runs(places[i]))
			return places[i];
	return places[0];
}
