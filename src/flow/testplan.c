/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/testplan.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/mem.h"

enum { NAMES_MOST = 1000000 }; /* that the variables of one test may make */

const char *const testplan_stages[] = {"V1", "V2", "V2S", "V3", NULL};

struct point {
	struct dv_testpoint p;
	struct cfg *cfg;
	struct hjson_node *node;
};

/* A plan on its way: its files in the order of import, their lists one after the other. */
struct reader {
	struct arena *mem;
	struct diags *diags;
	const char *repo_top;
	struct cfg **files;
	size_t n_files, cap_files;
	struct map seen;      /* path -> the file that imports it, or itself */
	struct map variables; /* name -> struct variable */
	struct map point_names, group_names;
	struct point *points;
	size_t n_points, cap_points;
	size_t n_all, n_groups; /* before the tags, and covergroups after them */
	const char *const *tags;
};

/* A value of the plan that names of tests may hold. */
struct variable {
	const char **values;
	size_t n;
	bool is_list, is_other; /* is_other: neither string nor list of strings */
	struct cfg *cfg;
	struct hjson_node *node;
};

static const char *text(struct cfg *c, struct hjson_node *n)
{
	return hjson_cstr(cfg_doc(c), n);
}

/* ---- elements: testpoints and covergroups ---- */

static bool is_text_list(const struct hjson_node *list)
{
	struct hjson_node *e;

	if (list->type != HJSON_ARRAY)
		return false;
	hjson_for_each (e, list)
		if (e->type != HJSON_STRING)
			return false;
	return true;
}

static struct hjson_node *need_text(struct reader *r, struct cfg *c, struct hjson_node *element,
				    const char *key)
{
	struct hjson_node *n = hjson_get(element, key);

	if (!n)
		cfg_error(c, r->diags, element, "this has no '%s'", key);
	else if (n->type != HJSON_STRING)
		cfg_error(c, r->diags, n, "'%s' must be a string", key);
	else
		return n;
	return NULL;
}

static bool check_members(struct reader *r, struct cfg *c, struct hjson_node *element)
{
	struct hjson_node *m;

	hjson_for_each (m, element) {
		if (m->shadowed || m->type == HJSON_STRING || m->type == HJSON_BOOL ||
		    is_text_list(m))
			continue;
		cfg_key_error(c, r->diags, m,
			      "'%s' must be a string, true or false, or a list of strings",
			      hjson_key_cstr(cfg_doc(c), m));
		return false;
	}
	m = hjson_get(element, "tags");
	if (m && m->type != HJSON_ARRAY) {
		cfg_error(c, r->diags, m, "'tags' must be a list of strings");
		return false;
	}
	return true;
}

/* The name, after the checks that both kinds share; NULL after an error. */
static const char *check_element(struct reader *r, struct cfg *c, struct hjson_node *e,
				 struct map *names, const char *kind)
{
	struct hjson_node *name, *first;

	if (e->type != HJSON_OBJECT) {
		cfg_error(c, r->diags, e, "a %s is an object", kind);
		return NULL;
	}
	name = need_text(r, c, e, "name");
	if (!name || !need_text(r, c, e, "desc") || !check_members(r, c, e))
		return NULL;
	if (name->n == 0) {
		cfg_error(c, r->diags, name, "a %s needs a name", kind);
		return NULL;
	}
	first = map_set(names, text(c, name), e);
	if (!first)
		return text(c, name);
	cfg_error(c, r->diags, name, "there is a %s '%s' already", kind, text(c, name));
	return NULL;
}

static bool has_tag(struct cfg *c, struct hjson_node *list, const char *tag)
{
	struct hjson_node *e;

	if (list)
		hjson_for_each (e, list)
			if (strcmp(text(c, e), tag) == 0)
				return true;
	return false;
}

static bool has_tags(const struct reader *r, struct cfg *c, struct hjson_node *element)
{
	struct hjson_node *list = hjson_get(element, "tags");

	for (const char *const *t = r->tags; *t; t++)
		if (**t == '-' ? has_tag(c, list, *t + 1) : !has_tag(c, list, *t))
			return false;
	return true;
}

