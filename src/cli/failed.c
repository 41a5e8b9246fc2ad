/* SPDX-License-Identifier: Apache-2.0 */
/* --failed RUN: what did not pass in an earlier run, read from its results.json. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/load.h"
#include "run/run_dir.h"

static const struct src_pos nowhere;

static json_t *read_results(const char *run_path, struct diags *diags)
{
	_cleanup_(freep) char *path = xasprintf("%s/results.json", run_path);
	json_error_t why;
	json_t *root = json_load_file(path, JSON_DECODE_INT_AS_REAL, &why);

	if (!root)
		diag_error(diags, nowhere, "--failed: %s: %s", path, why.text);
	return root;
}

static const char *const *collect(struct arena *mem, json_t *root)
{
	json_t *jobs = json_object_get(root, "jobs"), *job;
	const char **ids = arena_array(mem, json_array_size(jobs) + 1, sizeof(char *));
	size_t n = 0, i;

	json_array_foreach(jobs, i, job)
	{
		const char *id = json_string_value(json_object_get(job, "id"));
		const char *status = json_string_value(json_object_get(job, "status"));

		if (id && status && strcmp(status, "PASSED") != 0)
			ids[n++] = arena_strdup(mem, id);
	}
	return ids;
}

const char *const *load_failed(struct arena *mem, const char *scratch_root, const char *which,
			       const char **ret_run, struct diags *diags)
{
	struct error err = {0};
	_cleanup_(freep) char *run_path = run_dir_find(scratch_root, which, &err);
	const char *const *ids;
	json_t *root;

	if (!run_path) {
		diag_from_error(diags, &err);
		return NULL;
	}
	*ret_run = arena_strdup(mem, path_base(run_path));
	root = read_results(run_path, diags);
	if (!root)
		return NULL;
	ids = collect(mem, root);
	json_decref(root);
	if (ids[0])
		return ids;
	diag_error(diags, nowhere, "--failed: every job passed in %s", run_path);
	return NULL;
}
