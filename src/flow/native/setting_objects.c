/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/setting_objects.h"

#include <string.h>

#include "flow/native/words/words.h"
#include "job/resource_units.h"

static struct arena *mem_of(const struct cfg_fields *f)
{
	return cfg_mem(cfg_fields_cfg(f));
}

/* "env.HOME": the path of a member, for messages. */
static const char *member_path(const struct cfg_fields *f, const char *key, const char *member)
{
	return arena_printf(mem_of(f), "%s.%s", key, text_printable(mem_of(f), member));
}

/* A number, or {max, on, backoff, reuse}. */
void setting_read_retries(struct cfg_fields *f, const char *key, struct settings *s)
{
	static const char *const on[] = {[RETRY_ANY] = "any",
					 [RETRY_INFRA] = "infra",
					 [RETRY_JOB] = "job",
					 [RETRY_TIMEOUT] = "timeout",
					 NULL};
	struct hjson_node *node = cfg_fields_node(f, key);
	struct retry_rules r = {0};
	struct cfg_fields *inner;

	if (!node)
		return;
	if (node->type != HJSON_OBJECT) {
		r.max = (uint32_t)cfg_fields_int(f, key, 0, FLOW_MOST_RETRIES, 0);
		s->retry = r;
		return;
	}
	inner = cfg_fields_new(cfg_fields_cfg(f), node, key, cfg_fields_diags(f));
	r.max = (uint32_t)cfg_fields_int(inner, "max", 0, FLOW_MOST_RETRIES, 1);
	r.on = (enum retry_on)cfg_fields_word(inner, "on", on, RETRY_ANY);
	r.backoff_s = cfg_fields_duration(inner, "backoff", 0);
	r.reuse = cfg_fields_bool(inner, "reuse", false);
	cfg_fields_end(inner);
	s->retry = r;
}

static bool is_resource_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n && !s[n] && (*s < '0' || *s > '9');
}

static const char *resource_name(struct cfg_fields *f, struct hjson_node *m)
{
	struct cfg *c = cfg_fields_cfg(f);
	const char *name = hjson_key_cstr(cfg_doc(c), m);

	if (!is_resource_name(name))
		diag_hint(cfg_key_error(c, cfg_fields_diags(f), m,
					"'%s' cannot be the name of a resource",
					text_printable(cfg_mem(c), name)),
			  "names are upper case: VCS, GPU_MEM");
	return name;
}

static void read_resource(struct cfg_fields *f, struct hjson_node *m, uint32_t least,
			  struct resource_need *ret)
{
	struct cfg *c = cfg_fields_cfg(f);

	ret->name = resource_name(f, m);
	ret->pos = cfg_pos(c, m->pos);
	if (m->type == HJSON_INT && !m->big && m->i >= least && m->i < UINT32_MAX)
		ret->count = (uint32_t)m->i;
	else
		cfg_error(c, cfg_fields_diags(f), m,
			  "resource '%s' must be a whole number of at least %u",
			  text_printable(cfg_mem(c), ret->name), least);
}

/* `{VCS: 4}`: names in upper case with counts of at least least. */
static const struct resource_need *settings_resources(struct cfg_fields *f, const char *key,
						      uint32_t least, uint32_t *ret_n)
{
	struct hjson_node *node = cfg_fields_node(f, key), *m;
	struct resource_need *list;
	uint32_t n = 0;

	*ret_n = 0;
	if (!node)
		return NULL;
	if (node->type != HJSON_OBJECT) {
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), node,
			  "'%s' must be an object of names and numbers, such as { VCS: 1 }", key);
		return NULL;
	}
	list = arena_array(mem_of(f), node->n + 1u, sizeof(*list));
	hjson_for_each (m, node)
		if (!m->shadowed)
			read_resource(f, m, least, &list[n++]);
	*ret_n = n;
	return list;
}

/* After an error the resource has no limit, so that no job gets an error because of it. */
static void read_limit(struct load *l, struct cfg_fields *f, struct hjson_node *m,
		       struct resource_limit *ret)
{
	struct resource_need need = {.count = RESOURCE_UNLIMITED};
	const char *text, *why;

	if (m->type != HJSON_STRING) {
		read_resource(f, m, 0, &need);
		*ret = (struct resource_limit){.name = need.name, .count = need.count};
		return;
	}
	ret->name = resource_name(f, m);
	text = words_text(l, ret->name, &(struct text){hjson_cstr(cfg_doc(l->cfg), m), m});
	why = resource_units_parse(l->mem, text, &ret->units, &ret->count);
	if (why) {
		ret->count = RESOURCE_UNLIMITED;
		diag_hint(cfg_error(l->cfg, l->diags, m,
				    "resource '%s' must be a number of units, or their numbers: %s",
				    text_printable(l->mem, ret->name), text_printable(l->mem, why)),
			  "like 4, or \"60000-60015\"; each number once, %d at most",
			  RESOURCE_UNITS_MOST);
	}
}

