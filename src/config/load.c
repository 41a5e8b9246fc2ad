/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads files into one tree. Imports are taken from a stack: the last import of a file is loaded
 * first, and its own imports before its siblings. The order of options, tests and exports depends
 * on this; it must not change. All files are read even after an error in one of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/vec.h"
#include "config/eval.h"
#include "config/git.h"
#include "config/merge.h"
#include "config/nul.h"
#include "config/subst.h"

enum { FILES_MOST = 4096, WARNINGS_MOST = 100 };

/* A file that is to be read, or was read. */
struct source {
	const char *path;		 /* as imported, wildcards expanded */
	const char *shown;		 /* for messages */
	const struct hjson_node *import; /* the import; NULL: the first file */
	const struct source *by;	 /* the file with that import */
	unsigned turn;			 /* load.n_files when `by` was read */
	size_t from, len;		 /* only this part of the file; len 0: the whole file */
};

struct load {
	struct cfg *cfg;
	struct diags *diags;
	struct merge merge;
	struct map seen; /* path -> struct source */
	VEC(struct source *) work;
	unsigned n_files;
	bool is_tool_locked;
	bool has_unread; /* a file could not be read, so its names are missing */
};

/* ---- one file's text ---- */

struct parse_report {
	const struct cfg *cfg;
	struct diags *diags;
	unsigned n_warnings;
};

static void config_load_on_hjson(void *ctx, const struct hjson_diag *d)
{
	struct parse_report *r = ctx;
	const struct cfg *c = r->cfg;
	bool is_error = d->severity == HJSON_ERROR;
	struct diag *e;

	if (!is_error && r->n_warnings++ >= WARNINGS_MOST)
		return;
	e = cfg_report(c, r->diags, is_error ? DIAG_ERROR : DIAG_WARNING, d->pos, d->len,
		       d->message);
	if (d->hint)
		diag_hint(e, "%s", d->hint);
	if (d->other)
		diag_note(e, cfg_pos(c, d->other), "%s",
			  d->other_label ? d->other_label : "see here");
}

static void report_unread(struct load *l, const struct source *f, struct error *err)
{
	struct diag *e;

	if (!f->import) {
		diag_error(l->diags, (struct src_pos){.file = f->shown}, "%s", err->msg);
		return;
	}
	e = cfg_error(l->cfg, l->diags, f->import, "the import '%s' %s", f->shown, err->msg);
	if (*f->path != '/')
		diag_hint(e, "relative imports start at the current directory: "
			     "write {self_dir}/… or {proj_root}/…");
}

/* Blanks everything except the part, so that positions in it stay right. */
static bool cut_out(struct load *l, const struct source *f, struct str *text)
{
	if (text->len < f->from + f->len || text->s[f->from] != '{') {
		diag_error(l->diags, (struct src_pos){.file = f->shown},
			   "changed while it was read");
		return false;
	}
	for (size_t i = 0; i < f->from; i++)
		if (text->s[i] != '\n')
			text->s[i] = ' ';
	text->len = f->from + f->len;
	return true;
}

/* A quick test, because the search in the tree (nul_refuse()) is slow. */
static bool may_hold_nul(const struct str *text)
{
	return text->len && memmem(text->s, text->len, "\\u0000", 6);
}

/* Reads the bytes of the file. Returns 0, or -1 after an error. */
static int read_source(struct load *l, const struct source *f, struct str *ret)
{
	const struct cfg_text *given = f->import ? NULL : l->cfg->text;
	_cleanup_(error_done) struct error err = {0};

	if (given) {
		str_addn(ret, given->bytes, given->n);
	} else if (fs_read_file(f->path, HJSON_MAX_TEXT, ret, &err) < 0) {
		report_unread(l, f, &err);
		return -1;
	} else {
		map_set(&l->cfg->files, path_absolute(l->cfg->mem, f->path), l->cfg);
	}
	return 0;
}

/* Parses the file. Returns its root object; NULL after errors. */
static struct hjson_node *cfg_parse_file(struct load *l, const struct source *f)
{
	struct parse_report r = {.cfg = l->cfg, .diags = l->diags};
	_cleanup_(str_done) struct str text = {0};
	struct hjson_node *root;

