/* SPDX-License-Identifier: Apache-2.0 */
/* `overrides`: replaces values that were set in other files. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/cfg.h"

struct overrides {
	struct cfg *cfg;
	struct diags *diags;
	struct map members; /* of the root */
	struct map done;    /* key -> the override's name node */
};

/* Reads the name and value of an entry; false after an error. */
static bool override_read_entry(struct overrides *o, struct hjson_node *entry,
				struct hjson_node **ret_name, struct hjson_node **ret_value)
{
	struct hjson_node *m;
	struct diag *e = NULL;

	*ret_name = hjson_get(entry, "name");
	*ret_value = hjson_get(entry, "value");
	if (entry->type != HJSON_OBJECT)
		e = cfg_error(o->cfg, o->diags, entry, "an override is an object, not %s",
			      cfg_kind(entry));
	else if (!*ret_name || !*ret_value)
		e = cfg_error(o->cfg, o->diags, entry, "an override needs both 'name' and 'value'");
	else if ((*ret_name)->type != HJSON_STRING)
		e = cfg_error(o->cfg, o->diags, *ret_name,
			      "'name' is the key to replace: a string");
	if (e) {
		diag_hint(e, "overrides: [{ name: \"key\", value: … }]");
		return false;
	}
	hjson_for_each (m, entry) {
		if (m->shadowed || hjson_key_is(m, "name") || hjson_key_is(m, "value"))
			continue;
		cfg_key_error(o->cfg, o->diags, m,
			      "unknown key '%.*s': an override has 'name' and 'value' only",
			      (int)m->key_len, m->key);
		return false;
	}
	return true;
}

static void no_such_key(struct overrides *o, const struct hjson_node *name)
{
	const char **keys = xcalloc(o->members.n_live + 1, sizeof(*keys));
	const struct map_entry *entry;
	size_t at = 0, n = 0;
	const char *best;
	struct diag *e;

	while ((entry = map_next(&o->members, &at)))
		keys[n++] = arena_strndup(o->cfg->mem, entry->key, entry->key_len);
	best = str_suggest(hjson_cstr(o->cfg->doc, (struct hjson_node *)name), keys, n);
	e = cfg_error(o->cfg, o->diags, name, "there is no key '%.*s' to override", (int)name->n,
		      name->str);
	if (best)
		diag_hint(e, "did you mean '%s'?", best);
	free(keys);
}

static bool is_same_type(const struct hjson_node *a, const struct hjson_node *b)
{
	return a->type == b->type;
}

static void override_apply(struct overrides *o, struct hjson_node *name, struct hjson_node *value)
{
	struct hjson_node *old = map_get_n(&o->members, name->str, name->n), *copy;
	const struct hjson_node *before = map_get_n(&o->done, name->str, name->n);
	struct diag *e;

	if (before) {
		e = cfg_error(o->cfg, o->diags, name, "'%.*s' is overridden twice", (int)name->n,
			      name->str);
		cfg_note(o->cfg, e, before, "first overridden here");
		return;
	}
	map_set_n(&o->done, name->str, name->n, name);
	if (!old) {
		no_such_key(o, name);
		return;
	}
	if (!is_same_type(old, value)) {
		e = cfg_error(o->cfg, o->diags, value, "'%.*s' is %s, but this is %s", (int)name->n,
			      name->str, cfg_kind(old), cfg_kind(value));
		cfg_note(o->cfg, e, old, "set here");
		return;
	}
	copy = hjson_copy(o->cfg->doc, value);
	copy->key = old->key;
	copy->key_len = old->key_len;
	hjson_become(o->cfg->doc, old, copy);
}

int cfg_override(struct cfg *c, struct diags *diags)
{
	struct hjson_node *list = hjson_get(c->root, "overrides"), *entry, *name, *value;
	struct overrides o = {.cfg = c, .diags = diags};
	unsigned n_before = diags->n_errors;

	if (!list || list->type == HJSON_NULL)
		return 0;
	if (list->type != HJSON_ARRAY) {
		cfg_error(c, diags, list, "overrides is a list, not %s", cfg_kind(list));
		return -1;
	}
	cfg_index(c, &o.members);
	hjson_for_each (entry, list)
		if (override_read_entry(&o, entry, &name, &value))
			override_apply(&o, name, value);
	map_done(&o.members);
	map_done(&o.done);
	return diags->n_errors == n_before ? 0 : -1;
}