static const char *read_stage(struct reader *r, struct cfg *c, struct hjson_node *element)
{
	struct hjson_node *n = need_text(r, c, element, "stage");
	struct diag *e;

	if (!n)
		return NULL;
	if (strcmp(text(c, n), "N.A.") == 0)
		return "N.A.";
	for (const char *const *s = testplan_stages; *s; s++)
		if (strcmp(text(c, n), *s) == 0)
			return *s;
	e = cfg_error(c, r->diags, n, "there is no stage '%s'", text(c, n));
	diag_hint(e, "N.A., V1, V2, V2S or V3");
	return NULL;
}

static void add_point(struct reader *r, struct cfg *c, struct hjson_node *e)
{
	struct hjson_node *tests, *test;
	const char *name = check_element(r, c, e, &r->point_names, "testpoint"), *stage, **names;
	struct point *p;

	if (!name || !(stage = read_stage(r, c, e)))
		return;
	tests = hjson_get(e, "tests");
	if (!tests || tests->type != HJSON_ARRAY) {
		cfg_error(c, r->diags, tests ? tests : e, "testpoint '%s' needs a list of 'tests'",
			  name);
		return;
	}
	r->n_all++;
	if (!has_tags(r, c, e))
		return;
	if (r->n_points == r->cap_points) {
		r->cap_points = r->cap_points ? 2 * r->cap_points : 64;
		r->points = xreallocarray(r->points, r->cap_points, sizeof(*r->points));
	}
	names = arena_array(r->mem, tests->n + 1, sizeof(*names));
	p = &r->points[r->n_points++];
	*p = (struct point){.cfg = c, .node = tests};
	p->p.name = arena_strdup(r->mem, name);
	p->p.stage = stage;
	hjson_for_each (test, tests)
		names[p->p.n_tests++] = arena_strdup(r->mem, text(c, test));
	p->p.tests = names;
	p->p.is_not_mapped = p->p.n_tests == 1 && strcmp(names[0], "N/A") == 0;
}

static void add_group(struct reader *r, struct cfg *c, struct hjson_node *e)
{
	const char *name = check_element(r, c, e, &r->group_names, "covergroup");

	if (!name)
		return;
	if (!str_ends(name, "_cg")) {
		cfg_error(c, r->diags, hjson_get(e, "name"),
			  "the name of a covergroup ends with '_cg'");
		return;
	}
	r->n_all++;
	r->n_groups += has_tags(r, c, e);
}

/* ---- variables ---- */

static bool is_text_or_texts(const struct hjson_node *n)
{
	return n->type == HJSON_STRING || is_text_list(n);
}

static void add_values(struct reader *r, struct variable *v, struct cfg *c, struct hjson_node *n)
{
	const char **all = arena_array(r->mem, v->n + n->n + 1, sizeof(*all));
	struct hjson_node *e;

	if (v->n)
		memcpy(all, v->values, v->n * sizeof(*all));
	if (n->type == HJSON_STRING)
		all[v->n++] = arena_strdup(r->mem, text(c, n));
	else
		hjson_for_each (e, n)
			all[v->n++] = arena_strdup(r->mem, text(c, e));
	v->values = all;
}

/* The plan that imports wins over what it imports; lists are joined. */
static void add_variable(struct reader *r, struct cfg *c, struct hjson_node *n)
{
	const char *name = hjson_key_cstr(cfg_doc(c), n);
	struct variable *v = map_get(&r->variables, name);
	struct diag *e;

	if (v && v->node->type != n->type) {
		e = cfg_key_error(c, r->diags, n,
				  "'%s' is a %s here, but a %s in the importing plan", name,
				  hjson_type_name((enum hjson_type)n->type),
				  hjson_type_name((enum hjson_type)v->node->type));
		diag_note(e, cfg_pos(v->cfg, v->node->pos), "first here");
		return;
	}
	if (v && !v->is_list)
		return;
	if (!v) {
		v = arena_zalloc(r->mem, sizeof(*v));
		v->cfg = c;
		v->node = n;
		v->is_list = n->type == HJSON_ARRAY;
		map_set(&r->variables, name, v);
	}
	if (is_text_or_texts(n))
		add_values(r, v, c, n);
	else
		v->is_other = true;
}