	if (read_source(l, f, &text) < 0)
		return NULL;
	if (f->len && !cut_out(l, f, &text))
		return NULL;
	root = hjson_parse(l->cfg->doc, f->shown, text.s, text.len, config_load_on_hjson, &r);
	if (root && may_hold_nul(&text) && nul_refuse(l->cfg, root, l->diags) < 0)
		return NULL;
	if (root && root->type != HJSON_OBJECT) {
		cfg_error(l->cfg, l->diags, root,
			  "a configuration is an object with keys, but this is %s", cfg_kind(root));
		return NULL;
	}
	return root;
}

/* ---- imports ---- */

static const struct hjson_node *config_load_find_value(void *ctx, const char *name, size_t len)
{
	return merge_find(ctx, name, len);
}

/* Expands the path of an import with the values merged so far; NULL after an error. */
static const char *expand_import(struct load *l, const struct hjson_node *import)
{
	struct cfg_subst rules = {.lookup = config_load_find_value, .ctx = &l->merge};
	struct subst s = {.rules = &rules, .doc = l->cfg->doc, .evals = l->cfg->evals};
	_cleanup_(str_done) struct str path = {0};
	struct subst_error err = {0};

	if (import->type != HJSON_STRING) {
		cfg_error(l->cfg, l->diags, import, "an import is a path, not %s",
			  cfg_kind(import));
		return NULL;
	}
	if (subst_expand(&s, import->str, import->n, &path, &err) < 0) {
		if (l->has_unread && err.problem == SUBST_UNKNOWN)
			subst_error_done(&err);
		else
			cfg_subst_fault(l->cfg, l->diags, import, &err, &l->merge.members);
		return NULL;
	}
	return arena_strndup(l->cfg->mem, path.s ? path.s : "", path.len);
}

static bool is_ancestor(const struct source *of, const struct source *maybe)
{
	for (; of; of = of->by)
		if (of == maybe)
			return true;
	return false;
}

/* "a.hjson -> b.hjson -> a.hjson": the chain of imports from first to last and back to first. */
static void config_load_add_chain(struct str *out, const struct source *first,
				  const struct source *last)
{
	_cleanup_(str_done) struct str rest = {0};

	str_printf(&rest, " -> %s", first->shown);
	for (; last != first; last = last->by) {
		_cleanup_(freep) char *tail = str_take(&rest);

		str_printf(&rest, " -> %s%s", last->shown, tail);
	}
	str_printf(out, "%s%s", first->shown, rest.s);
}

static void report_seen(struct load *l, const struct source *f, const struct hjson_node *import,
			const struct source *before)
{
	_cleanup_(str_done) struct str chain = {0};
	struct diag *e;

	if (is_ancestor(f, before)) {
		config_load_add_chain(&chain, before, f);
		e = cfg_error(l->cfg, l->diags, import, "circular import: %s", chain.s);
		diag_hint(e, "remove this import");
	} else {
		e = cfg_error(l->cfg, l->diags, import, "'%s' is imported twice", before->shown);
		diag_hint(e, "a file is merged once: remove one of the two imports");
	}
	if (before->import)
		diag_note(e, cfg_pos(l->cfg, before->import->pos), "first imported here");
}

static void config_load_push(struct load *l, struct source *f)
{
	vec_push(&l->work, f);
}

/*
 * A path that is listed twice in one list is merged twice, as in DVSim, with a warning. The same
 * path in another file is an error.
 */
static void add_import(struct load *l, const struct source *by, const struct hjson_node *import)
{
	const char *path = expand_import(l, import);
	struct source *f;
	struct diag *w;

	if (!path)
		return;
	f = map_get(&l->seen, path);
	if (f && f->turn != l->n_files) {
		report_seen(l, by, import, f);
		return;
	}
	if (f) {
		w = cfg_warning(l->cfg, l->diags, import,
				"'%s' is listed twice in import_cfgs: all its lists are doubled",
				f->shown);
		diag_note(w, cfg_pos(l->cfg, f->import->pos), "first here");
		config_load_push(l, f);
		return;
	}
	f = arena_zalloc(l->cfg->mem, sizeof(*f));
	*f = (struct source){.path = path,
			     .shown = cfg_shown_path(l->cfg->mem, path),
			     .import = import,
			     .by = by,
			     .turn = l->n_files};
	map_set(&l->seen, path, f);
	config_load_push(l, f);
}

/* ---- members ---- */

static void add_imports(struct load *l, const struct source *f, const struct hjson_node *list)
{
	const struct hjson_node *import;

	if (list->type != HJSON_ARRAY) {
		cfg_error(l->cfg, l->diags, list, "import_cfgs is a list of paths, not %s",
			  cfg_kind(list));
		return;
	}
	hjson_for_each (import, list)
		add_import(l, f, import);
}

