/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/roster.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "flow/text.h"

static struct hjson_node *backends_of(struct cfg *cfg)
{
	return cfg ? hjson_get(cfg_root(cfg), "backends") : NULL;
}

/* The `type` of `npu: { type: "chips" }`. NULL: the entry's name is the type. */
static struct hjson_node *type_of_settings(struct hjson_node *m)
{
	return m && m->type == HJSON_OBJECT ? hjson_get(m, "type") : NULL;
}

static uint32_t n_types(const char *const *types)
{
	uint32_t n = 0;

	while (types[n])
		n++;
	return n;
}

uint32_t roster_type(const struct roster *r, const char *type)
{
	for (uint32_t i = 0; r->types[i]; i++)
		if (strcmp(r->types[i], type) == 0)
			return i;
	return ROSTER_NO_TYPE;
}

static void add_configured(struct roster *r, struct hjson_node *m)
{
	const char *name = hjson_key_cstr(cfg_doc(r->cfg), m);
	struct hjson_node *type = type_of_settings(m);

	r->at[r->n++] = (struct roster_entry){
		.name = name,
		.type = !type ? roster_type(r, name)
			: type->type == HJSON_STRING
				? roster_type(r, hjson_cstr(cfg_doc(r->cfg), type))
				: ROSTER_NO_TYPE,
		.settings = m,
	};
}

struct roster *roster_read(struct arena *mem, struct cfg *cfg, const char *const *types)
{
	struct hjson_node *all = backends_of(cfg), *m;
	bool is_object = all && all->type == HJSON_OBJECT;
	struct roster *r = arena_zalloc(mem, sizeof(*r));

	r->cfg = cfg;
	r->types = types;
	r->at = arena_array(mem, (is_object ? all->n : 0) + n_types(types), sizeof(*r->at));
	if (is_object)
		hjson_for_each (m, all)
			if (!m->shadowed)
				add_configured(r, m);
	for (uint32_t i = 0; types[i]; i++)
		if (!roster_find(r, types[i]))
			r->at[r->n++] = (struct roster_entry){.name = types[i], .type = i};
	return r;
}

struct roster_entry *roster_find_n(const struct roster *r, const char *name, size_t len)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (strncmp(r->at[i].name, name, len) == 0 && r->at[i].name[len] == '\0')
			return &r->at[i];
	return NULL;
}

struct roster_entry *roster_find(const struct roster *r, const char *name)
{
	return roster_find_n(r, name, strlen(name));
}

const struct roster_entry *roster_next(const struct roster *r, uint32_t type,
				       const struct roster_entry *after)
{
	for (const struct roster_entry *e = after ? after + 1 : r->at; e < r->at + r->n; e++)
		if (e->type == type && e->settings)
			return e;
	return NULL;
}

/* ---- messages ---- */

static void add_types(const struct roster *r, struct str *to)
{
	for (uint32_t i = 0; r->types[i]; i++)
		str_printf(to, "%s%s", to->len ? ", " : "", r->types[i]);
}

void roster_add_names(const struct roster *r, struct str *to)
{
	add_types(r, to);
	for (uint32_t i = 0; i < r->n; i++)
		if (roster_type(r, r->at[i].name) == ROSTER_NO_TYPE)
			str_printf(to, ", %s", r->at[i].name);
}

static void hint_type(const struct roster *r, const char *name, struct diag *e)
{
	const char *near = str_suggest(name, r->types, n_types(r->types));
	_cleanup_(str_done) struct str all = {0};

	if (near) {
		diag_hint(e, "did you mean '%s'?", near);
		return;
	}
	add_types(r, &all);
	diag_hint(e, "there are: %s", all.s);
}

void roster_hint(const struct roster *r, const char *name, struct diag *e)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	_cleanup_(str_done) struct str all = {0};
	const char **names = arena_array(mem, r->n, sizeof(*names)), *near;

	for (uint32_t i = 0; i < r->n; i++)
		names[i] = r->at[i].name;
	near = str_suggest(name, names, r->n);
	if (near) {
		diag_hint(e, "did you mean '%s'?", near);
		return;
	}
	roster_add_names(r, &all);
	diag_hint(e, "there are: %s", all.s);
}

void roster_refuse_type(const struct roster *r, const struct roster_entry *e, struct diags *diags)
{
	struct hjson_node *type = type_of_settings(e->settings);
	const char *name = e->name;
	struct diag *d;

	if (type && type->type != HJSON_STRING) {
		cfg_error(r->cfg, diags, type, "'type' must be a string");
		return;
	}
	if (type)
		name = hjson_cstr(cfg_doc(r->cfg), type);
	d = type ? cfg_error(r->cfg, diags, type, "there is no backend type '%s'",
			     text_printable(cfg_mem(r->cfg), name))
		 : cfg_key_error(r->cfg, diags, e->settings, "there is no backend '%s'",
				 text_printable(cfg_mem(r->cfg), name));
	hint_type(r, name, d);
}

static void check_entry(const struct roster *r, const struct roster_entry *e,
			roster_check_settings *settings, struct diags *diags)
{
	const char *what = arena_printf(cfg_mem(r->cfg), "backends.%s", e->name);
	struct cfg_fields *f;

	if (e->type == ROSTER_NO_TYPE)
		roster_refuse_type(r, e, diags);
	if (e->settings->type != HJSON_OBJECT)
		cfg_error(r->cfg, diags, e->settings, "'%s' must be an object", what);
	if (!settings || e->type == ROSTER_NO_TYPE || e->settings->type != HJSON_OBJECT)
		return;
	f = cfg_fields_new(r->cfg, e->settings, what, diags);
	cfg_fields_allow(f, "type");
	settings(e->type, e->name, f);
	cfg_fields_end(f);
}

void roster_check(const struct roster *r, roster_check_settings *settings, struct diags *diags)
{
	struct hjson_node *all = backends_of(r->cfg);

	if (all && all->type != HJSON_OBJECT)
		cfg_error(r->cfg, diags, all, "'backends' must be an object");
	for (uint32_t i = 0; i < r->n && r->at[i].settings; i++)
		check_entry(r, &r->at[i], settings, diags);
}
