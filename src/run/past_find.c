/* SPDX-License-Identifier: Apache-2.0 */
/* The newest run of a configuration. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "run/past_run.h"
#include "run/run_dir.h"

enum { STAMP = 16 }; /* letters of an id: 20261121T054957Z */

struct names {
	char **at;
	size_t n;
};

struct search {
	const char *runs, *cfg_path;
	bool is_nested;
	struct arena *mem;
	struct past_run best, other; /* other: of the wrong sort */
};

static int past_find_newest_first(const void *a, const void *b)
{
	return strcmp(*(const char *const *)b, *(const char *const *)a);
}

static void names_read(struct names *names, const char *runs)
{
	DIR *d = opendir(runs);
	const struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || strcmp(e->d_name, "latest") == 0)
			continue;
		names->at = xreallocarray(names->at, names->n + 1, sizeof(*names->at));
		names->at[names->n++] = xstrdup(e->d_name);
	}
	if (d)
		closedir(d);
	if (names->n)
		qsort(names->at, names->n, sizeof(*names->at), past_find_newest_first);
}

static void names_done(struct names *names)
{
	while (names->n)
		free(names->at[--names->n]);
	free(names->at);
}

/* Of two that started in the same second, only the journal knows which came first. */
static void keep_newer(struct past_run *best, const struct past_run *run)
{
	if (!best->id ||
	    (strncmp(best->id, run->id, STAMP) == 0 && run->start_wall_s > best->start_wall_s))
		*best = *run;
}

static void look_at(struct search *s, const char *name)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", s->runs, name);
	struct error err = {0};
	struct past_run run;

	if (past_run_peek(path, s->mem, &run, &err) < 0) {
		error_done(&err); /* not a run, or not one that can be read */
		return;
	}
	if (!str_eq(run.cfg_path, s->cfg_path))
		return;
	keep_newer(run.is_rehearsal || run.is_nested != s->is_nested ? &s->other : &s->best, &run);
}

int past_run_find(const char *scratch_root, const char *cfg_path, bool is_nested, struct arena *mem,
		  struct past_run *ret, struct error *err)
{
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", scratch_root);
	struct search s = {.runs = runs, .cfg_path = cfg_path, .is_nested = is_nested, .mem = mem};
	struct names names = {0};

	names_read(&names, runs);
	for (size_t i = 0; i < names.n; i++) {
		if (s.best.id && strncmp(s.best.id, names.at[i], STAMP) != 0)
			break;
		look_at(&s, names.at[i]);
	}
	names_done(&names);
	*ret = s.best.id ? s.best : s.other;
	if (ret->id)
		return 0;
	return error_plain(err, "there is no run of %s in %s yet", cfg_path, scratch_root);
}