static void check_use_cfgs(struct load *l, const struct source *f, const struct hjson_node *m)
{
	struct diag *e;

	if (f->import) {
		e = cfg_key_error(l->cfg, l->diags, m,
				  "use_cfgs may be only in the file on the command line");
		diag_note(e, cfg_pos(l->cfg, f->import->pos), "this file is imported here");
	}
	if (m->type != HJSON_ARRAY)
		cfg_error(l->cfg, l->diags, m, "use_cfgs is a list of configurations, not %s",
			  cfg_kind(m));
}

/* Merges the keys of the file, then adds its imports, whose paths may use these keys. */
static void load_one(struct load *l, const struct source *f, struct hjson_node *root)
{
	struct hjson_node *imports = NULL, *m;

	while (root && (m = hjson_take(l->cfg->doc, root))) {
		if (m->shadowed || (l->is_tool_locked && hjson_key_is(m, "tool")))
			continue;
		if (hjson_key_is(m, "import_cfgs")) {
			imports = m;
			continue;
		}
		if (hjson_key_is(m, "use_cfgs"))
			check_use_cfgs(l, f, m);
		merge_member(&l->merge, m);
	}
	l->has_unread |= !root;
	if (imports)
		add_imports(l, f, imports);
}

static void load_all(struct load *l, struct source *first, struct hjson_node *first_root)
{
	map_set(&l->seen, first->path, first);
	config_load_push(l, first);
	while (l->work.n) {
		const struct source *f = l->work.at[--l->work.n];

		if (l->n_files++ == FILES_MOST) {
			cfg_error(l->cfg, l->diags, f->import, "more than %d files are imported",
				  FILES_MOST);
			return;
		}
		load_one(l, f, l->n_files == 1 ? first_root : cfg_parse_file(l, f));
	}
}

/* ---- the start ---- */

static void set_initial(struct merge *m, const char *name, const char *value)
{
	struct hjson_doc *doc = m->cfg->doc;
	struct hjson_node *one;

	if (!value || merge_find(m, name, strlen(name)))
		return;
	one = hjson_new_node(doc, HJSON_OBJECT, 0);
	hjson_set(doc, one, name, strlen(name), hjson_new_string(doc, value, strlen(value), 0));
	merge_member(m, hjson_take(doc, one));
}

const char *cfg_proj_root(struct arena *mem)
{
	_cleanup_(freep) char *cwd = path_cwd();

	return cwd ? git_find_root(mem, arena_strdup(mem, cwd)) : NULL;
}

const char *cfg_branch(struct arena *mem, const char *dir)
{
	return git_branch(mem, dir);
}

