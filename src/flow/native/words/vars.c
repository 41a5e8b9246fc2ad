/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/words/vars.h"

#include <assert.h>
#include <string.h>

#include "flow/native/words/load.h"

static const struct src_pos nowhere;

const char *const vars_builtin[] = {"name",    "odir",	  "log",    "needs",
				    "scratch", "cfg_dir", "attempt"};
static_assert(ARRAY_LEN(vars_builtin) == VARS_N_BUILTIN, "as many as the header says");

bool vars_is_builtin(const char *name, size_t len)
{
	for (size_t i = 0; i < VARS_N_BUILTIN; i++)
		if (strlen(vars_builtin[i]) == len && memcmp(vars_builtin[i], name, len) == 0)
			return true;
	return false;
}

static void add_define(struct load *l, const char *text)
{
	struct define *d = &l->vars.defines[l->vars.n_defines];
	const char *equals = strchr(text, '=');

	if (!equals || !text_is_word(text, (size_t)(equals - text))) {
		diag_hint(diag_error(l->diags, nowhere, "-D %s is not NAME=VALUE", text),
			  "for example -D seed=1..50");
		return;
	}
	if (!text_is_clean(equals)) {
		diag_error(l->diags, nowhere, "-D %s holds a control character",
			   text_printable(l->mem, text));
		return;
	}
	d->name = arena_strndup(l->mem, text, (size_t)(equals - text));
	d->value = equals + 1;
	l->vars.n_defines++;
}

void vars_init(struct load *l, const char *const *defines)
{
	size_t n = 0;

	l->vars = (struct vars){0};
	while (defines && defines[n])
		n++;
	l->vars.defines = arena_array(l->mem, n + 1, sizeof(struct define));
	for (size_t i = 0; i < n; i++)
		add_define(l, defines[i]);
}

void vars_done(struct vars *v)
{
	map_done(&v->values);
	map_done(&v->declared);
	map_done(&v->axes);
}

void vars_set(struct vars *v, const char *name, const char *value)
{
	map_set(&v->values, name, (void *)(uintptr_t)value);
}

const char *vars_take_define(struct vars *v, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < v->n_defines; i++) {
		if (strcmp(v->defines[i].name, name) == 0) {
			v->defines[i].is_used = true;
			value = v->defines[i].value; /* the last one counts, as with make */
		}
	}
	return value;
}

static void read_one(struct load *l, struct hjson_node *member)
{
	const char *name = hjson_key_cstr(cfg_doc(l->cfg), member);
	const char *value = cfg_scalar_text(l->cfg, member), *given;

	if (!text_is_word(name, strlen(name))) {
		diag_hint(cfg_key_error(l->cfg, l->diags, member,
					"'%s' cannot be the name of a variable",
					text_printable(l->mem, name)),
			  "use letters, digits and _, and begin with no digit");
		return;
	}
	if (vars_is_builtin(name, strlen(name))) {
		cfg_key_error(l->cfg, l->diags, member, "'%s' is a built-in word", name);
		return;
	}
	if (!value || !text_is_clean(value)) {
		cfg_error(l->cfg, l->diags, member, "variable '%s' must be %s", name,
			  value ? "free of control characters" : "a string or a number");
		return;
	}
	given = vars_take_define(&l->vars, name);
	map_set(&l->vars.declared, name, member);
	vars_set(&l->vars, name, given ? given : value);
}

void vars_read(struct load *l, struct hjson_node *node)
{
	struct hjson_node *m;

	if (!node)
		return;
	if (node->type != HJSON_OBJECT) {
		cfg_error(l->cfg, l->diags, node, "'vars' must be an object of names and values");
		return;
	}
	hjson_for_each (m, node)
		if (!m->shadowed)
			read_one(l, m);
}

void vars_show_defines(struct load *l)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&l->vars.declared, &at)) != NULL) {
		const char *given = vars_take_define(&l->vars, e->key);
		struct hjson_node *node = e->value;

		if (given)
			cfg_replace(l->cfg, node, cfg_value_like(l->cfg, node, given, node->pos));
	}
}

static const char *var_suggest(const struct load *l, const char *name)
{
	size_t n = l->vars.declared.n_live + l->vars.axes.n_live, i = 0, at = 0;
	const char **names = arena_array(l->mem, n + 1, sizeof(*names));
	const struct map_entry *e;

	while ((e = map_next(&l->vars.declared, &at)) != NULL)
		names[i++] = e->key;
	at = 0;
	while ((e = map_next(&l->vars.axes, &at)) != NULL)
		names[i++] = e->key;
	return str_suggest(name, names, i);
}

void vars_check_defines(struct load *l)
{
	for (size_t i = 0; i < l->vars.n_defines; i++) {
		const struct define *d = &l->vars.defines[i];
		const char *near;
		struct diag *e;

		if (d->is_used)
			continue;
		if (map_has(&l->vars.axes, d->name)) {
			diag_error(l->diags, nowhere,
				   "-D %s: the values of this axis are in rows, which -D cannot "
				   "replace",
				   d->name);
			continue;
		}
		near = var_suggest(l, d->name);
		e = diag_error(
			l->diags, nowhere,
			"-D %s: the configuration has no variable or sweep axis of that name",
			d->name);
		if (near)
			diag_hint(e, "did you mean '%s'?", near);
	}
}
