/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the file of a case: its compile jobs and its run, on HEAD and on the pin. */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "flow/cases/cases.h"
#include "flow/native/setting_objects.h"

/* ---- the file ---- */

static const char *root_text(const struct cfg *c, const char *key)
{
	struct hjson_node *node = hjson_get(cfg_root(c), key);

	return node && node->type == HJSON_STRING ? hjson_cstr(cfg_doc(c), node) : NULL;
}

static bool cases_read_load_file(struct cases *b, struct found_case *c, const char *file)
{
	struct load *l = b->load;
	const struct cfg_options options = {
		.parent = l->cfg,
		.shares_doc = true,
		.proj_root = root_text(l->cfg, "proj_root"),
		.branch = root_text(l->cfg, "branch"),
	};

	c->cfg = cfg_load(path_join(l->mem, c->dir, file), &options, l->diags);
	if (!c->cfg)
		return false;
	cfg_keep(l->cfg, c->cfg);
	return cfg_override(c->cfg, l->diags) == 0;
}

/* at NULL: the file as a whole. */
static struct src_pos cases_read_place(const struct found_case *c, const struct hjson_node *at)
{
	return at ? cfg_pos(c->cfg, at->pos) : cfg_start(c->cfg);
}

static struct diag *cases_read_refuse(struct cases *b, const struct found_case *c,
				      struct hjson_node *at, const char *what)
{
	return at ? cfg_error(c->cfg, b->load->diags, at, "%s", what)
		  : diag_error(b->load->diags, cfg_start(c->cfg), "%s", what);
}

/* ---- its runtime and its name ---- */

static struct case_runtime *find_runtime(struct cases *b, const char *name)
{
	for (size_t i = 0; i < b->n_runtimes; i++)
		if (strcmp(b->runtimes[i].name, name) == 0)
			return &b->runtimes[i];
	return NULL;
}

static void refuse_runtime(struct cases *b, const struct found_case *c, const char *name,
			   struct hjson_node *at)
{
	const char **names = arena_array(b->load->mem, b->n_runtimes + 1, sizeof(*names));
	struct diag *e;
	const char *near;

	for (size_t i = 0; i < b->n_runtimes; i++)
		names[i] = b->runtimes[i].name;
	near = str_suggest(name, names, b->n_runtimes);
	e = cases_read_refuse(
		b, c, at,
		arena_printf(
			b->load->mem,
			"the case '%s' is for the runtime '%s', which 'runtimes' does not have",
			path_base(c->dir), name));
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	else if (!at)
		diag_hint(e,
			  "that is the name of the directory above the case; 'runtime' in the file "
			  "overrides it");
}

/* Without the key `runtimes`, a runtime exists as soon as a case names it. */
static struct case_runtime *add_runtime(struct cases *b, const char *name, struct hjson_node *at)
{
	struct case_runtime *r = &b->runtimes[b->n_runtimes++];

	*r = (struct case_runtime){
		.name = name, .node = at, .settings = b->defaults, .build = NO_ENTRY, .dir = ""};
	if (!r->settings.target.s)
		r->settings.target = (struct text){name, at};
	return r;
}

/* Takes the key `runtime` out of the case: set_runtime_keys() passes it to the backend, but not for
 * a command. */
static bool cases_read_runtime(struct cases *b, struct found_case *c, struct hjson_node **ret_at)
{
	struct hjson_node *node = hjson_get(cfg_root(c->cfg), "runtime");
	const char *name = node ? cfg_scalar_text(c->cfg, node)
				: path_base(path_dir(b->load->mem, c->dir));

	*ret_at = node;
	if (!name || !cases_name_is_plain(name)) {
		cases_read_refuse(
			b, c, node,
			arena_printf(b->load->mem, "'%s' cannot be the name of a runtime",
				     name ? text_printable(b->load->mem, name) : "runtime"));
		return false;
	}
	hjson_remove(cfg_root(c->cfg), "runtime");
	c->runtime = find_runtime(b, name);
	if (!c->runtime && b->has_runtimes)
		refuse_runtime(b, c, name, node);
	else if (!c->runtime)
		c->runtime = add_runtime(b, name, node ? node : cfg_root(c->cfg));
	return c->runtime != NULL;
}

static const char *case_name_fit(struct arena *mem, const char *name)
{
	char *s = arena_strdup(mem, name);

	for (char *p = s; *p; p++) {
		const char one[2] = {*p == '.' ? '_' : *p, '\0'};

		if (!cases_name_is_plain(one) || (*p == '.' && p == s))
			*p = '_';
	}
	return s;
}

