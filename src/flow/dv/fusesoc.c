/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FuseSoC's arguments: `[global options] run [options of run] core`. --cores-root is a global
 * option, --mapping an option of run; a mapping is one word (--mapping=X) or two.
 */
#include "flow/dv/fusesoc.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

static const char blanks[] = " \t\r\n\v\f";
static const char flag[] = "--mapping";

/* The arguments, in the configuration's memory. */
struct words {
	const char **at;
	size_t n, cap;
};

struct rewrite {
	struct cfg *cfg;
	const struct dv_options *dv;
	struct diags *diags;
	struct hjson_node *list; /* what is rewritten */
	const char *where;	 /* for messages: configuration, list */
};

static void split_text(struct arena *mem, const char *text, struct words *ret)
{
	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t n = strcspn(text, blanks);

		vec_push(ret, arena_strndup(mem, text, n));
		text += n;
	}
}

static bool runs_fusesoc(struct cfg *c, const char *key)
{
	struct hjson_node *cmd = hjson_get(cfg_root(c), key);
	struct words words = {0};
	bool does = false;

	if (!cmd || cmd->type != HJSON_STRING)
		return false;
	split_text(cfg_mem(c), cfg_string(c, cmd), &words);
	for (size_t i = 0; i < words.n; i++)
		does |= strcmp(path_base(words.at[i]), "fusesoc") == 0;
	free(words.at);
	return does;
}

static size_t fusesoc_find_run(const struct words *w)
{
	size_t i = 0;

	while (i < w->n && strcmp(w->at[i], "run") != 0)
		i++;
	return i;
}

static void fusesoc_say(const struct rewrite *r, const char *what, const char *word)
{
	if (r->dv->say)
		r->dv->say(arena_printf(cfg_mem(r->cfg), "FuseSoC %s in %s: %s", what, r->where,
					word));
}

/* The mapping that replaces old; NULL: none. If there are several, the last one counts. */
static const char *path_replacement(const struct rewrite *r, const char *old, bool *used)
{
	const char *found = NULL;

	for (size_t i = 0; r->dv->fusesoc_mappings[i]; i++) {
		const char *m = r->dv->fusesoc_mappings[i], *equals = strchr(m, '=');

		if (!equals || strlen(old) != (size_t)(equals - m) ||
		    memcmp(m, old, strlen(old)) != 0)
			continue;
		found = equals + 1;
		used[i] = true;
	}
	if (found)
		fusesoc_say(r, arena_printf(cfg_mem(r->cfg), "--mapping=%s replaced", old), found);
	return found;
}

static void warn_of_unused(const struct rewrite *r, const bool *used)
{
	for (size_t i = 0; r->dv->fusesoc_mappings[i]; i++) {
		const char *m = r->dv->fusesoc_mappings[i];

		if (strchr(m, '=') && !used[i])
			cfg_warning(r->cfg, r->diags, r->list,
				    "--fusesoc-mapping %s: no such mapping in %s", m, r->where);
	}
}

static void replace_mappings(const struct rewrite *r, struct words *w)
{
	struct arena *mem = cfg_mem(r->cfg);
	size_t n = 0;
	bool *used;

	while (r->dv->fusesoc_mappings[n])
		n++;
	used = arena_array(mem, n + 1, sizeof(*used));
	for (size_t i = 0; i < w->n; i++) {
		const char *new;

		if (strcmp(w->at[i], flag) == 0) {
			new = ++i < w->n ? path_replacement(r, w->at[i], used) : NULL;
			if (new)
				w->at[i] = new;
		} else if (str_starts(w->at[i], "--mapping=")) {
			new = path_replacement(r, w->at[i] + strlen("--mapping="), used);
			if (new)
				w->at[i] = arena_printf(mem, "--mapping=%s", new);
		}
	}
	warn_of_unused(r, used);
}

static void add_roots(const struct rewrite *r, struct words *to)
{
	for (const char *const *root = r->dv->fusesoc_roots; *root; root++) {
		vec_push(to, "--cores-root");
		vec_push(to, *root);
		fusesoc_say(r, "--cores-root added", *root);
	}
}

