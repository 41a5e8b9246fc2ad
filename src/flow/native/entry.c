/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/entry.h"

#include <string.h>

#include "flow/native/setting_objects.h"

const struct flow_key entry_keys[] = {
	{"name", "string", "required", "unique; becomes a directory; {words} of the sweep",
	 FLOW_KEY_JOB},
	{"command", "string", "this or argv",
	 "a command line; a shell runs it if it needs one; {words}", FLOW_KEY_JOB},
	{"argv", "list", "this or command", "program and arguments, no shell; {words}",
	 FLOW_KEY_JOB},
	{"needs", "strings", "none", "names or globs of jobs that must pass before; {words}",
	 FLOW_KEY_JOB},
	{"needs_any", "strings", "none",
	 "names or globs of jobs that must have ended, one of them passed; {words}", FLOW_KEY_JOB},
	{"sweep", "object or list", "none", "axes: one job for each combination of their values",
	 FLOW_KEY_JOB},
};
const size_t n_entry_keys = ARRAY_LEN(entry_keys);

/* Texts that entry_read() has read and entry_compile() compiles. Templates point to them. */
struct entry_texts {
	struct text name, target, cwd, seed, command, request;
	struct text_list argv, env, tags, needs, needs_any, input_files;
};

/* Words of a command: strings, and numbers as they are written. */
static struct text_list read_argv(struct load *l, struct cfg_fields *f)
{
	struct hjson_node *node = cfg_fields_node(f, "argv"), *e;
	struct text *list;
	uint32_t n = 0;

	if (!node)
		return (struct text_list){0};
	if (node->type != HJSON_ARRAY || node->n == 0) {
		diag_hint(cfg_error(l->cfg, l->diags, node,
				    "'argv' must be an array of the program and its arguments"),
			  "for a command line in one string use 'command'");
		return (struct text_list){0};
	}
	list = arena_array(l->mem, node->n, sizeof(*list));
	hjson_for_each (e, node) {
		const char *s = cfg_scalar_text(l->cfg, e);

		if (s)
			list[n++] = (struct text){s, e};
		else
			cfg_error(l->cfg, l->diags, e,
				  "a word of 'argv' must be a string or a "
				  "number");
	}
	if (n && !*list[0].s)
		cfg_error(l->cfg, l->diags, list[0].at, "the program in 'argv' is empty");
	return (struct text_list){list, n};
}

static struct text read_command(struct load *l, struct cfg_fields *f)
{
	struct text t = settings_text(f, "command", (struct text){0});

	if (t.s && t.s[strspn(t.s, " \t\n")] == '\0') {
		cfg_error(l->cfg, l->diags, t.at, "'command' must not be blank");
		t.s = NULL;
	}
	return t;
}

/* A job cannot have work for a device and a command: one of the two would silently not run. */
static void check_only_command(struct load *l, const struct entry *e, struct hjson_node *command)
{
	const struct settings *s = &e->settings;
	const char *word = hjson_key_cstr(cfg_doc(l->cfg), command);

	for (uint32_t i = 0; i < s->n_backend_keys; i++) {
		const struct backend_key *k = &s->backend_keys[i];
		const struct job_key *row = setting_job_key(l->job_keys, k->key);
		struct diag *d;

		if (!row || !row->is_work || strcmp(row->backend, k->backend) != 0)
			continue;
		d = diag_error(l->diags, k->pos, "a job has '%s' or '%s', not both", word, k->key);
		diag_note(d, cfg_pos(l->cfg, hjson_key_pos(cfg_doc(l->cfg), command)),
			  "'%s' is here", word);
		diag_hint(d,
			  "'%s' runs on a device; a command that needs devices sets their number "
			  "with 'devices'",
			  k->key);
	}
}