static const char *replaced(struct arena *mem, const char *s, const char *what, const char *by)
{
	_cleanup_(str_done) struct str out = {0};
	const char *hit;

	str_reserve(&out, 0);
	while ((hit = strstr(s, what))) {
		str_addn(&out, s, (size_t)(hit - s));
		str_add(&out, by);
		s = hit + strlen(what);
	}
	str_add(&out, s);
	return arena_strndup(mem, out.s, out.len);
}

static size_t word_len(const char *s)
{
	size_t n = 0;

	while ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') ||
	       (s[n] >= '0' && s[n] <= '9') || s[n] == '_')
		n++;
	return n;
}

struct names {
	const char **at;
	size_t n;
};

/* Each name once per value of {word}. */
static bool expand_word(struct reader *r, const struct point *p, const char *word,
			struct names *names)
{
	static const char *const reserved[] = {"import_testplans", "testpoints", "covergroups"};
	const struct variable *v = map_get(&r->variables, word);
	const char *pattern = arena_printf(r->mem, "{%s}", word), *nothing[] = {""};
	const char **values = v ? v->values : nothing, **all;
	size_t n_values = v ? v->n : 1, n = 0;

	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (strcmp(word, reserved[i]) == 0) {
			cfg_error(p->cfg, r->diags, p->node, "'{%s}' cannot be in a test's name",
				  word);
			return false;
		}
	if (v && v->is_other) {
		cfg_error(v->cfg, r->diags, v->node,
			  "'%s' is used in names of tests and must be a string or a list of them",
			  word);
		return false;
	}
	if (n_values && names->n > NAMES_MOST / n_values) {
		cfg_error(p->cfg, r->diags, p->node, "these make more than %d names", NAMES_MOST);
		return false;
	}
	all = arena_array(r->mem, names->n * n_values + 1, sizeof(*all));
	for (size_t i = 0; i < names->n; i++)
		for (size_t k = 0; k < n_values; k++)
			all[n++] = replaced(r->mem, names->at[i], pattern, values[k]);
	*names = (struct names){all, n};
	return true;
}

/* The words are those of the name as it was written. */
static bool expand_test(struct reader *r, const struct point *p, const char *test,
			struct names *ret)
{
	struct map done = {0};
	bool is_good = true;

	ret->at = arena_array(r->mem, 1, sizeof(*ret->at));
	ret->at[0] = test;
	ret->n = 1;
	for (const char *s = strchr(test, '{'); s && is_good; s = strchr(s + 1, '{')) {
		size_t n = word_len(s + 1);
		const char *word;

		if (n == 0 || s[n + 1] != '}')
			continue;
		word = arena_strndup(r->mem, s + 1, n);
		if (!map_set(&done, word, r))
			is_good = expand_word(r, p, word, ret);
	}
	map_done(&done);
	return is_good;
}

static void expand_point(struct reader *r, struct point *p)
{
	struct names *each = arena_array(r->mem, p->p.n_tests + 1, sizeof(*each));
	const char **all;
	size_t n = 0;

	for (size_t i = 0; i < p->p.n_tests; i++) {
		if (!expand_test(r, p, p->p.tests[i], &each[i]))
			return;
		n += each[i].n;
	}
	all = arena_array(r->mem, n + 1, sizeof(*all));
	n = 0;
	for (size_t i = 0; i < p->p.n_tests; i++) {
		if (each[i].n)
			memcpy(all + n, each[i].at, each[i].n * sizeof(*all));
		n += each[i].n;
	}
	p->p.tests = all;
	p->p.n_tests = n;
}

/* ---- files ---- */

static void read_list(struct reader *r, struct cfg *c, const char *key,
		      void (*add)(struct reader *r, struct cfg *c, struct hjson_node *e))
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

static const char *find_import(struct reader *r, struct cfg *from, const char *path)
{
	const char *const at[] = {path_join(r->mem, r->repo_top, path),
				  path_join(r->mem, cfg_dir(from), path), path};

	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		if (fs_exists(at[i]))
			return path_absolute(r->mem, at[i]);
	return NULL;
}

static struct cfg *open_file(struct reader *r, const char *path)
{
	struct cfg *c = cfg_parse(path, r->diags);

	if (!c)
		return NULL;
	if (r->n_files == r->cap_files) {
		r->cap_files = r->cap_files ? 2 * r->cap_files : 16;
		r->files = xreallocarray(r->files, r->cap_files, sizeof(*r->files));
	}
	r->files[r->n_files++] = c;
	if (cfg_root(c)->type == HJSON_OBJECT)
		return c;
	cfg_error(c, r->diags, cfg_root(c), "a testplan is an object");
	return NULL;
}

