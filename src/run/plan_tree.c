/* SPDX-License-Identifier: Apache-2.0 */
#include "run/plan_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

enum {
	DEEPEST = 16,
	LONGEST_KEY = 64,
	MOST_DIGITS = 18, /* such a number is a json_int_t */
};

/* The text, which jansson has accepted, beside the tree that it has made of it. */
struct walk {
	struct plan_tree *tree;
	const struct plan_places *places;
	const char *text;
	size_t at, place;
};

/* ---- leaves ---- */

/* The next place, if it begins before end. */
static const struct plan_place *walk_place(const struct walk *w, size_t end)
{
	const struct plan_place *p;

	if (w->place == w->places->list.n)
		return NULL;
	p = &w->places->list.at[w->place];
	return p->at < end ? p : NULL;
}

/* Decodes a part of a string: text[from] to text[to - 1]. NULL: it is in an escape. */
static char *walk_decode(const struct walk *w, size_t from, size_t to, size_t *ret_len)
{
	_cleanup_(str_done) struct str quoted = {0};
	json_error_t where;
	json_t *json;
	char *ret = NULL;

	str_addc(&quoted, '"');
	str_addn(&quoted, w->text + from, to - from);
	str_addc(&quoted, '"');
	json = json_loadb(quoted.s, quoted.len, JSON_DECODE_ANY, &where);
	if (json) {
		*ret_len = json_string_length(json);
		ret = xstrndup(json_string_value(json), *ret_len);
	}
	json_decref(json);
	return ret;
}

/* The string from text[from] to text[end - 1] has numbers that vary. */
static bool walk_add_text(struct walk *w, json_t *node, size_t from, size_t end)
{
	struct plan_leaf *leaf = vec_add(&w->tree->leaves);
	const struct plan_place *p;

	*leaf = (struct plan_leaf){.node = node};
	while ((p = walk_place(w, end)) != NULL) {
		struct plan_part part = {.variable = p->variable};

		part.text = walk_decode(w, from, p->at, &part.len);
		if (!part.text)
			return false;
		vec_push(&w->tree->parts, part);
		leaf->n_parts++;
		from = p->at + p->len;
		w->place++;
	}
	leaf->rest = walk_decode(w, from, end, &leaf->rest_len);
	return leaf->rest && json_is_string(node);
}

/* The whole token is the number. */
static bool walk_add_integer(struct walk *w, json_t *node, size_t from, size_t end)
{
	const struct plan_place *p = &w->places->list.at[w->place++];

	if (p->at != from || p->at + p->len != end || !json_is_integer(node))
		return false;
	vec_push(&w->tree->leaves, (struct plan_leaf){.node = node, .variable = p->variable});
	return true;
}

/* ---- tokens ---- */

static bool walk_take(struct walk *w, char c)
{
	if (w->text[w->at] != c)
		return false;
	w->at++;
	return true;
}

/* Sets at behind the string's closing quote. */
static bool walk_skip_string(struct walk *w)
{
	if (!walk_take(w, '"'))
		return false;
	while (w->text[w->at] && w->text[w->at] != '"')
		w->at += w->text[w->at] == '\\' ? 2 : 1;
	return walk_take(w, '"');
}

static bool walk_string(struct walk *w, json_t *node)
{
	size_t from = w->at + 1;

	if (!walk_skip_string(w))
		return false;
	return !walk_place(w, w->at) || walk_add_text(w, node, from, w->at - 1);
}

static bool walk_word(struct walk *w, json_t *node)
{
	size_t from = w->at;

	w->at += strcspn(w->text + w->at, ",]}");
	return !walk_place(w, w->at) || walk_add_integer(w, node, from, w->at);
}

/* Finds the value of a key without escapes and without numbers that vary. */
static json_t *walk_key(struct walk *w, const json_t *object)
{
	size_t from = w->at + 1, n;
	char key[LONGEST_KEY];

	if (!walk_skip_string(w))
		return NULL;
	n = w->at - 1 - from;
	if (n >= sizeof(key) || memchr(w->text + from, '\\', n) || walk_place(w, w->at))
		return NULL;
	memcpy(key, w->text + from, n);
	key[n] = '\0';
	return walk_take(w, ':') ? json_object_get(object, key) : NULL;
}

