/* SPDX-License-Identifier: Apache-2.0 */
/* Merged coverage databases of earlier runs. The merge job of this run moves the last one aside. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"
#include "flow/dv/sim/jobs.h"

/* One directory beside the merged database, or the database itself. */
struct merged {
	const char *path;
	struct timespec changed;
};

static int newest_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct merged *)a)->changed;
	const struct timespec *y = &((const struct merged *)b)->changed;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

struct merged_list {
	struct merged *at;
	size_t n, cap;
};

static void list_merged(struct arena *mem, const char *parent, const char *current,
			struct merged_list *ret)
{
	DIR *dir = opendir(parent);
	struct dirent *e;
	struct stat st;

	while (dir && (e = readdir(dir))) {
		const char *path = path_join(mem, parent, e->d_name);

		if (strcmp(path, current) == 0 || wall_find_stamp(e->d_name) != e->d_name ||
		    stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		vec_push_in(mem, ret, (struct merged){path, st.st_ctim});
	}
	if (dir)
		closedir(dir);
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(*ret->at), newest_first);
}

/* The path that the merged database of the last run will have after this run's job has moved it
 * aside; NULL: there is none. */
static const char *name_when_aside(struct arena *mem, const char *parent, const char *current)
{
	_cleanup_(str_done) struct str name = {0};
	struct stat st;
	size_t len;

	if (stat(current, &st) < 0)
		return NULL;
	str_printf(&name, "%s/", parent);
	wall_add_stamp(&name, (double)st.st_ctim.tv_sec);
	len = name.len;
	for (unsigned i = 1; fs_exists(name.s); i++) {
		name.len = len;
		str_printf(&name, "_%u", i);
	}
	return arena_strndup(mem, name.s, name.len);
}

/*
 * A run that is resumed goes on with the databases that it began with: what it has merged itself
 * is no earlier run. Its list may be of a scratch root that has been moved. Databases that were
 * removed meanwhile are left out.
 */
static void add_recorded_merges(struct arena *mem, const char *parent, const char *last,
				const char *list, struct str *to)
{
	const char *kind = path_base(parent);
	size_t n;

	for (; *list; list += n + (list[n] != '\0')) {
		const char *word, *path;

		n = strcspn(list, " '\"");
		word = arena_strndup(mem, list, n);
		path = path_join(mem, parent, path_base(word));
		if (wall_find_stamp(path_base(word)) == path_base(word) &&
		    strcmp(path_base(path_dir(mem, word)), kind) == 0 &&
		    (fs_is_dir(path) || str_eq(path, last)))
			str_printf(to, " %s", path);
	}
}

const char *sim_add_merged(struct job_maker *m, const char *dirs)
{
	struct arena *mem = m->cfg->reader.mem;
	const char *current = path_absolute(mem, key_text(&m->texts, "cov_merge_db_dir"));
	const char *parent = path_dir(mem, current), *last = name_when_aside(mem, parent, current);
	const struct map *recorded = m->cfg->dv->cov_merges;
	const char *list = recorded ? map_get(recorded, m->block->name) : NULL;
	struct merged_list found = {0};
	size_t room = SIM_MERGES_KEPT - 1;
	_cleanup_(str_done) struct str text = {0};

	str_add(&text, dirs);
	if (list) {
		add_recorded_merges(mem, parent, last, list, &text);
		return arena_strndup(m->plan->mem, text.s, text.len);
	}
	list_merged(mem, parent, current, &found);
	if (last) {
		str_printf(&text, " %s", last);
		room--;
	}
	for (size_t i = 0; i < found.n && i < room; i++)
		str_printf(&text, " %s", found.at[i].path);
	return arena_strndup(m->plan->mem, text.s, text.len);
}
