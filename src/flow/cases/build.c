/* SPDX-License-Identifier: Apache-2.0 */
/* Builds that cases need: runtimes, and dependencies at HEAD and at the pin. */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/vec.h"
#include "flow/cases/cases.h"

size_t entries_add(struct entry_list *l, const struct entry *e)
{
	vec_push(l, *e);
	return l->n - 1;
}

bool cases_name_is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";

	return *name && *name != '.' && strlen(name) <= 128 && name[strspn(name, plain)] == '\0';
}

const char *cases_text(struct load *l, const char *key, const char *s, struct hjson_node *at)
{
	static const struct sweep no_sweep = {.n_jobs = 1};
	const char *values[VALUE_FIRST_AXIS] = {"", "", "", ""};
	struct text *text = arena_memdup(l->mem, &(struct text){s, at}, sizeof(*text));
	_cleanup_(str_done) struct str out = {0};
	struct template t;

	word_template_compile(l, &no_sweep, key, text, WORDS_NONE, &t);
	template_render(&t, values, &out);
	return arena_strndup(l->mem, out.s, out.len);
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t\n")] == '\0';
}

void cases_read_build(struct load *l, struct hjson_node *node, const char *name,
		      const struct settings *settings, struct entry *ret)
{
	const struct text own_name = {name, node};
	struct cfg_fields *f;

	if (node->type == HJSON_STRING) {
		struct text command = {hjson_cstr(cfg_doc(l->cfg), node), node};

		if (is_blank(command.s))
			cfg_error(l->cfg, l->diags, node, "a command must not be blank");
		entry_of_command(l, &command, &own_name, settings, ret);
		return;
	}
	if (node->type != HJSON_OBJECT)
		cfg_error(l->cfg, l->diags, node,
			  "a build must be a command line, or an object with 'command' or 'argv'");
	f = cfg_fields_new(l->cfg, node->type == HJSON_OBJECT ? node : NULL, "build", l->diags);
	cfg_fields_allow(f, "dir");
	if (cfg_fields_object(f))
		entry_read_named(l, f, &own_name, settings, ret);
	cfg_fields_end(f);
}

static const char *refuse_name(struct cases *b, struct hjson_node *member, const char *what)
{
	const char *name = hjson_key_cstr(cfg_doc(b->load->cfg), member);

	if (cases_name_is_plain(name))
		return name;
	diag_hint(cfg_key_error(b->load->cfg, b->load->diags, member,
				"'%s' cannot be the name of %s", text_printable(b->load->mem, name),
				what),
		  "use letters, digits and _ . + -");
	return NULL;
}

static bool is_object(struct cases *b, struct hjson_node *node, const char *key)
{
	if (node && node->type != HJSON_OBJECT)
		cfg_error(b->load->cfg, b->load->diags, node, "'%s' must be an object", key);
	return node && node->type == HJSON_OBJECT;
}

static struct settings build_settings(struct cases *b, struct hjson_node *at)
{
	struct settings s = b->builds;

	if (!s.target.s)
		s.target = (struct text){"build", at};
	return s;
}

/* Where the result of the build is: `dir`, or else the directory of the job. */
static const char *dir_of(struct cases *b, struct hjson_node *node, const char *job)
{
	struct load *l = b->load;
	struct hjson_node *dir = node->type == HJSON_OBJECT ? hjson_get(node, "dir") : NULL;
	const char *own = path_join(l->mem, b->scratch_path, job);

	if (!dir)
		return own;
	if (dir->type != HJSON_STRING) {
		cfg_error(l->cfg, l->diags, dir, "'dir' must be a string");
		return own;
	}
	return path_normalise(
		l->mem, path_join(l->mem, cfg_dir(l->cfg),
				  cases_text(l, "dir", hjson_cstr(cfg_doc(l->cfg), dir), dir)));
}

/* ---- runtimes ---- */

