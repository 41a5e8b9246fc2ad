/* SPDX-License-Identifier: Apache-2.0 */
/* Names of tests. A word in braces in a name is a variable of the plan. */
#include <string.h>

#include "base/ascii.h"
#include "flow/dv/testplan/reader.h"

enum { NAMES_MOST = 1000000 }; /* that the variables of one test may make */

/* A key of the plan that can be a {word} in names of tests. */
struct variable {
	const char **values;
	size_t n;
	bool is_list, is_other; /* is_other: neither string nor list of strings */
	struct cfg *cfg;
	struct hjson_node *node;
};

bool testplan_is_text_list(const struct hjson_node *list)
{
	struct hjson_node *e;

	if (list->type != HJSON_ARRAY)
		return false;
	hjson_for_each (e, list)
		if (e->type != HJSON_STRING)
			return false;
	return true;
}

static bool is_text_or_texts(const struct hjson_node *n)
{
	return n->type == HJSON_STRING || testplan_is_text_list(n);
}

static void testplan_add_values(struct testplan_reader *r, struct variable *v, struct cfg *c,
				struct hjson_node *n)
{
	const char **all = arena_array(r->mem, v->n + n->n + 1, sizeof(*all));
	struct hjson_node *e;

	if (v->n)
		memcpy(all, v->values, v->n * sizeof(*all));
	if (n->type == HJSON_STRING)
		all[v->n++] = arena_strdup(r->mem, cfg_string(c, n));
	else
		hjson_for_each (e, n)
			all[v->n++] = arena_strdup(r->mem, cfg_string(c, e));
	v->values = all;
}

/* A value of the importing plan overrides those of imported plans; lists are joined. */
void testplan_names_add(struct testplan_reader *r, struct cfg *c, struct hjson_node *n)
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
		testplan_add_values(r, v, c, n);
	else
		v->is_other = true;
}

static const char *text_replaced(struct arena *mem, const char *s, const char *what, const char *by)
{
	_cleanup_(str_done) struct str out = {0};

	str_add_replaced(&out, s, what, by);
	return arena_strndup(mem, out.s, out.len);
}

static size_t word_len(const char *s)
{
	size_t n = 0;

	while (ascii_is_name(s[n]))
		n++;
	return n;
}

struct names {
	const char **at;
	size_t n;
};

/* Replaces each name by one name per value of {word}. */
static bool expand_word(struct testplan_reader *r, const struct testplan_point *p, const char *word,
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
		cfg_error(p->cfg, r->diags, p->node,
			  "the variables make more than %d names of these tests", NAMES_MOST);
		return false;
	}
	all = arena_array(r->mem, names->n * n_values + 1, sizeof(*all));
	for (size_t i = 0; i < names->n; i++)
		for (size_t k = 0; k < n_values; k++)
			all[n++] = text_replaced(r->mem, names->at[i], pattern, values[k]);
	*names = (struct names){all, n};
	return true;
}

/* Only words of the name as written are expanded, not those in values. */
static bool expand_test(struct testplan_reader *r, const struct testplan_point *p, const char *test,
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

void testplan_names_expand(struct testplan_reader *r, struct testplan_point *p)
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
