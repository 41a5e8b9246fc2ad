/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/job/key_text.h"

#include <string.h>

#include "base/blank.h"
#include "base/mem.h"
#include "config/fields.h"

static struct cfg *cfg_of(const struct key_texts *t)
{
	return t->names->cfg->reader.cfg;
}

/* False: the error what was already reported for another job of the mode. at may be NULL. */
static bool key_text_is_new_fault(struct key_texts *t, const struct hjson_node *at,
				  const char *what)
{
	struct arena *mem = t->names->cfg->reader.mem;
	const char *key = arena_printf(mem, "%p %p %s", (const void *)t->names->mode,
				       (const void *)at, what);

	t->is_wrong = true;
	if (t->diags != t->names->cfg->reader.diags)
		return true; /* of an attempt: it is not reported */
	return !map_set(&t->reported, key, t);
}

static void report_text(struct key_texts *t, const struct hjson_node *at, const char *what)
{
	struct cfg *c = cfg_of(t);
	struct diag *e;

	if (!key_text_is_new_fault(t, at, what))
		return;
	e = at && at->pos ? cfg_error(c, t->diags, at, "%s", what)
			  : diag_error(t->diags, cfg_start(c), "%s", what);
	diag_hint(e, "in a job '%s' of '%s'", t->target,
		  t->names->mode ? t->names->mode->name : t->names->cfg->name);
	cfg_hint_output(c, e);
}

const char *key_text_expand(struct key_texts *t, const char *text, const struct hjson_node *at)
{
	_cleanup_(error_done) struct error err = {0};
	const char *result;

	if (!strchr(text, '{'))
		return text;
	t->n_expanded++;
	if (t->names->has_unsafe_names && t->subst.waits) {
		t->waits = true; /* its paths may wait for commands */
		return "";
	}
	result = cfg_subst_text(cfg_of(t), &t->subst, text, &err);
	if (!result) {
		report_text(t, at, err.msg);
		return "";
	}
	t->has_own_commands |= t->subst.options.ignored && strstr(result, "{eval_cmd}");
	return t->names->has_unsafe_names ? key_text_fit_paths(t, result) : result;
}

/* ---- elements ---- */

static void add_stripped(struct str *out, const char *text)
{
	size_t n = strlen(text);
	const char *s = blank_strip(text, &n);

	str_addn(out, s, n);
}

/* Strips the text in out after `from`: an empty element at either end leaves a blank there. */
static void strip_from(struct str *out, size_t from)
{
	size_t n = out->len - from;
	const char *s = blank_strip(out->s + from, &n);

	memmove(out->s + from, s, n);
	out->len = from + n;
	out->s[out->len] = '\0';
}

static void add_element(struct key_texts *t, struct str *out, struct hjson_node *e)
{
	struct cfg *c = cfg_of(t);
	const char *text = e->type == HJSON_STRING ? cfg_string(c, e) : cfg_scalar_text(c, e);

	if (!text) {
		if (key_text_is_new_fault(t, e, "type"))
			cfg_error(c, t->diags, e, "this must be a string");
		return;
	}
	add_stripped(out, key_text_expand(t, text, e));
}

static void add_list(struct key_texts *t, const struct node_list *list, const char *between,
		     struct str *out)
{
	size_t from = out->len;

	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			str_add(out, between);
		add_element(t, out, list->at[i]);
	}
	if (list->n)
		strip_from(out, from);
}

static void add_array(struct key_texts *t, const struct hjson_node *array, const char *between,
		      struct str *out)
{
	size_t from = out->len;
	struct hjson_node *e;

	hjson_for_each (e, array) {
		if (e != array->child)
			str_add(out, between);
		add_element(t, out, e);
	}
	if (array->child)
		strip_from(out, from);
}

/* ---- keys ---- */

/* DVSim passes these keys even without a value, as None. */
static bool may_be_none(const char *key)
{
	return strcmp(key, "build_seed") == 0 || strcmp(key, "build_timeout_mins") == 0;
}

static bool add_missing(struct key_texts *t, const char *key, struct str *out)
{
	struct cfg *c = cfg_of(t);
	struct diag *d;

	if (may_be_none(key) || hjson_get(cfg_root(c), key)) {
		str_add(out, "None");
		return true;
	}
	if (!key_text_is_new_fault(t, NULL, key))
		return false;
	d = diag_error(t->diags, cfg_start(c),
		       "the configuration has no '%s', which a job '%s' needs", key, t->target);
	diag_hint(d, "set it; it may be \"\"");
	return false;
}

bool key_text_add(struct key_texts *t, const char *key, const char *between, struct str *out)
{
	const struct node_list *list = job_names_list(t->names, key);
	const struct hjson_node *n = list ? NULL : job_names_value(t->names, key);

	if (list) {
		add_list(t, list, between, out);
		return false;
	}
	if (!n)
		return add_missing(t, key, out);
	if (n->type == HJSON_ARRAY) {
		add_array(t, n, between, out);
		return false;
	}
	if (n->type == HJSON_BOOL)
		str_add(out, n->i ? "1" : "0");
	else
		add_element(t, out, (struct hjson_node *)n);
	return n->type != HJSON_STRING;
}

const char *key_text(struct key_texts *t, const char *key)
{
	_cleanup_(str_done) struct str text = {0};

	str_reserve(&text, 0);
	key_text_add(t, key, " ", &text);
	return arena_strndup(t->mem, text.s, text.len);
}

const char *key_text_lines(struct key_texts *t, const char *key)
{
	_cleanup_(str_done) struct str text = {0};
	const struct hjson_node *list = job_names_value(t->names, key);
	struct hjson_node *e;

	if (list && list->type == HJSON_ARRAY)
		hjson_for_each (e, list) {
			size_t before = text.len;

			add_element(t, &text, e);
			if (text.len > before)
				str_addc(&text, '\n');
		}
	if (text.len == 0)
		str_addc(&text, '\n');
	return arena_strndup(t->mem, text.s, text.len);
}

/* ---- */

void key_texts_done(struct key_texts *t)
{
	map_done(&t->reported);
}

void key_texts_begin(struct key_texts *t, const char *target)
{
	t->target = target;
	t->n_paths = 0;
}

void key_texts_init(struct key_texts *t, struct job_names *names, struct arena *mem)
{
	*t = (struct key_texts){.names = names,
				.diags = names->cfg->reader.diags,
				.subst = {.lookup = job_names_lookup, .ctx = names},
				.mem = mem};
}
