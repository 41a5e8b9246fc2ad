/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of a plan: testpoints and covergroups. */
#include <string.h>

#include "flow/dv/testplan/reader.h"

const char *const testplan_stages[] = {"V1", "V2", "V2S", "V3", NULL};

static struct hjson_node *need_text(struct testplan_reader *r, struct cfg *c,
				    struct hjson_node *element, const char *key)
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

static bool check_members(struct testplan_reader *r, struct cfg *c, struct hjson_node *element)
{
	struct hjson_node *m;

	hjson_for_each (m, element) {
		if (m->shadowed || m->type == HJSON_STRING || m->type == HJSON_BOOL ||
		    testplan_is_text_list(m))
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
static const char *check_element(struct testplan_reader *r, struct cfg *c, struct hjson_node *e,
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
	first = map_set(names, cfg_string(c, name), e);
	if (!first)
		return cfg_string(c, name);
	cfg_error(c, r->diags, name, "%s '%s' is defined more than once", kind,
		  cfg_string(c, name));
	return NULL;
}

static bool testplan_has_tag(struct cfg *c, struct hjson_node *list, const char *tag)
{
	struct hjson_node *e;

	if (list)
		hjson_for_each (e, list)
			if (strcmp(cfg_string(c, e), tag) == 0)
				return true;
	return false;
}

static bool has_tags(const struct testplan_reader *r, struct cfg *c, struct hjson_node *element)
{
	struct hjson_node *list = hjson_get(element, "tags");

	for (const char *const *t = r->tags; *t; t++)
		if (**t == '-' ? testplan_has_tag(c, list, *t + 1) : !testplan_has_tag(c, list, *t))
			return false;
	return true;
}

static const char *read_stage(struct testplan_reader *r, struct cfg *c, struct hjson_node *element)
{
	struct hjson_node *n = need_text(r, c, element, "stage");
	struct diag *e;

	if (!n)
		return NULL;
	if (strcmp(cfg_string(c, n), "N.A.") == 0)
		return "N.A.";
	for (const char *const *s = testplan_stages; *s; s++)
		if (strcmp(cfg_string(c, n), *s) == 0)
			return *s;
	e = cfg_error(c, r->diags, n, "there is no stage '%s'", cfg_string(c, n));
	diag_hint(e, "N.A., V1, V2, V2S or V3");
	return NULL;
}

void testplan_points_add(struct testplan_reader *r, struct cfg *c, struct hjson_node *e)
{
	struct hjson_node *tests, *test;
	const char *name = check_element(r, c, e, &r->point_names, "testpoint"), *stage, **names;
	struct testplan_point *p;

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
	names = arena_array(r->mem, tests->n + 1, sizeof(*names));
	p = vec_add(&r->points);
	*p = (struct testplan_point){.cfg = c, .node = tests};
	p->p.name = arena_strdup(r->mem, name);
	p->p.stage = stage;
	hjson_for_each (test, tests)
		names[p->p.n_tests++] = arena_strdup(r->mem, cfg_string(c, test));
	p->p.tests = names;
	p->p.is_not_mapped = p->p.n_tests == 1 && strcmp(names[0], "N/A") == 0;
}

void testplan_points_add_group(struct testplan_reader *r, struct cfg *c, struct hjson_node *e)
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

/* Stable: points of a stage stay in the order of the file. */
void testplan_points_sort(const struct testplan_reader *r, struct dv_testpoint *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < r->points.n; i++)
		if (strcmp(r->points.at[i].p.stage, "N.A.") == 0)
			ret[n++] = r->points.at[i].p;
	for (const char *const *s = testplan_stages; *s; s++)
		for (size_t i = 0; i < r->points.n; i++)
			if (strcmp(r->points.at[i].p.stage, *s) == 0)
				ret[n++] = r->points.at[i].p;
}