const struct resource_limit *settings_limits(struct load *l, struct cfg_fields *f, const char *key,
					     uint32_t *ret_n)
{
	struct hjson_node *node = cfg_fields_node(f, key), *m;
	struct resource_limit *list;

	*ret_n = 0;
	if (!node)
		return NULL;
	if (node->type != HJSON_OBJECT) {
		cfg_error(l->cfg, l->diags, node,
			  "'%s' must be an object of names and numbers, such as { VCS: 1 }", key);
		return NULL;
	}
	list = arena_array(l->mem, node->n + 1u, sizeof(*list));
	hjson_for_each (m, node)
		if (!m->shadowed)
			read_limit(l, f, m, &list[(*ret_n)++]);
	return list;
}

void setting_read_resources(struct cfg_fields *f, const char *key, struct settings *s)
{
	if (hjson_get(cfg_fields_object(f), key))
		s->resources = settings_resources(f, key, 1, &s->n_resources);
	else
		cfg_fields_allow(f, key);
}

static void set_env(struct cfg_fields *f, const char *key, struct hjson_node *m,
		    struct env_setting *list, uint32_t *n)
{
	struct cfg *c = cfg_fields_cfg(f);
	const char *name = hjson_key_cstr(cfg_doc(c), m);
	struct text value = {cfg_scalar_text(c, m), m};
	uint32_t i = 0;

	if (!*name || strchr(name, '=') || !text_is_clean(name) || strpbrk(name, " \t\n")) {
		cfg_key_error(c, cfg_fields_diags(f), m,
			      "'%s' cannot be the name of an environment variable",
			      text_printable(cfg_mem(c), name));
		return;
	}
	if (!value.s) {
		cfg_error(c, cfg_fields_diags(f), m, "'%s' must be a string or a number",
			  member_path(f, key, name));
		return;
	}
	while (i < *n && strcmp(list[i].name, name) != 0)
		i++;
	list[i] = (struct env_setting){name, value};
	*n += i == *n;
}

/* Merges: a job's value replaces that of the same name in `defaults`; the others stay. */
void setting_read_env(struct cfg_fields *f, const char *key, struct settings *s)
{
	struct hjson_node *node = cfg_fields_node(f, key), *m;
	struct env_setting *list;

	if (!node)
		return;
	if (node->type != HJSON_OBJECT) {
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), node,
			  "'%s' must be an object of names and values", key);
		return;
	}
	list = arena_array(mem_of(f), s->n_env + node->n + 1u, sizeof(*list));
	if (s->n_env)
		memcpy(list, s->env, s->n_env * sizeof(*list));
	hjson_for_each (m, node)
		if (!m->shadowed)
			set_env(f, key, m, list, &s->n_env);
	s->env = list;
}

static void set_backend_key(struct cfg *c, const char *backend, struct hjson_node *m,
			    struct backend_key *list, uint32_t *n)
{
	const char *value = cfg_scalar_text(c, m);
	struct backend_key k = {
		.backend = backend,
		.key = hjson_key_cstr(cfg_doc(c), m),
		.json = cfg_json(c, m),
		.pos = cfg_pos(c, m->pos),
	};
	uint32_t i = 0;

	k.value = value ? value : k.json;
	while (i < *n && (strcmp(list[i].backend, backend) != 0 || strcmp(list[i].key, k.key) != 0))
		i++;
	list[i] = k;
	*n += i == *n;
}

/* A copy of the keys in s, with room for n_more: jobs share the array of `defaults`. */
static struct backend_key *copy_keys(struct cfg_fields *f, const struct settings *s,
				     uint32_t n_more)
{
	struct backend_key *list = arena_array(mem_of(f), s->n_backend_keys + n_more + 1u,
					       sizeof(*list));

	if (s->n_backend_keys)
		memcpy(list, s->backend_keys, s->n_backend_keys * sizeof(*list));
	return list;
}

/* `fake: { outcome: fail }`. Merges as env does. */
void setting_read_backend_keys(struct cfg_fields *f, struct hjson_node *node, const char *backend,
			       struct settings *s)
{
	struct backend_key *list;
	struct hjson_node *m;

	cfg_fields_allow(f, backend);
	if (node->type != HJSON_OBJECT) {
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), node, "'%s' must be an object",
			  backend);
		return;
	}
	list = copy_keys(f, s, node->n);
	hjson_for_each (m, node)
		if (!m->shadowed)
			set_backend_key(cfg_fields_cfg(f), backend, m, list, &s->n_backend_keys);
	s->backend_keys = list;
}

const struct job_key *setting_job_key(const struct job_key *keys, const char *key)
{
	for (const struct job_key *k = keys; k && k->key; k++)
		if (strcmp(k->key, key) == 0)
			return k;
	return NULL;
}

void setting_read_backend_key(struct cfg_fields *f, struct hjson_node *node, const char *backend,
			      struct settings *s)
{
	struct backend_key *list = copy_keys(f, s, 1);

	cfg_fields_allow(f, hjson_key_cstr(cfg_doc(cfg_fields_cfg(f)), node));
	set_backend_key(cfg_fields_cfg(f), backend, node, list, &s->n_backend_keys);
	s->backend_keys = list;
}
