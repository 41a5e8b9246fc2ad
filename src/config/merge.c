/* SPDX-License-Identifier: Apache-2.0 */
#include "config/merge.h"

#include <string.h>

void merge_init(struct merge *m, struct cfg *c, struct diags *diags)
{
	*m = (struct merge){.cfg = c, .diags = diags};
}

void merge_done(struct merge *m)
{
	map_done(&m->members);
}

struct hjson_node *merge_find(const struct merge *m, const char *key, size_t len)
{
	return map_get_n(&m->members, key, len);
}

static void note_first(struct merge *m, struct diag *e, const struct hjson_node *old)
{
	cfg_note(m->cfg, e, old, "first set here");
}

static void type_conflict(struct merge *m, const struct hjson_node *old,
			  const struct hjson_node *new)
{
	struct diag *e = cfg_error(m->cfg, m->diags, new, "'%.*s' is %s here, but %s already",
				   (int)new->key_len, new->key, cfg_kind(new), cfg_kind(old));

	if (old->type == HJSON_ARRAY)
		diag_hint(e, "a list grows by lists: put the value in [ ]");
	note_first(m, e, old);
}

/* Objects, null and numbers with a fraction cannot replace a value. */
static void cannot_set_twice(struct merge *m, const struct hjson_node *old,
			     const struct hjson_node *new)
{
	struct diag *e = cfg_error(m->cfg, m->diags, new,
				   "'%.*s' has a value already, and %s cannot be set twice",
				   (int)new->key_len, new->key, cfg_kind(new));

	if (new->type == HJSON_OBJECT)
		diag_hint(e, "objects are not merged: write all of it in one file, or use a list");
	else
		diag_hint(e, "leave out one of the two");
	note_first(m, e, old);
}

static void value_conflict(struct merge *m, const struct hjson_node *old,
			   const struct hjson_node *new)
{
	_cleanup_(str_done) struct str is = {0}, was = {0};
	struct diag *e;

	cfg_add_brief(m->cfg, &is, new);
	cfg_add_brief(m->cfg, &was, old);
	e = cfg_error(m->cfg, m->diags, new, "'%.*s' is set to %s, but it is %s already",
		      (int)new->key_len, new->key, is.s, was.s);
	if (old->pos)
		diag_hint(e, "to replace it on purpose: overrides: [{ name: \"%.*s\", value: … }]",
			  (int)new->key_len, new->key);
	note_first(m, e, old);
}

static void join_arrays(struct merge *m, struct hjson_node *old, struct hjson_node *new)
{
	struct hjson_node *element;

	if ((size_t)old->n + new->n >= HJSON_MAX_TEXT) {
		cfg_error(m->cfg, m->diags, new, "'%.*s' has too many elements", (int)new->key_len,
			  new->key);
		return;
	}
	while ((element = hjson_take(m->cfg->doc, new)))
		hjson_append(m->cfg->doc, old, element);
}

static bool is_whole(const struct hjson_node *n)
{
	return n->type == HJSON_INT || n->type == HJSON_BOOL;
}

static bool is_same_number(const struct merge *m, const struct hjson_node *a,
			   const struct hjson_node *b)
{
	const char *x, *y;
	size_t x_len, y_len;

	if (!a->big && !b->big)
		return a->i == b->i;
	if (!a->big || !b->big)
		return false;
	x = hjson_number(m->cfg->doc, a, &x_len);
	y = hjson_number(m->cfg->doc, b, &y_len);
	return x_len == y_len && memcmp(x, y, x_len) == 0;
}

static bool merge_is_same(const struct merge *m, const struct hjson_node *a,
			  const struct hjson_node *b)
{
	if (a->type != HJSON_STRING)
		return is_same_number(m, a, b);
	return a->n == b->n && (a->n == 0 || memcmp(a->str, b->str, a->n) == 0);
}

/* "", 0, -1 and false: any value may replace these, and they replace no other value. */
static bool merge_is_default(const struct hjson_node *n)
{
	if (n->type == HJSON_STRING)
		return n->n == 0;
	return !n->big && (n->i == 0 || n->i == -1);
}

static void merge_scalars(struct merge *m, struct hjson_node *old, struct hjson_node *new)
{
	if (merge_is_same(m, old, new) || merge_is_default(new))
		return;
	if (merge_is_default(old))
		hjson_become(m->cfg->doc, old, new);
	else
		value_conflict(m, old, new);
}

static void merge_values(struct merge *m, struct hjson_node *old, struct hjson_node *new)
{
	if (old->type == HJSON_ARRAY && new->type == HJSON_ARRAY)
		join_arrays(m, old, new);
	else if (old->type == HJSON_ARRAY)
		type_conflict(m, old, new);
	else if (new->type != HJSON_STRING && !is_whole(new) && new->type != HJSON_ARRAY)
		cannot_set_twice(m, old, new);
	else if (new->type != old->type && !(is_whole(new) && is_whole(old)))
		type_conflict(m, old, new);
	else
		merge_scalars(m, old, new);
}

void merge_member(struct merge *m, struct hjson_node *member)
{
	struct hjson_node *old = merge_find(m, member->key, member->key_len);

	if (!old) {
		hjson_add_member(m->cfg->root, m->last, member);
		m->last = member;
		map_set_n(&m->members, member->key, member->key_len, member);
	} else if (old->type == HJSON_NULL) {
		hjson_become(m->cfg->doc, old, member);
	} else {
		merge_values(m, old, member);
	}
}
