/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/words/words.h"

#include <string.h>

#include "flow/native/words/word_template.h"

const char *words_text(struct load *l, const char *key, const struct text *t)
{
	static const struct sweep no_sweep = {.n_jobs = 1};
	const char *values[VALUE_FIRST_AXIS] = {"", "", "", ""};
	const struct text *kept = arena_memdup(l->mem, t, sizeof(*t));
	_cleanup_(str_done) struct str out = {0};
	struct template compiled;

	word_template_compile(l, &no_sweep, key, kept, WORDS_KNOWN, &compiled);
	template_render(&compiled, values, &out);
	return arena_strndup(l->mem, out.s, out.len);
}

/* ---- one string ---- */

/* Does text have {name} as a word that is replaced? */
static bool has_word(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{'))
		if (strncmp(at + 1, name, n) == 0 && at[n + 1] == '}' &&
		    (at == text || (at[-1] != '{' && at[-1] != '$')))
			return true;
	return false;
}

static const char *define_of(const struct vars *v, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < v->n_defines; i++)
		if (strcmp(v->defines[i].name, name) == 0)
			value = v->defines[i].value;
	return value;
}

/* Says where the value of the next word in text comes from. at: as for map_next(). NULL: no more.
 */
static const char *next_origin(struct load *l, const char *text, size_t *at, struct src_pos *ret)
{
	const struct map_entry *e;

	while ((e = map_next(&l->vars.values, at)) != NULL) {
		struct hjson_node *var = map_get(&l->vars.declared, e->key);
		const char *given = define_of(&l->vars, e->key);

		if (!has_word(text, e->key))
			continue;
		*ret = var && !given ? cfg_pos(l->cfg, var->pos) : (struct src_pos){0};
		return arena_printf(l->mem, "{%s} is \"%s\"%s%s", e->key,
				    text_printable(l->mem, e->value), given ? ", by -D " : "",
				    given ? e->key : "");
	}
	return NULL;
}

void words_note(struct load *l, struct diag *e, struct hjson_node *string)
{
	const char *text = hjson_cstr(cfg_doc(l->cfg), string), *origin;
	struct src_pos pos;

	for (size_t at = 0; (origin = next_origin(l, text, &at, &pos)) != NULL;)
		diag_note(e, pos, "%s", origin);
}

static void add_origins(struct load *l, const struct hjson_node *value, const char *text)
{
	const char *origin;
	struct src_pos pos;

	for (size_t at = 0; (origin = next_origin(l, text, &at, &pos)) != NULL;)
		cfg_add_origin(l->cfg, value, pos, origin);
}

/* The variable, if text is its word and nothing else; -D may have changed its value. */
static const struct hjson_node *only_word(const struct load *l, const char *text)
{
	size_t n = strlen(text);

	if (n < 3 || text[0] != '{' || text[n - 1] != '}' || !text_is_word(text + 1, n - 2))
		return NULL;
	return map_get_n(&l->vars.declared, text + 1, n - 2);
}

static void native_words_replace(struct load *l, const char *key, struct hjson_node *string)
{
	const char *text = hjson_cstr(cfg_doc(l->cfg), string), *now;
	unsigned n_before = l->diags->n_errors;

	if (!strchr(text, '{') || cfg_written(l->cfg, string))
		return;
	now = words_text(l, key, &(struct text){text, string});
	if (l->diags->n_errors > n_before || strcmp(now, text) == 0)
		return;
	cfg_replace(l->cfg, string, cfg_value_like(l->cfg, only_word(l, text), now, string->pos));
	add_origins(l, string, text);
}

/* ---- the tree ---- */

/* Recursive; the parser limits the depth to HJSON_MAX_DEPTH. */
static void replace_below(struct load *l, const char *key, struct hjson_node *node)
{
	struct hjson_node *m;

	if (node->type == HJSON_STRING) {
		native_words_replace(l, key, node);
		return;
	}
	if (node->type != HJSON_ARRAY && node->type != HJSON_OBJECT)
		return;
	hjson_for_each (m, node)
		if (!m->shadowed)
			replace_below(l, m->key ? hjson_key_cstr(cfg_doc(l->cfg), m) : key, m);
}

void words_in_backends(struct load *l)
{
	if (l->backends)
		replace_below(l, "backends", l->backends);
}