static void set_all_initial(struct merge *m, const struct cfg_options *o)
{
	const char *root = o->proj_root ? o->proj_root : cfg_proj_root(m->cfg->mem);

	set_initial(m, "proj_root", root);
	set_initial(m, "self_dir", m->cfg->dir);
	set_initial(m, "tool", o->tool);
	set_initial(m, "scratch_root", o->scratch_root);
	set_initial(m, "branch", o->branch ? o->branch : git_branch(m->cfg->mem, root));
	for (const char *const *p = o->initial; p && p[0] && p[1]; p += 2)
		set_initial(m, p[0], p[1]);
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The absolute path without "..": resolved by text if that names the same file, else by realpath()
 * because of a symbolic link. */
static const char *settle_path(struct arena *a, const char *path)
{
	const char *folded = path_absolute(a, path);
	_cleanup_(freep) char *real = NULL;

	if (is_same_file(folded, path) || !(real = realpath(path, NULL)))
		return folded;
	return arena_strdup(a, real);
}

static struct cfg *cfg_new(const char *path, struct cfg *parent, bool shares_doc)
{
	struct arena *mem = arena_new();
	struct cfg *c = arena_zalloc(mem, sizeof(*c));

	c->mem = mem;
	c->shares_doc = shares_doc;
	c->doc = shares_doc ? parent->doc : hjson_new();
	c->root = hjson_new_node(c->doc, HJSON_OBJECT, 0);
	c->path = settle_path(mem, path);
	c->dir = path_dir(mem, c->path);
	c->parent = parent;
	c->evals = parent ? parent->evals : evals_new();
	return c;
}

static struct cfg *cfg_load_file(struct cfg *c, const struct source *file,
				 const struct cfg_options *options, struct diags *diags)
{
	struct load l = {.cfg = c, .diags = diags};
	unsigned n_before = diags->n_errors;
	struct cfg_options own = *options;
	struct source first = *file;
	struct hjson_node *root = cfg_parse_file(&l, &first);

	merge_init(&l.merge, l.cfg, diags);
	if (!root || !own.begin || own.begin(own.begin_ctx, c, root, &own, diags) == 0) {
		l.is_tool_locked = own.tool != NULL;
		set_all_initial(&l.merge, &own);
		load_all(&l, &first, root);
	}
	merge_done(&l.merge);
	map_done(&l.seen);
	vec_done(&l.work);
	if (options->ret_eval_status)
		*options->ret_eval_status = l.cfg->eval_status;
	if (diags->n_errors == n_before)
		return l.cfg;
	cfg_free(l.cfg);
	return NULL;
}

struct cfg *cfg_load(const char *path, const struct cfg_options *options, struct diags *diags)
{
	struct cfg *c = cfg_new(path, options->parent, options->shares_doc);
	struct source first = {.path = c->path};

	c->text = options->text;
	first.shown = cfg_shown(c);
	return cfg_load_file(c, &first, options, diags);
}

struct cfg *cfg_load_inline(const struct hjson_node *object, const struct cfg_options *options,
			    struct diags *diags)
{
	struct cfg *parent = options->parent, *c;
	struct hjson_place place = hjson_where(parent->doc, object->pos);
	struct hjson_node *name = hjson_get(object, "name");
	struct source first = {0};

	if (!name || name->type != HJSON_STRING || name->n == 0) {
		struct diag *e = cfg_error(parent, diags, object,
					   "a configuration in a list needs a name of its own");

		diag_hint(e, "{ name: NAME, … }");
		return NULL;
	}
	c = cfg_new(parent->path, parent, false);
	c->dir = arena_strdup(c->mem, options->scratch_root);
	c->text = parent->text;
	first.path = c->path;
	first.shown = cfg_shown(c);
	first.from = place.offset;
	first.len = object->len;
	return cfg_load_file(c, &first, options, diags);
}

static struct cfg *parse_alone(struct cfg *c, const char *shown, const struct str *text,
			       bool holds_nul, struct diags *diags)
{
	struct parse_report r = {.cfg = c, .diags = diags};

	c->root = hjson_parse(c->doc, shown, text->s, text->len, config_load_on_hjson, &r);
	if (c->root && (holds_nul || nul_refuse(c, c->root, diags) == 0))
		return c;
	cfg_free(c);
	return NULL;
}

static struct cfg *parse_file(const char *path, bool holds_nul, struct diags *diags)
{
	struct cfg *c = cfg_new(path, NULL, false);
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};

	if (fs_read_file(path, HJSON_MAX_TEXT, &text, &err) == 0)
		return parse_alone(c, cfg_shown_path(c->mem, c->path), &text, holds_nul, diags);
	diag_from_error(diags, &err);
	cfg_free(c);
	return NULL;
}

struct cfg *cfg_parse(const char *path, struct diags *diags)
{
	return parse_file(path, false, diags);
}

struct cfg *cfg_parse_as_is(const char *path, const struct cfg_text *text, struct diags *diags)
{
	struct str borrowed = {0};

	if (!text)
		return parse_file(path, true, diags);
	borrowed = (struct str){.s = (char *)text->bytes, .len = text->n};
	return parse_alone(cfg_new(".", NULL, false), text->shown, &borrowed, true, diags);
}

struct cfg *cfg_parse_text(const char *shown, const char *text, size_t n, struct diags *diags)
{
	struct str borrowed = {.s = (char *)text, .len = n};

	return parse_alone(cfg_new(".", NULL, false), shown, &borrowed, false, diags);
}

void cfg_free(struct cfg *c)
{
	if (!c)
		return;
	map_done(&c->files);
	for (struct cfg *next, *child = c->children; child; child = next) {
		next = child->next;
		cfg_free(child);
	}
	if (!c->parent)
		evals_free(c->evals);
	if (!c->shares_doc)
		hjson_free(c->doc);
	map_done(&c->replaced);
	str_done(&c->room);
	arena_free(c->mem);
}

void cfg_keep(struct cfg *c, struct cfg *child)
{
	child->next = c->children;
	c->children = child;
}

void cfg_add_files(const struct cfg *c, struct map *to)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&c->files, &at)) != NULL)
		map_set(to, e->key, e->value);
	for (const struct cfg *child = c->children; child; child = child->next)
		cfg_add_files(child, to);
}