struct walk_level {
	json_t *node;
	size_t n; /* values so far */
};

/* At the next value of the container, or behind it: *ret is NULL. */
static bool walk_next(struct walk *w, struct walk_level *l, json_t **ret)
{
	bool is_object = json_is_object(l->node);

	*ret = NULL;
	if (walk_take(w, is_object ? '}' : ']')) /* of two equal keys one has a value */
		return l->n == (is_object ? json_object_size(l->node) : json_array_size(l->node));
	if (l->n && !walk_take(w, ','))
		return false;
	*ret = is_object ? walk_key(w, l->node) : json_array_get(l->node, l->n);
	l->n++;
	return *ret != NULL;
}

static bool walk_value(struct walk *w, json_t *node, struct walk_level *levels, size_t *depth)
{
	if (!json_is_object(node) && !json_is_array(node))
		return json_is_string(node) ? walk_string(w, node) : walk_word(w, node);
	if (*depth == DEEPEST || !walk_take(w, json_is_object(node) ? '{' : '['))
		return false;
	levels[(*depth)++] = (struct walk_level){.node = node};
	return true;
}

static bool walk_all(struct walk *w)
{
	struct walk_level levels[DEEPEST];
	size_t depth = 0;
	json_t *node;

	if (!walk_value(w, w->tree->root, levels, &depth))
		return false;
	while (depth) {
		if (!walk_next(w, &levels[depth - 1], &node))
			return false;
		if (!node)
			depth--;
		else if (!walk_value(w, node, levels, &depth))
			return false;
	}
	return !w->text[w->at] && w->place == w->places->list.n;
}

/* ---- the tree ---- */

static void plan_tree_forget(struct plan_tree *t)
{
	for (size_t i = 0; i < t->parts.n; i++)
		free(t->parts.at[i].text);
	for (size_t i = 0; i < t->leaves.n; i++)
		free(t->leaves.at[i].rest);
	vec_done(&t->parts);
	vec_done(&t->leaves);
	json_decref(t->root);
	t->root = NULL;
}

void plan_tree_init(struct plan_tree *t, const struct str *text, const struct plan_places *places)
{
	struct walk w = {.tree = t, .places = places, .text = text->s};
	json_error_t where;

	*t = (struct plan_tree){.root = json_loadb(text->s, text->len, 0, &where)};
	if (t->root && !walk_all(&w))
		plan_tree_forget(t);
}

void plan_tree_done(struct plan_tree *t)
{
	plan_tree_forget(t);
	str_done(&t->text);
}

static bool plan_value_is_digits(const struct plan_value *v)
{
	for (size_t i = 0; i < v->len; i++)
		if (!ascii_is_digit(v->s[i]))
			return false;
	return v->len > 0;
}

static bool plan_leaf_set_integer(const struct plan_leaf *leaf, const struct plan_value *v)
{
	json_int_t n = 0;

	if (v->len > MOST_DIGITS || (v->len > 1 && v->s[0] == '0'))
		return false;
	for (size_t i = 0; i < v->len; i++)
		n = n * 10 + (v->s[i] - '0');
	return json_integer_set(leaf->node, n) == 0;
}

static bool plan_leaf_set_text(struct plan_tree *t, const struct plan_leaf *leaf,
			       const struct plan_part *parts, const struct plan_value *values)
{
	str_clear(&t->text);
	for (size_t i = 0; i < leaf->n_parts; i++) {
		const struct plan_value *v = &values[parts[i].variable];

		str_addn(&t->text, parts[i].text, parts[i].len);
		str_addn(&t->text, v->s, v->len);
	}
	str_addn(&t->text, leaf->rest, leaf->rest_len);
	return json_string_setn_nocheck(leaf->node, t->text.s, t->text.len) == 0;
}

bool plan_tree_set(struct plan_tree *t, const struct plan_value *values, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		if (!plan_value_is_digits(&values[i]))
			return false;
	for (size_t i = 0; i < t->leaves.n; i++) {
		const struct plan_leaf *leaf = &t->leaves.at[i];

		if (leaf->n_parts ? !plan_leaf_set_text(t, leaf, &t->parts.at[at], values)
				  : !plan_leaf_set_integer(leaf, &values[leaf->variable]))
			return false;
		at += leaf->n_parts;
	}
	return true;
}