static void import(struct reader *r, struct cfg *from, struct hjson_node *e)
{
	const char *path;

	if (e->type != HJSON_STRING) {
		cfg_error(from, r->diags, e, "an imported testplan is the path of a file");
		return;
	}
	path = find_import(r, from, text(from, e));
	if (!path) {
		struct diag *d = cfg_error(from, r->diags, e, "there is no testplan '%s'",
					   text(from, e));

		diag_hint(d, "paths are relative to the project (%s) or to this file", r->repo_top);
	} else if (map_set(&r->seen, path, from)) {
		cfg_error(from, r->diags, e, "'%s' is imported a second time", text(from, e));
	} else {
		open_file(r, path);
	}
}

static void read_files(struct reader *r, const char *path)
{
	if (!open_file(r, path))
		return;
	for (size_t i = 0; i < r->n_files && r->diags->n_errors == 0; i++)
		read_list(r, r->files[i], "import_testplans", import);
	for (size_t i = 0; i < r->n_files && r->diags->n_errors == 0; i++) {
		struct hjson_node *m, *root = cfg_root(r->files[i]);

		read_list(r, r->files[i], "testpoints", add_point);
		read_list(r, r->files[i], "covergroups", add_group);
		hjson_for_each (m, root)
			if (!m->shadowed && !is_own_key(m))
				add_variable(r, r->files[i], m);
	}
}

static void check_not_empty(struct reader *r)
{
	struct cfg *c = r->files[0];

	if (r->n_all == 0)
		diag_error(r->diags, cfg_start(c),
			   "the testplan has neither testpoints nor covergroups");
	else if (r->n_points == 0 && r->n_groups == 0)
		diag_error(r->diags, cfg_start(c), "the tags leave nothing of the testplan");
}

/* Stable: within a stage as written. */
static void sort_points(const struct reader *r, struct dv_testpoint *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_points; i++)
		if (strcmp(r->points[i].p.stage, "N.A.") == 0)
			ret[n++] = r->points[i].p;
	for (const char *const *s = testplan_stages; *s; s++)
		for (size_t i = 0; i < r->n_points; i++)
			if (strcmp(r->points[i].p.stage, *s) == 0)
				ret[n++] = r->points[i].p;
}

static void reader_done(struct reader *r, struct cfg *keeper, bool has_messages)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (has_messages && keeper)
			cfg_keep(keeper, r->files[i]);
		else
			cfg_free(r->files[i]);
	free(r->files);
	free(r->points);
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

int testplan_load(const char *tagged_path, const char *repo_top, struct arena *mem,
		  struct cfg *keeper, struct diags *diags, struct testplan *ret, bool *ret_missing)
{
	struct reader r = {.mem = mem, .diags = diags, .repo_top = repo_top};
	unsigned n_errors = diags->n_errors, n_warnings = diags->n_warnings, n_mine;
	const char *path = split_tags(mem, tagged_path, &r.tags);
	struct dv_testpoint *points;

	*ret = (struct testplan){0};
	*ret_missing = !fs_exists(path);
	if (*ret_missing)
		return 0;
	diags->n_errors = 0; /* our own count */
	map_set(&r.seen, path_absolute(mem, path), &r);
	read_files(&r, path);
	if (diags->n_errors == 0)
		check_not_empty(&r);
	for (size_t i = 0; i < r.n_points && diags->n_errors == 0; i++)
		expand_point(&r, &r.points[i]);
	points = arena_array(mem, r.n_points + 1, sizeof(*points));
	sort_points(&r, points);
	*ret = (struct testplan){points, r.n_points};
	n_mine = diags->n_errors;
	diags->n_errors += n_errors;
	reader_done(&r, keeper, n_mine || diags->n_warnings > n_warnings);
	return n_mine ? -1 : 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
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
		qsort(tests, n, sizeof(*tests), by_text);
	for (size_t i = 0; i < n; i++)
		if (k == 0 || strcmp(tests[k - 1], tests[i]) != 0)
			tests[k++] = tests[i];
	tests[k] = NULL;
	return tests;
}
