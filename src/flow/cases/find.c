/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the cases: directories that match the glob and have the markers. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/vec.h"
#include "flow/cases/cases.h"

enum { MOST_DIRS = 1000000 };

struct dirs {
	const char **at;
	size_t n, cap;
};

struct finder {
	struct load *load;
	const char *root, *glob, *file;
	struct text_list markers;
	struct hjson_node *root_at, *glob_at, *marker_at;
	struct case_places *found;
	size_t n_matched, n_halves, n_found;
};

static void cases_find_push(struct dirs *d, const char *path)
{
	vec_push(d, path);
}

/* case-9 before case-10. */
static int cases_find_by_name(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds all directories in dir that match the segment, sorted. Hidden ones match only if the segment
 * begins with '.'. */
static void add_matches(struct finder *f, const char *dir, const char *segment, struct dirs *out)
{
	size_t first = out->n;
	struct dirent *e;
	DIR *d;

	if (!str_is_glob(segment)) {
		const char *path = path_join(f->load->mem, dir, segment);

		if (fs_is_dir(path))
			cases_find_push(out, path);
		return;
	}
	d = opendir(dir);
	while (d && (e = readdir(d)) != NULL) {
		const char *path;

		if ((e->d_name[0] == '.' && segment[0] != '.') || !str_glob(segment, e->d_name))
			continue;
		path = path_join(f->load->mem, dir, e->d_name);
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && fs_is_dir(path))
			cases_find_push(out, path);
	}
	if (d)
		closedir(d);
	if (out->n > first)
		qsort(out->at + first, out->n - first, sizeof(*out->at), cases_find_by_name);
}

/* Level by level, without recursion: the user's glob decides about the depth. */
static struct dirs find_matching_dirs(struct finder *f)
{
	char *glob = arena_strdup(f->load->mem, f->glob), *segment;
	struct dirs level = {0};

	cases_find_push(&level, f->root);
	while ((segment = strsep(&glob, "/")) != NULL && level.n <= MOST_DIRS) {
		struct dirs next = {0};

		if (!*segment)
			continue;
		for (size_t i = 0; i < level.n; i++)
			add_matches(f, level.at[i], segment, &next);
		free(level.at);
		level = next;
	}
	return level;
}

/* The first marker that dir lacks, or NULL; *ret_n: how many it has. */
static const char *find_missing_marker(struct finder *f, const char *dir, size_t *ret_n)
{
	const char *missing = NULL;

	*ret_n = 0;
	for (uint32_t i = 0; i < f->markers.n; i++) {
		if (fs_exists(path_join(f->load->mem, dir, f->markers.at[i].s)))
			++*ret_n;
		else if (!missing)
			missing = f->markers.at[i].s;
	}
	return missing;
}

static void add_place(struct finder *f, const char *dir)
{
	vec_push(f->found, (struct case_place){dir, f->file});
	f->n_found++;
}

static void take_dir(struct finder *f, const char *dir)
{
	const char *missing;
	size_t n;

	f->n_matched++;
	missing = find_missing_marker(f, dir, &n);
	if (!missing) {
		add_place(f, dir);
		return;
	}
	if (n == 0)
		return;
	f->n_halves++;
	diag_hint(cfg_error(f->load->cfg, f->load->diags, f->marker_at,
			    "case '%s' is incomplete: '%s' is missing",
			    path_relative(f->load->mem, dir, cfg_dir(f->load->cfg)), missing),
		  "a case has all of 'marker'; a directory that has none of it is left alone");
}

static void refuse_nothing(struct finder *f)
{
	struct diag *e = cfg_error(
		f->load->cfg, f->load->diags, f->glob_at, "no case found: %s",
		f->n_matched ? "none of the directories that 'glob' matches has the marker"
			     : "no directory matches 'glob'");

	if (f->n_matched)
		diag_hint(e, "it matches %zu director%s; a case has '%s'", f->n_matched,
			  f->n_matched == 1 ? "y" : "ies", f->markers.at[0].s);
	else
		diag_hint(e, "'glob' is '%s', in %s", f->glob, f->root);
}

static void find_all(struct finder *f)
{
	struct dirs matched;

	if (!fs_is_dir(f->root)) {
		cfg_error(f->load->cfg, f->load->diags, f->root_at,
			  "there is no directory '%s' to look for cases in", f->root);
		return;
	}
	matched = find_matching_dirs(f);
	for (size_t i = 0; i < matched.n; i++)
		take_dir(f, matched.at[i]);
	free(matched.at);
	if (f->n_found == 0 && f->n_halves == 0)
		refuse_nothing(f);
}

/* ---- what is looked for ---- */

static const char *read_text(struct finder *f, struct cfg_fields *fields, const char *key,
			     const char *otherwise, struct hjson_node **ret_at)
{
	struct text t = settings_text(fields, key, (struct text){otherwise, NULL});

	*ret_at = t.at ? t.at : cfg_fields_object(fields);
	return cases_text(f->load, key, t.s, *ret_at);
}

/* The case's file is always a marker, too. */
static void read_markers(struct finder *f, struct cfg_fields *fields, struct hjson_node *file_at)
{
	struct text_list given = settings_texts(fields, "marker", (struct text_list){0});
	struct text *list = arena_array(f->load->mem, given.n + 1u, sizeof(*list));
	uint32_t n = 0;

	list[n++] = (struct text){f->file, file_at};
	for (uint32_t i = 0; i < given.n; i++)
		if (strcmp(given.at[i].s, f->file) != 0)
			list[n++] = given.at[i];
	f->markers = (struct text_list){list, n};
	f->marker_at = given.n ? given.at[0].at : file_at;
}

static void cases_find_one(struct cases *b, struct hjson_node *node, struct case_places *ret)
{
	struct load *l = b->load;
	struct cfg_fields *fields = cfg_fields_new(l->cfg, node, "cases", l->diags);
	unsigned n_before = l->diags->n_errors;
	struct finder f = {.load = l, .found = ret};
	struct hjson_node *file_at;

	if (cfg_fields_object(fields)) {
		f.root = read_text(&f, fields, "root", ".", &f.root_at);
		f.root = path_normalise(l->mem, path_join(l->mem, cfg_dir(l->cfg), f.root));
		f.glob = read_text(&f, fields, "glob", "*/*", &f.glob_at);
		f.file = read_text(&f, fields, "file", "case.hjson", &file_at);
		read_markers(&f, fields, file_at);
		if (l->diags->n_errors == n_before)
			find_all(&f);
	}
	cfg_fields_end(fields);
}

void cases_find(struct cases *b, struct hjson_node *node, struct case_places *ret)
{
	struct hjson_node *one;

	if (node->type != HJSON_ARRAY) {
		cases_find_one(b, node, ret);
		return;
	}
	if (node->n == 0)
		cfg_error(b->load->cfg, b->load->diags, node, "'cases' is empty");
	hjson_for_each (one, node)
		cases_find_one(b, one, ret);
}
