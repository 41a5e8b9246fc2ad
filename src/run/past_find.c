/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the newest run of a configuration. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "run/past_run.h"
#include "run/run_names.h"

enum { STAMP = 16 }; /* length of the time in an id: 20261121T054957Z */

struct search {
	const char *runs, *cfg_path;
	bool is_any; /* do not compare cfg_path */
	bool is_nested;
	struct arena *mem;
	struct past_run best, other; /* other: the newest of the other kind */
};

/* Runs are visited newest first. For two that started in the same second, the time in their
 * journals decides: ids of older versions have a random number there. */
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
		error_done(&err); /* not a run, or not readable */
		return;
	}
	if (!s->is_any && !str_eq(run.cfg_path, s->cfg_path))
		return;
	keep_newer(run.is_rehearsal || run.is_nested != s->is_nested ? &s->other : &s->best, &run);
}

static bool past_find_search(struct search *s, struct past_run *ret)
{
	struct run_names names = {0};

	run_names_read(s->runs, "", &names);
	for (size_t i = names.n; i > 0; i--) {
		if (s->best.id && strncmp(s->best.id, names.at[i - 1], STAMP) != 0)
			break;
		look_at(s, names.at[i - 1]);
	}
	run_names_done(&names);
	*ret = s->best.id ? s->best : s->other;
	return ret->id;
}

int past_run_find_newest(const char *scratch_root, bool is_nested, struct arena *mem,
			 struct past_run *ret, struct error *err)
{
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", scratch_root);
	struct search s = {.runs = runs, .is_any = true, .is_nested = is_nested, .mem = mem};

	if (past_find_search(&s, ret))
		return 0;
	return error_plain(err, "there is no run in %s yet", scratch_root);
}

int past_run_find(const char *scratch_root, const char *cfg_path, bool is_nested, struct arena *mem,
		  struct past_run *ret, struct error *err)
{
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", scratch_root);
	struct search s = {.runs = runs, .cfg_path = cfg_path, .is_nested = is_nested, .mem = mem};

	if (past_find_search(&s, ret))
		return 0;
	return error_plain(err, "there is no run of %s in %s yet", cfg_path, scratch_root);
}