static void read_runtime(struct cases *b, struct hjson_node *m)
{
	struct case_runtime *r = &b->runtimes[b->n_runtimes];
	struct load *l = b->load;
	struct hjson_node *build;
	struct cfg_fields *f;
	const char *job;

	*r = (struct case_runtime){.node = m, .settings = b->defaults, .build = NO_ENTRY};
	r->name = refuse_name(b, m, "a runtime");
	if (!r->name)
		return;
	b->n_runtimes++;
	job = arena_printf(l->mem, "runtime.%s", r->name);
	r->dir = dir_of(b, m, job);
	f = cfg_fields_new(l->cfg, m, arena_printf(l->mem, "runtimes.%s", r->name), l->diags);
	cfg_fields_allow(f, "dir");
	build = cfg_fields_node(f, "build");
	if (cfg_fields_object(f))
		settings_read(l, f, &r->settings);
	cfg_fields_end(f);
	if (!r->settings.target.s)
		r->settings.target = (struct text){r->name, m};
	if (build) {
		const struct settings s = build_settings(b, build);

		r->to_build = arena_zalloc(l->mem, sizeof(*r->to_build));
		cases_read_build(l, build, job, &s, r->to_build);
	}
}

void cases_read_runtimes(struct cases *b, struct hjson_node *node)
{
	struct hjson_node *m;

	if (!is_object(b, node, "runtimes"))
		return;
	b->has_runtimes = true;
	b->runtimes = arena_array(b->load->mem, node->n + 1u, sizeof(*b->runtimes));
	hjson_for_each (m, node)
		if (!m->shadowed)
			read_runtime(b, m);
}

/* ---- pinned dependencies ---- */

/* "pto-isa" -> {pto_isa} */
static const char *word_of(struct cases *b, const char *name)
{
	char *word = arena_strdup(b->load->mem, name);

	for (char *c = word; *c; c++)
		if (!text_is_word(c, 1) && !(*c >= '0' && *c <= '9' && c > word))
			*c = '_';
	return word;
}

/* { dir: "…" }: the directory exists, and there is nothing to build. */
static bool is_only_dir(const struct hjson_node *node)
{
	return node->type == HJSON_OBJECT && node->n == 1 && hjson_get(node, "dir");
}

static void read_side(struct cases *b, struct case_pin *p, struct hjson_node *node, int side)
{
	const char *job = arena_printf(b->load->mem, "%s.%s", p->name,
				       side == ON_PIN ? "pin" : "head");
	const struct settings s = build_settings(b, node);
	struct entry e;

	p->dirs[side] = dir_of(b, node, job);
	if (is_only_dir(node))
		return;
	cases_read_build(b->load, node, job, &s, &e);
	p->builds[side] = entries_add(&b->entries, &e);
}

/* Is the pin used? Always without the key `commit`; not if the commit is empty (-D commit=). */
static bool has_commit(struct cases *b, struct cfg_fields *f)
{
	struct hjson_node *commit = cfg_fields_node(f, "commit");
	const char *s;

	if (!commit)
		return true;
	s = cfg_scalar_text(b->load->cfg, commit);
	if (s)
		return *cases_text(b->load, "commit", s, commit) != '\0';
	cfg_error(b->load->cfg, b->load->diags, commit, "'commit' must be a string");
	return false;
}

static void read_pin(struct cases *b, struct hjson_node *m)
{
	struct case_pin *p = &b->pins[b->n_pins];
	struct hjson_node *head, *pin;
	struct cfg_fields *f;

	*p = (struct case_pin){.builds = {NO_ENTRY, NO_ENTRY}};
	p->name = refuse_name(b, m, "a pinned dependency");
	if (!p->name)
		return;
	b->n_pins++;
	p->word = word_of(b, p->name);
	f = cfg_fields_new(b->load->cfg, m, arena_printf(b->load->mem, "pins.%s", p->name),
			   b->load->diags);
	head = cfg_fields_node(f, "head");
	pin = cfg_fields_node(f, "pin");
	p->has_pin = has_commit(b, f) && pin;
	if (cfg_fields_object(f) && !head)
		cfg_error(b->load->cfg, b->load->diags, m, "'%s' needs a 'head'", p->name);
	if (head)
		read_side(b, p, head, ON_HEAD);
	if (p->has_pin)
		read_side(b, p, pin, ON_PIN);
	else
		p->dirs[ON_PIN] = p->dirs[ON_HEAD];
	cfg_fields_end(f);
}

void cases_read_pins(struct cases *b, struct hjson_node *node)
{
	struct hjson_node *m;

	if (!is_object(b, node, "pins"))
		return;
	b->pins = arena_array(b->load->mem, node->n + 1u, sizeof(*b->pins));
	hjson_for_each (m, node)
		if (!m->shadowed)
			read_pin(b, m);
}
