/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "flow/dv/testplan/reader.h"

static void testplan_read_list(struct testplan_reader *r, struct cfg *c, const char *key,
			       void (*add)(struct testplan_reader *r, struct cfg *c,
					   struct hjson_node *e))
{
	struct hjson_node *list = hjson_get(cfg_root(c), key), *e;

	if (!list)
		return;
	if (list->type != HJSON_ARRAY) {
		cfg_error(c, r->diags, list, "'%s' must be a list", key);
		return;
	}
	hjson_for_each (e, list)
		add(r, c, e);
}

static bool is_own_key(const struct hjson_node *m)
{
	return hjson_key_is(m, "testpoints") || hjson_key_is(m, "covergroups") ||
	       hjson_key_is(m, "import_testplans");
}

static const char *find_import(struct testplan_reader *r, struct cfg *from, const char *path)
{
	const char *const at[] = {path_join(r->mem, r->repo_top, path),
				  path_join(r->mem, cfg_dir(from), path), path};

	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		if (fs_exists(at[i]))
			return path_absolute(r->mem, at[i]);
	return NULL;
}

static struct cfg *open_file(struct testplan_reader *r, const char *path)
{
	struct cfg *c = cfg_parse(path, r->diags);

	if (!c)
		return NULL;
	vec_push(&r->files, c);
	vec_push(&r->own, c);
	if (cfg_root(c)->type == HJSON_OBJECT)
		return c;
	cfg_error(c, r->diags, cfg_root(c), "a testplan is an object");
	return NULL;
}

/* Most imported files are imported by the plans of many blocks. */
static void open_import(struct testplan_reader *r, const char *path)
{
	struct testplan_files *shared = r->shared;
	unsigned n_before = r->diags->n_errors + r->diags->n_warnings;
	struct cfg *c = shared ? map_get(&shared->by_path, path) : NULL;

	if (c) {
		vec_push(&r->files, c);
		return;
	}
	c = open_file(r, path);
	if (!c || !shared || r->diags->n_errors + r->diags->n_warnings != n_before)
		return;
	r->own.n--;
	cfg_keep(shared->owner, c);
	map_set(&shared->by_path, cfg_path(c), c);
}

static void testplan_import(struct testplan_reader *r, struct cfg *from, struct hjson_node *e)
{
	const char *path;

	if (e->type != HJSON_STRING) {
		cfg_error(from, r->diags, e, "an imported testplan is the path of a file");
		return;
	}
	path = find_import(r, from, cfg_string(from, e));
	if (!path) {
		struct diag *d = cfg_error(from, r->diags, e, "there is no testplan '%s'",
					   cfg_string(from, e));

		diag_hint(d, "paths are relative to the project (%s) or to this file", r->repo_top);
	} else if (map_set(&r->seen, path, from)) {
		cfg_error(from, r->diags, e, "'%s' is imported a second time", cfg_string(from, e));
	} else {
		open_import(r, path);
	}
}

static void read_files(struct testplan_reader *r, const char *path)
{
	if (!open_file(r, path))
		return;
	for (size_t i = 0; i < r->files.n && r->diags->n_errors == 0; i++)
		testplan_read_list(r, r->files.at[i], "import_testplans", testplan_import);
	for (size_t i = 0; i < r->files.n && r->diags->n_errors == 0; i++) {
		struct hjson_node *m, *root = cfg_root(r->files.at[i]);

		testplan_read_list(r, r->files.at[i], "testpoints", testplan_points_add);
		testplan_read_list(r, r->files.at[i], "covergroups", testplan_points_add_group);
		hjson_for_each (m, root)
			if (!m->shadowed && !is_own_key(m))
				testplan_names_add(r, r->files.at[i], m);
	}
}

static void check_not_empty(struct testplan_reader *r)
{
	struct cfg *c = r->files.at[0];

	if (r->n_all == 0)
		diag_error(r->diags, cfg_start(c),
			   "the testplan has neither testpoints nor covergroups");
	else if (r->points.n == 0 && r->n_groups == 0)
		diag_error(r->diags, cfg_start(c), "no element of the testplan matches the tags");
}

