/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the directory of the run that a user names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "run/plan_file.h"
#include "run/run_dir.h"
#include "run/run_names.h"

enum { SHOWN = 5 };

static bool run_find_is_run(const char *path)
{
	_cleanup_(freep) char *plan = xasprintf("%s/%s", path, PLAN_NAME);

	return fs_exists(plan);
}

/* Resolves links, so that "latest" becomes the path of a run, which does not change later. */
static char *real_path(const char *path, struct error *err)
{
	char *real = realpath(path, NULL);

	if (!real)
		error_sys(err, errno, "%s", path);
	return real;
}

static int say_which(struct error *err, const char *prefix, const struct run_names *names)
{
	_cleanup_(str_done) struct str text = {0};

	for (size_t i = 0; i < names->n && i < SHOWN; i++)
		str_printf(&text, "%s%s", i ? ", " : "", names->at[names->n - 1 - i]);
	if (names->n > SHOWN)
		str_printf(&text, ", … (%zu in all)", names->n);
	return error_plain(err, "'%s' is the beginning of more than one run: %s", prefix, text.s);
}

static char *find_by_prefix(const char *runs, const char *prefix, struct error *err)
{
	struct run_names names = {0};
	char *path = NULL;

	run_names_read(runs, prefix, &names);
	if (names.n == 1)
		path = xasprintf("%s/%s", runs, names.at[0]);
	else if (names.n == 0)
		error_plain(err, "there is no run '%s' in %s", prefix, runs);
	else
		say_which(err, prefix, &names);
	run_names_done(&names);
	return path;
}

char *run_dir_find(const char *scratch_root, const char *which, struct error *err)
{
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", scratch_root);
	_cleanup_(freep) char *path = NULL;

	if (strchr(which, '/') && run_find_is_run(which))
		return real_path(which, err);
	if (strchr(which, '/') || !*which || *which == '.') {
		error_plain(err, "'%s' is not the directory of a run", which);
		return NULL;
	}
	path = xasprintf("%s/%s", runs, which);
	if (run_find_is_run(path))
		return real_path(path, err);
	if (strcmp(which, "latest") == 0) {
		error_plain(err, "there is no run in %s yet", scratch_root);
		return NULL;
	}
	freep(&path);
	path = find_by_prefix(runs, which, err);
	return path ? real_path(path, err) : NULL;
}
