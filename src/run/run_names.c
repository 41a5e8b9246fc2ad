/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run_names.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"

void run_names_read(const char *runs, const char *prefix, struct run_names *ret)
{
	DIR *d = opendir(runs);
	const struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && strcmp(e->d_name, "latest") != 0 &&
		    str_starts(e->d_name, prefix))
			vec_push(ret, xstrdup(e->d_name));
	if (d)
		closedir(d);
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(*ret->at), str_compare_texts);
}

void run_names_done(struct run_names *names)
{
	while (names->n)
		free(names->at[--names->n]);
	vec_done(names);
}

/* Returns false if the name does not begin with a time. */
static bool run_names_time(const char *name, time_t *ret)
{
	struct tm tm = {0};
	const char *end = strptime(name, "%Y%m%dT%H%M%SZ-", &tm);

	if (end)
		*ret = timegm(&tm);
	return end;
}

time_t run_names_newest(const char *runs)
{
	struct run_names names = {0};
	time_t newest = 0;

	run_names_read(runs, "", &names);
	for (size_t i = names.n; i > 0; i--)
		if (run_names_time(names.at[i - 1], &newest))
			break;
	run_names_done(&names);
	return newest;
}

bool run_names_is_of(const char *path, const char *id)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();

	return !id || str_eq(path_base(path_dir(mem, path)), id);
}