static void reader_done(struct testplan_reader *r, struct cfg *keeper, bool has_messages)
{
	for (size_t i = 0; i < r->own.n; i++)
		if (has_messages && keeper)
			cfg_keep(keeper, r->own.at[i]);
		else
			cfg_free(r->own.at[i]);
	vec_done(&r->files);
	vec_done(&r->own);
	vec_done(&r->points);
	map_done(&r->seen);
	map_done(&r->variables);
	map_done(&r->point_names);
	map_done(&r->group_names);
}

/* "path:tag:-tag" into the path and a NULL-terminated list. */
static const char *split_tags(struct arena *mem, const char *tagged, const char *const **ret)
{
	size_t n = 0, k = 0;
	const char **tags;

	for (const char *s = tagged; *s; s++)
		n += *s == ':';
	tags = arena_array(mem, n + 1, sizeof(*tags));
	for (const char *s = strchr(tagged, ':'); s; s = strchr(s + 1, ':'))
		tags[k++] = arena_strndup(mem, s + 1, strcspn(s + 1, ":"));
	tags[k] = NULL;
	*ret = tags;
	return arena_strndup(mem, tagged, strcspn(tagged, ":"));
}

int testplan_load(const char *tagged_path, const struct testplan_options *options,
		  struct diags *diags, struct testplan *ret, bool *ret_missing)
{
	struct arena *mem = options->mem;
	struct testplan_reader r = {.mem = mem,
				    .diags = diags,
				    .repo_top = options->repo_top,
				    .shared = options->files};
	unsigned n_errors = diags->n_errors, n_warnings = diags->n_warnings, n_mine;
	const char *path = split_tags(mem, tagged_path, &r.tags);
	struct dv_testpoint *points;

	*ret = (struct testplan){0};
	*ret_missing = !fs_exists(path);
	if (*ret_missing)
		return 0;
	diags->n_errors = 0; /* counts the errors of this plan */
	map_set(&r.seen, path_absolute(mem, path), &r);
	read_files(&r, path);
	if (diags->n_errors == 0)
		check_not_empty(&r);
	for (size_t i = 0; i < r.points.n && diags->n_errors == 0; i++)
		testplan_names_expand(&r, &r.points.at[i]);
	points = arena_array(mem, r.points.n + 1, sizeof(*points));
	testplan_points_sort(&r, points);
	*ret = (struct testplan){points, r.points.n};
	n_mine = diags->n_errors;
	diags->n_errors += n_errors;
	reader_done(&r, options->keeper, n_mine || diags->n_warnings > n_warnings);
	return n_mine ? -1 : 0;
}

const char *const *testplan_stage_tests(const struct testplan *plan, const char *stage,
					struct arena *mem)
{
	const char **tests;
	bool is_there = false;
	size_t n = 0, k = 0;

	for (size_t i = 0; i < plan->n; i++)
		if (!plan->points[i].is_not_mapped && strcmp(plan->points[i].stage, stage) == 0) {
			is_there = true;
			n += plan->points[i].n_tests;
		}
	if (!is_there)
		return NULL;
	tests = arena_array(mem, n + 1, sizeof(*tests));
	n = 0;
	for (size_t i = 0; i < plan->n; i++)
		if (!plan->points[i].is_not_mapped && strcmp(plan->points[i].stage, stage) == 0)
			for (size_t t = 0; t < plan->points[i].n_tests; t++)
				tests[n++] = plan->points[i].tests[t];
	if (n)
		qsort(tests, n, sizeof(*tests), str_compare_texts);
	for (size_t i = 0; i < n; i++)
		if (k == 0 || strcmp(tests[k - 1], tests[i]) != 0)
			tests[k++] = tests[i];
	tests[k] = NULL;
	return tests;
}