static void check_command(struct load *l, struct entry *e)
{
	struct hjson_node *command = hjson_get(e->node, "command");
	struct hjson_node *argv = hjson_get(e->node, "argv");

	if (command && argv)
		diag_note(cfg_key_error(l->cfg, l->diags, argv,
					"a job has 'command' or 'argv', not both"),
			  cfg_pos(l->cfg, hjson_key_pos(cfg_doc(l->cfg), command)),
			  "'command' is here");
	if (!command && !argv && !e->settings.n_backend_keys)
		cfg_error(l->cfg, l->diags, e->node, "a job needs 'command' or 'argv'");
	if (command || argv)
		check_only_command(l, e, command ? command : argv);
}

/* Does backend have keys of its own in a job? The others read the object under their name. */
static bool has_job_keys(const struct load *l, const char *backend)
{
	for (const struct job_key *k = l->job_keys; k && k->key; k++)
		if (strcmp(k->backend, backend) == 0)
			return true;
	return false;
}

/* All keys of such backends as one JSON object, in which {words} are not yet replaced. */
static struct text request_of(struct load *l, const struct entry *e)
{
	const struct settings *s = &e->settings;
	_cleanup_(str_done) struct str out = {0};

	for (uint32_t i = 0; i < s->n_backend_keys; i++)
		if (has_job_keys(l, s->backend_keys[i].backend))
			str_printf(&out, "%s\"%s\":%s", out.len ? "," : "{", s->backend_keys[i].key,
				   s->backend_keys[i].json);
	if (!out.len)
		return (struct text){0};
	str_addc(&out, '}');
	return (struct text){arena_strndup(l->mem, out.s, out.len), e->node};
}

static struct text read_name(struct load *l, struct cfg_fields *f, struct entry *e)
{
	struct text t = settings_text(f, "name", (struct text){0});

	e->pos = cfg_pos(l->cfg, t.at ? t.at->pos : e->node->pos);
	if (!hjson_get(e->node, "name"))
		cfg_error(l->cfg, l->diags, e->node, "a job needs a 'name'");
	return t;
}

/* The default target, a row of the status table: "test" for the name "test.{mode}.{seed}". */
static struct text stem_of(struct load *l, const struct text *name)
{
	static const char trimmed[] = "._- ";
	const char *s = name->s;
	size_t n = strcspn(s, "{");

	if (!text_is_line(s)) /* entry_compile() reports the name */
		return (struct text){"jobs", name->at};
	if (n == 0) { /* "{mode}.test": what comes after the words */
		const char *end = strrchr(s, '}');

		s = end ? end + 1 : s;
		s += strspn(s, trimmed);
		n = strlen(s);
	}
	while (n && strchr(trimmed, s[n - 1]))
		n--;
	return (struct text){n ? arena_strndup(l->mem, s, n) : "jobs", name->at};
}

/* Collects the texts of the settings after all keys are read. */
static void take_texts(struct load *l, struct entry *e, struct entry_texts *t)
{
	struct text *env = arena_array(l->mem, e->settings.n_env + 1u, sizeof(*env));

	t->request = request_of(l, e);
	t->tags = e->settings.tags;
	t->input_files = e->settings.input_files;
	t->cwd = e->settings.cwd;
	t->seed = e->settings.seed;
	t->target = e->settings.target;
	if (t->name.s && !t->target.s)
		t->target = stem_of(l, &t->name);
	e->must_be_seed = t->seed.s != NULL;
	if (!t->seed.s && sweep_find(&e->sweep, "seed", 4) >= 0)
		t->seed = (struct text){"{seed}", e->node};
	e->has_seed = t->seed.s != NULL;
	for (uint32_t i = 0; i < e->settings.n_env; i++)
		env[i] = e->settings.env[i].value;
	t->env = (struct text_list){env, e->settings.n_env};
}

static struct entry_texts *entry_texts_begin(struct load *l, struct hjson_node *node,
					     const struct settings *settings, struct entry *ret)
{
	struct entry_texts *t = arena_zalloc(l->mem, sizeof(*t));

	*ret = (struct entry){
		.load = l, .node = node, .settings = *settings, .sweep = {.n_jobs = 1}, .texts = t};
	return t;
}