static void cases_read_name(struct cases *b, struct found_case *c)
{
	struct hjson_node *node = hjson_get(cfg_root(c->cfg), "name");

	c->at = node;
	c->name = path_base(c->dir);
	if (node && node->type == HJSON_STRING && node->n)
		c->name = hjson_cstr(cfg_doc(c->cfg), node);
	else if (node)
		cfg_error(c->cfg, b->load->diags, node, "'name' must be a string, not empty");
	c->name = case_name_fit(b->load->mem, c->name);
	c->id = arena_printf(b->load->mem, "%s.%s", c->runtime->name, c->name);
}

static bool is_first_of_its_name(struct cases *b, const struct found_case *c, struct map *by_id)
{
	const struct found_case *twin = map_set(by_id, c->id, (void *)(uintptr_t)c);
	struct diag *e;

	if (!twin)
		return true;
	map_set(by_id, twin->id, (void *)(uintptr_t)twin);
	e = cases_read_refuse(
		b, c, c->at,
		arena_printf(b->load->mem, "case '%s' is defined more than once", c->id));
	diag_note(e, cases_read_place(twin, twin->at), "the first is here");
	diag_hint(e, "give one of them another 'name'");
	return false;
}

/* ---- its words ---- */

static void cases_read_copy_words(struct vars *to, const struct vars *from)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&from->values, &at)) != NULL)
		map_set(&to->values, e->key, e->value);
}

static void set_words(struct cases *b, struct found_case *c, int side)
{
	struct load *l = &c->loads[side];

	*l = (struct load){
		.cfg = c->cfg,
		.diags = b->load->diags,
		.mem = b->load->mem,
		.backends = b->load->backends,
		.roster = b->load->roster,
		.job_keys = b->load->job_keys,
	};
	c->outs[side] = arena_printf(l->mem, "%s/out/%s/%s", b->scratch_path, c->id,
				     side == ON_PIN ? "pin" : "head");
	cases_read_copy_words(&l->vars, &b->load->vars);
	vars_set(&l->vars, "case", c->name);
	vars_set(&l->vars, "case_dir", c->dir);
	vars_set(&l->vars, "runtime", c->runtime->name);
	vars_set(&l->vars, "runtime_dir", c->runtime->dir);
	vars_set(&l->vars, "out", c->outs[side]);
	for (size_t i = 0; i < b->n_pins; i++)
		vars_set(&l->vars, b->pins[i].word, b->pins[i].dirs[side]);
}

/* ---- its jobs ---- */

static const char *compile_name(struct cases *b, const struct found_case *c, size_t n, size_t of)
{
	return of == 1 ? arena_printf(b->load->mem, "%s.compile", c->id)
		       : arena_printf(b->load->mem, "%s.compile-%zu", c->id, n + 1);
}

static void read_compile(struct cases *b, struct found_case *c, struct hjson_node *node, size_t of)
{
	const char *name = compile_name(b, c, c->n_compiles, of);
	struct settings s = b->builds;
	struct entry e;

	if (!s.target.s)
		s.target = (struct text){"compile", node};
	cases_read_build(&c->loads[ON_HEAD], node, name, &s, &e);
	c->first_compile = c->n_compiles ? c->first_compile : b->entries.n;
	entries_add(&b->entries, &e);
	if (cases_have_pin(b))
		cases_read_build(&c->loads[ON_PIN], node, name, &s,
				 &c->pin_compiles[c->n_compiles]);
	c->n_compiles++;
}

static void read_compiles(struct cases *b, struct found_case *c, struct hjson_node *node)
{
	struct hjson_node *one;

	if (!node)
		return;
	c->pin_compiles = arena_array(b->load->mem, node->type == HJSON_ARRAY ? node->n + 1u : 1u,
				      sizeof(*c->pin_compiles));
	if (node->type != HJSON_ARRAY) {
		read_compile(b, c, node, 1);
		return;
	}
	hjson_for_each (one, node)
		read_compile(b, c, one, node->n);
}

static struct backend_key runtime_key(struct cases *b, const struct found_case *c,
				      const struct hjson_node *at, const char *backend)
{
	return (struct backend_key){
		.backend = backend,
		.key = "runtime",
		.value = c->runtime->name,
		.json = arena_printf(b->load->mem, "\"%s\"", c->runtime->name),
		.pos = cases_read_place(c, at),
	};
}

