/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/words.h"

#include <string.h>

static const struct src_pos nowhere;

static bool is_scalar(const struct hjson_node *n)
{
	return n && n->type != HJSON_ARRAY && n->type != HJSON_OBJECT && n->type != HJSON_NULL;
}

static void define_word(struct cfg *c, const char *text, struct map *used, struct diags *diags)
{
	const char *equals = strchr(text, '=');
	struct hjson_node *old;
	const char *name;

	if (!equals || !text_is_word(text, (size_t)(equals - text)) || !text_is_clean(equals)) {
		diag_error(diags, nowhere, "-D %s is not NAME=VALUE",
			   text_printable(cfg_mem(c), text));
		return;
	}
	name = arena_strndup(cfg_mem(c), text, (size_t)(equals - text));
	old = hjson_get(cfg_root(c), name);
	if (!is_scalar(old))
		return;
	hjson_set(cfg_doc(c), cfg_root(c), name, strlen(name),
		  cfg_value_like(c, old, equals + 1, 0));
	if (used)
		map_set(used, text, used);
}

void dv_define(struct cfg *c, const char *const *defines, struct map *used, struct diags *diags)
{
	for (; defines && *defines; defines++)
		define_word(c, *defines, used, diags);
}

void dv_define_check(const char *const *defines, const struct map *used, struct diags *diags)
{
	for (; defines && *defines; defines++)
		if (!map_has(used, *defines))
			diag_error(diags, nowhere,
				   "-D %.*s: no configuration has a key of that name with a string "
				   "or a "
				   "number",
				   (int)strcspn(*defines, "="), *defines);
}

/* ---- backends ---- */

struct replacer {
	struct cfg *cfg;
	struct cfg_subst rules;
	struct diags *diags;
};

static const struct hjson_node *find_value(void *ctx, const char *name, size_t len)
{
	return hjson_get_n(cfg_root(ctx), name, len);
}

/* The value of the key, if text is "{key}" and nothing else; else NULL. */
static const struct hjson_node *only_word(const struct cfg *c, const char *text)
{
	size_t n = strlen(text);

	if (n < 3 || text[0] != '{' || text[n - 1] != '}')
		return NULL;
	return hjson_get_n(cfg_root(c), text + 1, n - 2);
}

static void dv_words_replace(struct replacer *r, struct hjson_node *string)
{
	const char *text = cfg_string(r->cfg, string), *now;
	_cleanup_(error_done) struct error err = {0};
	const struct hjson_node *word;

	if (!strchr(text, '{') || cfg_written(r->cfg, string))
		return;
	now = cfg_subst_text(r->cfg, &r->rules, text, &err);
	if (!now) {
		cfg_hint_output(r->cfg, cfg_error(r->cfg, r->diags, string, "%s", err.msg));
		return;
	}
	if (strcmp(now, text) == 0)
		return;
	word = only_word(r->cfg, text);
	cfg_replace(r->cfg, string, cfg_value_like(r->cfg, word, now, string->pos));
	cfg_add_origin(r->cfg, string, word && word->pos ? cfg_pos(r->cfg, word->pos) : nowhere,
		       arena_printf(cfg_mem(r->cfg), "%s is \"%s\"%s", text,
				    text_printable(cfg_mem(r->cfg), now),
				    word && !word->pos ? ", from outside the files" : ""));
}

/* Recursive; the parser limits the depth to HJSON_MAX_DEPTH. */
static void replace_below(struct replacer *r, struct hjson_node *node)
{
	struct hjson_node *m;

	if (node->type == HJSON_STRING)
		dv_words_replace(r, node);
	else if (node->type == HJSON_ARRAY || node->type == HJSON_OBJECT)
		hjson_for_each (m, node)
			if (!m->shadowed)
				replace_below(r, m);
}

void dv_words_in_backends(struct cfg *c, bool is_lenient, struct diags *diags)
{
	struct hjson_node *backends = hjson_get(cfg_root(c), "backends");
	struct replacer r = {
		.cfg = c,
		.rules = {.lookup = find_value, .ctx = c, .options = {.is_lenient = is_lenient}},
		.diags = diags,
	};

	if (backends)
		replace_below(&r, backends);
}

void dv_replace_words(struct cfg *c, const struct flow_options *options, bool must_use,
		      struct diags *diags)
{
	(void)must_use; /* -D can be checked only after all configurations are read */
	dv_define(c, options->defines, NULL, diags);
	dv_words_in_backends(c, true, diags);
}
