/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dvsim/tool_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"
#include "config/config.h"

static const struct src_pos nowhere;
static const char file_name[] = "dvsim.hjson";

struct reader {
	const struct args *args;
	struct cfg *cfg;
	const char *dir; /* of the file */
	struct diags *diags;
};

/* In the arena of the arguments. */
struct words {
	const char **at;
	size_t n, cap;
};

/* Expands "~" and "~/…" like a shell. */
static const char *expand_home(struct arena *mem, const char *path)
{
	const char *home = getenv("HOME");

	if (*path != '~' || (path[1] && path[1] != '/') || !home)
		return path;
	return arena_printf(mem, "%s%s", home, path + 1);
}

static bool tool_config_is_file(const char *path)
{
	return fs_exists(path) && !fs_is_dir(path);
}

/* The file in the current directory or the nearest one above it, else that of the user; NULL:
 * none. */
static const char *tool_config_find(struct arena *mem)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *dir = path_absolute(mem, "."), *path, *up;

	for (;; dir = up) {
		path = path_join(mem, dir, file_name);
		if (tool_config_is_file(path))
			return path;
		up = path_dir(mem, dir);
		if (strcmp(up, dir) == 0)
			break;
	}
	path = path_join(mem, expand_home(mem, xdg && *xdg ? xdg : "~/.config"),
			 "lowRISC/dvsim/dvsim.hjson");
	return tool_config_is_file(path) ? path : NULL;
}

static void unknown_key(struct reader *r, struct hjson_node *member, const char *const *known,
			size_t n)
{
	const char *key = hjson_key_cstr(cfg_doc(r->cfg), member);
	const char *near = str_suggest(key, known, n);
	struct diag *e = cfg_key_error(r->cfg, r->diags, member, "unknown key '%s'", key);

	if (near)
		diag_hint(e, "did you mean '%s'?", near);
}

static void tool_config_check_keys(struct reader *r, struct hjson_node *object,
				   const char *const *known, size_t n)
{
	struct hjson_node *member;

	hjson_for_each (member, object) {
		size_t i = 0;

		while (i < n && !hjson_key_is(member, known[i]))
			i++;
		if (i == n)
			unknown_key(r, member, known, n);
	}
}

static const char *tool_config_text_of(struct reader *r, struct hjson_node *node)
{
	return arena_strdup(r->args->mem, hjson_cstr(cfg_doc(r->cfg), node));
}

/* Relative paths start at the directory of the file. */
static const char *tool_config_path_of(struct reader *r, struct hjson_node *node)
{
	const char *path = expand_home(r->args->mem, tool_config_text_of(r, node));

	return path_absolute(r->args->mem, path_join(r->args->mem, r->dir, path));
}

/* A string or a list of strings. */
static void tool_config_read_words(struct reader *r, struct hjson_node *section, const char *key,
				   bool is_path, struct words *to)
{
	struct hjson_node *node = hjson_get(section, key), *e;
	struct hjson_node *first = node && node->type == HJSON_ARRAY ? node->child : node;
	size_t n = !node ? 0 : node->type == HJSON_ARRAY ? node->n : 1;

	for (e = first; e && n; e = e->next, n--) {
		if (e->type != HJSON_STRING) {
			cfg_error(r->cfg, r->diags, e, "'%s' must be a string or a list of strings",
				  key);
			return;
		}
		vec_push_in(r->args->mem, to,
			    is_path ? tool_config_path_of(r, e) : tool_config_text_of(r, e));
	}
}

static void add_given(const struct args *args, enum opt o, struct words *to)
{
	const struct opt_value *v = &args->opt[o];

	for (size_t i = 0; i < v->n; i++)
		vec_push_in(args->mem, to, v->words[i]);
}

static const char *tool_config_trimmed(struct arena *mem, const char *word)
{
	size_t n;

	word += strspn(word, " \t\n");
	n = strlen(word);
	while (n && strchr(" \t\n", word[n - 1]))
		n--;
	return arena_strndup(mem, word, n);
}

static void check_mappings(const struct args *args, struct words *w, struct diags *diags)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *word = w->at[i] = tool_config_trimmed(args->mem, w->at[i]);
		const char *equals = strchr(word, '=');

		if (!*word || equals == word || (equals && !equals[1]))
			diag_error(diags, nowhere,
				   "'--fusesoc-mapping' must be [OLD=]NEW, not '%s'", word);
	}
}

static void tool_config_read_file(struct reader *r, struct tool_config *ret, struct words *mappings,
				  struct words *roots)
{
	static const char *const top[] = {"proj_root", "fusesoc"};
	static const char *const section[] = {"mapping", "extra_cores_root"};
	struct hjson_node *root = cfg_root(r->cfg), *node;

	if (root->type != HJSON_OBJECT) {
		cfg_error(r->cfg, r->diags, root, "%s must be an object", file_name);
		return;
	}
	tool_config_check_keys(r, root, top, 2);
	node = hjson_get(root, "proj_root");
	if (node && node->type == HJSON_STRING)
		ret->proj_root = tool_config_path_of(r, node);
	else if (node && node->type != HJSON_NULL)
		cfg_error(r->cfg, r->diags, node, "'proj_root' must be a string");
	node = hjson_get(root, "fusesoc");
	if (node && node->type != HJSON_OBJECT) {
		cfg_error(r->cfg, r->diags, node, "'fusesoc' must be an object");
	} else if (node) {
		tool_config_check_keys(r, node, section, 2);
		tool_config_read_words(r, node, "mapping", false, mappings);
		tool_config_read_words(r, node, "extra_cores_root", true, roots);
	}
}

int tool_config_read(const struct args *args, struct tool_config *ret, struct diags *diags)
{
	const char *given = opt_word(args, OPT_DVSIM_CONFIG, NULL);
	struct reader r = {.args = args, .diags = diags};
	struct words mappings = {0}, roots = {0};
	unsigned n_before = diags->n_errors;

	*ret = (struct tool_config){
		.path = given ? path_absolute(args->mem, expand_home(args->mem, given))
			      : tool_config_find(args->mem),
	};
	if (ret->path) {
		r.dir = path_dir(args->mem, ret->path);
		r.cfg = cfg_parse(ret->path, diags);
		if (r.cfg)
			tool_config_read_file(&r, ret, &mappings, &roots);
		cfg_free(r.cfg);
	}
	add_given(args, OPT_FUSESOC_MAPPING, &mappings);
	add_given(args, OPT_FUSESOC_ROOT, &roots);
	check_mappings(args, &mappings, diags);
	vec_push_in(args->mem, &mappings, NULL);
	vec_push_in(args->mem, &roots, NULL);
	ret->mappings = mappings.at;
	ret->roots = roots.at;
	return diags->n_errors == n_before ? 0 : -1;
}