/* The backend type that reads the key `runtime` of jobs; the default of cases without a command.
 * NULL: none. */
static const char *backend_of_runtimes(const struct cases *b)
{
	const struct job_key *key = setting_job_key(b->load->job_keys, "runtime");

	return key ? key->backend : NULL;
}

/* A case on a device gets the runtime's keys and `runtime`. A command gets neither `runtime` nor
 * `options`. */
static void set_runtime_keys(struct cases *b, struct found_case *c, const struct hjson_node *at,
			     struct settings *s)
{
	const char *backend = backend_of_runtimes(b);
	bool is_command = !backend || hjson_get(cfg_root(c->cfg), "command") ||
			  hjson_get(cfg_root(c->cfg), "argv");
	struct backend_key *keys = arena_array(b->load->mem, s->n_backend_keys + 1u, sizeof(*keys));
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_backend_keys; i++)
		if (!is_command || strcmp(s->backend_keys[i].key, "options") != 0)
			keys[n++] = s->backend_keys[i];
	if (!is_command)
		keys[n++] = runtime_key(b, c, at, backend);
	if (!is_command && !s->backend.s)
		settings_set_backend(b->load, (struct text){backend, cfg_root(c->cfg)}, s);
	s->backend_keys = keys;
	s->n_backend_keys = n;
}

static void cases_read_run(struct cases *b, struct found_case *c, const struct settings *settings,
			   int side, struct entry *ret)
{
	struct load *l = &c->loads[side];
	struct cfg_fields *f = cfg_fields_new(c->cfg, cfg_root(c->cfg), "case", b->load->diags);
	const struct text name = {c->id, c->at ? c->at : cfg_root(c->cfg)};

	cfg_fields_allow(f, "name");
	cfg_fields_allow(f, "compile");
	cfg_fields_allow(f, "overrides");
	entry_read_named(l, f, &name, settings, ret);
	cfg_fields_end(f);
}

static void cases_read_jobs(struct cases *b, struct found_case *c,
			    const struct hjson_node *runtime_at)
{
	struct settings s = c->runtime->settings;
	struct entry e;

	set_runtime_keys(b, c, runtime_at, &s);
	read_compiles(b, c, hjson_get(cfg_root(c->cfg), "compile"));
	cases_read_run(b, c, &s, ON_HEAD, &e);
	c->run = entries_add(&b->entries, &e);
	if (!cases_have_pin(b))
		return;
	c->pin_run = arena_zalloc(b->load->mem, sizeof(*c->pin_run));
	cases_read_run(b, c, &s, ON_PIN, c->pin_run);
}

static bool read_case(struct cases *b, struct found_case *c, const char *file, struct map *by_id)
{
	struct hjson_node *runtime_at;

	if (!cases_read_load_file(b, c, file) || !cases_read_runtime(b, c, &runtime_at))
		return false;
	cases_read_name(b, c);
	if (!is_first_of_its_name(b, c, by_id))
		return false;
	for (int side = 0; side < N_SIDES; side++)
		set_words(b, c, side);
	if (c->runtime->to_build && c->runtime->build == NO_ENTRY)
		c->runtime->build = entries_add(&b->entries, c->runtime->to_build);
	cases_read_jobs(b, c, runtime_at);
	return true;
}

/* Room for one more runtime per case. */
static void cases_read_make_room(struct cases *b, size_t n_cases)
{
	struct case_runtime *all = arena_array(b->load->mem, b->n_runtimes + n_cases, sizeof(*all));

	if (b->n_runtimes)
		memcpy(all, b->runtimes, b->n_runtimes * sizeof(*all));
	b->runtimes = all;
}

void cases_read_all(struct cases *b, const struct case_places *places)
{
	struct map by_id = {0};

	cases_read_make_room(b, places->n);
	b->cases = arena_array(b->load->mem, places->n, sizeof(*b->cases));
	for (size_t i = 0; i < places->n; i++) {
		struct found_case *c = &b->cases[b->n_cases];

		*c = (struct found_case){.dir = places->at[i].dir, .run = NO_ENTRY};
		b->n_cases += read_case(b, c, places->at[i].file, &by_id);
	}
	map_done(&by_id);
}

void cases_done(struct cases *b)
{
	for (size_t i = 0; i < b->n_cases; i++)
		for (int side = 0; side < N_SIDES; side++)
			map_done(&b->cases[i].loads[side].vars.values);
	free(b->entries.at);
}
