/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/batch/template.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

static const char blanks[] = " \t\r\n";

/* A place begins with a letter, so that "a<b" and "<<" are text. */
static bool template_is_name(char c, bool is_first)
{
	bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	return is_letter || (!is_first && (c == '_' || (c >= '0' && c <= '9')));
}

/* The next <place> of a word; NULL: there is none. *ret_n: the length of its name, which begins
 * after the '<'. */
static const char *template_next(const char *word, size_t *ret_n)
{
	for (const char *at = strchr(word, '<'); at; at = strchr(at + 1, '<')) {
		size_t n = 0;

		while (template_is_name(at[1 + n], n == 0))
			n++;
		*ret_n = n;
		if (n > 0 && at[1 + n] == '>')
			return at;
	}
	return NULL;
}

static bool template_is_place(const char *name, size_t n, const char *place)
{
	return strlen(place) == n && strncmp(name, place, n) == 0;
}

/* ---- reading ---- */

static const char *template_find_wrong(const char *word, const char *const *places, size_t *ret_n)
{
	const char *at = word;

	while ((at = template_next(at, ret_n))) {
		size_t i = 0;

		while (places[i] && !template_is_place(at + 1, *ret_n, places[i]))
			i++;
		if (!places[i])
			return at;
		at += *ret_n;
	}
	return NULL;
}

static void template_check(struct cfg *cfg, struct hjson_node *node, const char *what,
			   template words, const char *const *places, struct diags *diags)
{
	_cleanup_(str_done) struct str all = {0};
	const char *wrong = NULL;
	struct diag *e;
	size_t n = 0;

	for (template w = words; *w && !wrong; w++)
		wrong = template_find_wrong(*w, places, &n);
	if (!wrong)
		return;
	for (const char *const *p = places; *p; p++)
		str_printf(&all, "%s<%s>", all.len ? ", " : "", *p);
	e = cfg_error(cfg, diags, node, "'%s' has no place %.*s", what, (int)n + 2, wrong);
	if (all.len)
		diag_hint(e, "there are: %s", all.s);
}

static template template_split(struct arena *mem, const char *text)
{
	VEC(const char *) words = {0};

	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t n = strcspn(text, blanks);

		vec_push_in(mem, &words, arena_strndup(mem, text, n));
		text += n;
	}
	vec_push_in(mem, &words, NULL);
	return words.at;
}

static template template_take(struct cfg *cfg, struct hjson_node *node, const char *what,
			      const char *const *list, const char *const *places,
			      struct diags *diags)
{
	template words;

	if (!list)
		return NULL;
	words = node->type == HJSON_STRING ? template_split(cfg_mem(cfg), list[0]) : list;
	if (!words[0])
		cfg_error(cfg, diags, node, "'%s' is empty", what);
	template_check(cfg, node, what, words, places, diags);
	return words;
}

template template_read(struct cfg_fields *f, const char *key, const char *const *places)
{
	return template_take(cfg_fields_cfg(f), cfg_fields_node(f, key), key,
			     cfg_fields_strings(f, key, NULL), places, cfg_fields_diags(f));
}

template template_read_node(struct cfg *cfg, struct hjson_node *node, const char *what,
			    const char *const *places, struct diags *diags)
{
	const char **list = arena_array(cfg_mem(cfg), node->n + 2u, sizeof(*list));
	size_t n = 0;
	struct hjson_node *m;

	if (node->type == HJSON_STRING)
		list[n++] = hjson_cstr(cfg_doc(cfg), node);
	else if (node->type == HJSON_ARRAY)
		hjson_for_each (m, node)
			if (m->type == HJSON_STRING)
				list[n++] = hjson_cstr(cfg_doc(cfg), m);
	if (node->type != HJSON_STRING && (node->type != HJSON_ARRAY || n != node->n)) {
		cfg_error(cfg, diags, node, "'%s' must be a text or a list of texts", what);
		return NULL;
	}
	return template_take(cfg, node, what, list, places, diags);
}

bool template_has(template t, const char *place)
{
	for (; t && *t; t++) {
		const char *at = *t;
		size_t n;

		for (; (at = template_next(at, &n)); at += n)
			if (template_is_place(at + 1, n, place))
				return true;
	}
	return false;
}

/* ---- expanding ---- */

static const char *const *template_values(const struct template_place *places, const char *name,
					  size_t n)
{
	while (places->name && !template_is_place(name, n, places->name))
		places++;
	return places->values;
}

static void template_expand_word(const char *word, const struct template_place *places,
				 struct command_words *to)
{
	_cleanup_(str_done) struct str text = {0};
	const char *at, *from = word;
	size_t n;

	str_add(&text, "");
	for (; (at = template_next(from, &n)); from = at + n + 2) {
		const char *const *values = template_values(places, at + 1, n);

		str_addn(&text, from, (size_t)(at - from));
		for (size_t i = 0; values && values[i]; i++)
			str_printf(&text, "%s%s", i ? " " : "", values[i]);
	}
	str_add(&text, from);
	command_add(to, "%s", text.s);
}

void template_expand(template t, const struct template_place *places, struct command_words *to)
{
	for (; *t; t++) {
		size_t n;
		const char *at = template_next(*t, &n);

		if (at != *t || (*t)[n + 2]) {
			template_expand_word(*t, places, to);
			continue;
		}
		for (const char *const *v = template_values(places, at + 1, n); v && *v; v++)
			command_add(to, "%s", *v);
	}
}