void entry_read(struct load *l, struct hjson_node *node, const struct settings *defaults,
		struct entry *ret)
{
	struct entry_texts *t = entry_texts_begin(l, node, defaults, ret);
	struct cfg_fields *f = cfg_fields_new(l->cfg, node, "job", l->diags);
	unsigned n_before;

	if (!cfg_fields_object(f)) {
		cfg_fields_end(f);
		l->has_unknown_jobs = true;
		return;
	}
	n_before = l->diags->n_errors;
	t->name = read_name(l, f, ret);
	sweep_read(l, cfg_fields_node(f, "sweep"), &ret->sweep);
	l->has_unknown_jobs |= l->diags->n_errors > n_before;
	t->command = read_command(l, f);
	t->argv = read_argv(l, f);
	t->needs = settings_texts(f, "needs", (struct text_list){0});
	t->needs_any = settings_texts(f, "needs_any", (struct text_list){0});
	settings_read(l, f, &ret->settings);
	check_command(l, ret);
	cfg_fields_end(f);
	take_texts(l, ret, t);
}

void entry_read_named(struct load *l, struct cfg_fields *f, const struct text *name,
		      const struct settings *settings, struct entry *ret)
{
	struct hjson_node *node = cfg_fields_object(f);
	struct entry_texts *t = entry_texts_begin(l, node, settings, ret);

	/* A merged root has no position. */
	ret->pos = name->at->pos ? cfg_pos(l->cfg, name->at->pos) : cfg_start(l->cfg);
	t->name = *name;
	t->command = read_command(l, f);
	t->argv = read_argv(l, f);
	settings_read(l, f, &ret->settings);
	check_command(l, ret);
	take_texts(l, ret, t);
}

void entry_of_command(struct load *l, const struct text *command, const struct text *name,
		      const struct settings *settings, struct entry *ret)
{
	struct entry_texts *t = entry_texts_begin(l, command->at, settings, ret);

	ret->pos = cfg_pos(l->cfg, command->at->pos);
	t->name = *name;
	t->command = *command;
	take_texts(l, ret, t);
}

static void entry_compile_text(struct load *l, struct entry *e, const char *key,
			       const struct text *text, enum template_words allowed,
			       struct template *ret)
{
	if (text->s)
		word_template_compile(l, &e->sweep, key, text, allowed, ret);
}

static struct template_list compile_list(struct load *l, struct entry *e, const char *key,
					 const struct text_list *texts, enum template_words allowed)
{
	struct template *list = arena_array(l->mem, texts->n + 1u, sizeof(*list));

	for (uint32_t i = 0; i < texts->n; i++)
		word_template_compile(l, &e->sweep, key, &texts->at[i], allowed, &list[i]);
	return (struct template_list){list, texts->n};
}

void entry_compile(struct load *l, struct entry *e)
{
	const struct entry_texts *t = e->texts;
	unsigned n_before = l->diags->n_errors;

	entry_compile_text(l, e, "name", &t->name, WORDS_NONE, &e->name);
	l->has_unknown_jobs |= l->diags->n_errors > n_before;
	entry_compile_text(l, e, "target", &t->target, WORDS_NAME, &e->target);
	entry_compile_text(l, e, "cwd", &t->cwd, WORDS_NAME | WORDS_DIRS, &e->cwd);
	entry_compile_text(l, e, "seed", &t->seed, WORDS_NAME, &e->seed);
	entry_compile_text(l, e, "command", &t->command, WORDS_ALL, &e->command);
	entry_compile_text(l, e, "request", &t->request, WORDS_ALL | WORDS_IN_JSON, &e->request);
	e->argv = compile_list(l, e, "argv", &t->argv, WORDS_ALL);
	e->env = compile_list(l, e, "env", &t->env, WORDS_ALL);
	e->tags = compile_list(l, e, "tags", &t->tags, WORDS_NAME);
	e->input_files = compile_list(l, e, "inputs", &t->input_files, WORDS_NAME | WORDS_DIRS);
	e->needs = compile_list(l, e, "needs", &t->needs, WORDS_NAME);
	e->needs_any = compile_list(l, e, "needs_any", &t->needs_any, WORDS_NAME);
}