static void add_mappings(const struct rewrite *r, struct words *to)
{
	for (const char *const *m = r->dv->fusesoc_mappings; *m; m++) {
		if (strchr(*m, '='))
			continue;
		vec_push(to, arena_printf(cfg_mem(r->cfg), "--mapping=%s", *m));
		fusesoc_say(r, "--mapping added", *m);
	}
}

/* FuseSoC refuses a repeated mapping: only the first one stays. */
static void drop_repeated(struct words *w)
{
	struct map seen = {0};
	size_t to = 0;

	for (size_t i = 0; i < w->n; i++) {
		bool is_pair = strcmp(w->at[i], flag) == 0 && i + 1 < w->n;
		const char *value = is_pair ? w->at[i + 1]
				    : str_starts(w->at[i], "--mapping=")
					    ? w->at[i] + strlen("--mapping=")
					    : NULL;

		if (value && map_has(&seen, value)) {
			i += is_pair;
			continue;
		}
		if (value)
			map_set(&seen, value, w);
		w->at[to++] = w->at[i];
		if (is_pair)
			w->at[to++] = w->at[++i];
	}
	w->n = to;
	map_done(&seen);
}

static void put_back(const struct rewrite *r, const char *key, const struct words *w)
{
	struct hjson_doc *doc = cfg_doc(r->cfg);
	struct hjson_node *list = hjson_new_node(doc, HJSON_ARRAY, r->list->pos);

	for (size_t i = 0; i < w->n; i++)
		hjson_append(doc, list,
			     hjson_new_string(doc, w->at[i], strlen(w->at[i]), r->list->pos));
	hjson_set(doc, cfg_root(r->cfg), key, strlen(key), list);
}

static void rewrite_list(struct rewrite *r, const char *key)
{
	struct words old = {0}, new = {0};
	struct hjson_node *e;
	size_t run;

	hjson_for_each (e, r->list)
		if (e->type == HJSON_STRING)
			split_text(cfg_mem(r->cfg), cfg_string(r->cfg, e), &old);
	run = fusesoc_find_run(&old);
	if (run == old.n) {
		cfg_warning(
			r->cfg, r->diags, r->list,
			"FuseSoC options were given, but there is no 'run' in %s: left as it is",
			r->where);
		free(old.at);
		return;
	}
	replace_mappings(r, &old);
	run = fusesoc_find_run(&old);
	for (size_t i = 0; i < run; i++)
		vec_push(&new, old.at[i]);
	add_roots(r, &new);
	for (size_t i = run; i < old.n; i++) {
		vec_push(&new, old.at[i]);
		if (i == run)
			add_mappings(r, &new);
	}
	drop_repeated(&new);
	put_back(r, key, &new);
	free(old.at);
	free(new.at);
}

static void rewrite_pair(struct rewrite *r, const char *cmd_key, const char *list_key)
{
	struct hjson_node *name = hjson_get(cfg_root(r->cfg), "name");

	r->list = hjson_get(cfg_root(r->cfg), list_key);
	if (!r->list || r->list->type != HJSON_ARRAY || r->list->n == 0 ||
	    !runs_fusesoc(r->cfg, cmd_key))
		return;
	r->where = arena_printf(cfg_mem(r->cfg), "%s %s [%s]",
				name && name->type == HJSON_STRING ? cfg_string(r->cfg, name) : "?",
				list_key, cfg_path(r->cfg));
	rewrite_list(r, list_key);
}

void fusesoc_rewrite(struct cfg *c, const struct dv_options *dv, struct diags *diags)
{
	static const char *const none[] = {NULL};
	struct dv_options given = *dv;
	struct rewrite r = {.cfg = c, .dv = &given, .diags = diags};

	if (!given.fusesoc_mappings)
		given.fusesoc_mappings = none;
	if (!given.fusesoc_roots)
		given.fusesoc_roots = none;
	if (!given.fusesoc_mappings[0] && !given.fusesoc_roots[0])
		return;
	rewrite_pair(&r, "build_cmd", "build_opts");
	rewrite_pair(&r, "sv_flist_gen_cmd", "sv_flist_gen_opts");
}
