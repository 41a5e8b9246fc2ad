/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/rules.h"

#include <string.h>

#include "base/fs.h"

static struct pattern_list copy_patterns(struct load *l, struct arena *mem,
					 const struct text_list *texts)
{
	struct pattern *list = arena_array(mem, texts->n, sizeof(*list));

	for (uint32_t i = 0; i < texts->n; i++) {
		list[i].text = arena_strdup(mem, texts->at[i].s);
		list[i].pos = cfg_pos(l->cfg, texts->at[i].at->pos);
	}
	return (struct pattern_list){list, texts->n};
}

static const char *const *copy_strings(struct arena *mem, const struct text_list *texts)
{
	const char **list = arena_array(mem, texts->n + 1u, sizeof(*list));

	for (uint32_t i = 0; i < texts->n; i++)
		list[i] = arena_strdup(mem, texts->at[i].s);
	return list;
}

static const struct resource_need *copy_resources(struct arena *mem,
						  const struct resource_need *from, uint32_t n)
{
	struct resource_need *list = arena_array(mem, n, sizeof(*list));

	for (uint32_t i = 0; i < n; i++) {
		list[i] = from[i];
		list[i].name = arena_strdup(mem, from[i].name);
	}
	return list;
}

static const struct backend_key *copy_backend_keys(struct arena *mem, const struct settings *s)
{
	struct backend_key *list = arena_array(mem, s->n_backend_keys, sizeof(*list));

	for (uint32_t i = 0; i < s->n_backend_keys; i++) {
		list[i] = s->backend_keys[i];
		list[i].backend = arena_strdup(mem, list[i].backend);
		list[i].key = arena_strdup(mem, list[i].key);
		list[i].value = arena_strdup(mem, list[i].value);
		list[i].json = arena_strdup(mem, list[i].json);
	}
	return list;
}

void rules_init(struct rules_maker *m, struct load *l, struct arena *plan_mem,
		const struct entry *e)
{
	const struct settings *s = &e->settings;

	*m = (struct rules_maker){.load = l, .mem = plan_mem, .entry = e};
	m->is_one = e->target.same && (!e->cwd.text || e->cwd.same) &&
		    template_list_is_same(&e->env) && template_list_is_same(&e->tags) &&
		    template_list_is_same(&e->input_files);
	m->same = (struct job_rules){
		.backend = arena_strdup_or_null(plan_mem, s->backend.s),
		.backend_no = s->backend_no,
		.pass_patterns = copy_patterns(l, plan_mem, &s->pass_patterns),
		.fail_patterns = copy_patterns(l, plan_mem, &s->fail_patterns),
		.resources = copy_resources(plan_mem, s->resources, s->n_resources),
		.keep = copy_strings(plan_mem, &s->keep),
		.backend_keys = copy_backend_keys(plan_mem, s),
		.n_resources = s->n_resources,
		.n_backend_keys = s->n_backend_keys,
		.retry = s->retry,
		.timeout_s = s->timeout_s,
		.grace_s = s->grace_s,
		.max_log_bytes = s->max_log_bytes,
		.limits = tree_limits_any(&s->limits)
				  ? arena_memdup(plan_mem, &s->limits, sizeof(s->limits))
				  : NULL,
		.weight = s->weight,
		.cpus = s->cpus,
		.leak = s->leak,
		.is_command = e->command.text && !e->argv.n,
		.is_finally = s->is_finally,
		.renew_odir = s->renew,
		.max_odirs = s->max_odirs,
		.dump_env = s->dump_env,
		.is_never_reused = s->is_never_reused,
	};
}

void rules_done(struct rules_maker *m)
{
	map_done(&m->variants);
	str_done(&m->key);
}

/* The members that may differ, each text with its NUL: target, cwd, env, tags, files of inputs. */
static void render_key(struct rules_maker *m, const char *const *values)
{
	const struct entry *e = m->entry;

	str_clear(&m->key);
	template_render(&e->target, values, &m->key);
	str_addc(&m->key, '\0');
	template_render(&e->cwd, values, &m->key);
	str_addc(&m->key, '\0');
	for (uint32_t i = 0; i < e->env.n; i++) {
		str_add(&m->key, e->settings.env[i].name);
		str_addc(&m->key, '=');
		template_render(&e->env.at[i], values, &m->key);
		str_addc(&m->key, '\0');
	}
	for (uint32_t i = 0; i < e->tags.n; i++) {
		template_render(&e->tags.at[i], values, &m->key);
		str_addc(&m->key, '\0');
	}
	for (uint32_t i = 0; i < e->input_files.n; i++) {
		template_render(&e->input_files.at[i], values, &m->key);
		str_addc(&m->key, '\0');
	}
}

static const char *next_text(const char **at)
{
	const char *s = *at;

	*at += strlen(s) + 1;
	return s;
}

static const char *const *next_texts(struct arena *mem, const char **at, uint32_t n)
{
	const char **list = arena_array(mem, n + 1u, sizeof(*list));

	for (uint32_t i = 0; i < n; i++)
		list[i] = next_text(at);
	return list;
}

static const char *rules_absolute(struct arena *mem, const char *dir, const char *cwd)
{
	_cleanup_(arena_freep) struct arena *scratch = NULL;

	if (!*cwd)
		return arena_strdup(mem, dir);
	scratch = arena_new();
	return path_normalise(mem, path_join(scratch, dir, cwd));
}

/* Their paths are relative to the configuration's directory. */
static const struct job_inputs *make_inputs(struct rules_maker *m, const char **key)
{
	const struct entry *e = m->entry;
	struct job_inputs *inputs = arena_zalloc(m->mem, sizeof(*inputs));
	const char **files = arena_array(m->mem, e->input_files.n + 1u, sizeof(*files));

	for (uint32_t i = 0; i < e->input_files.n; i++)
		files[i] = rules_absolute(m->mem, cfg_dir(m->load->cfg), next_text(key));
	inputs->files = files;
	inputs->env = copy_strings(m->mem, &e->settings.input_env);
	return inputs;
}

/* The rules point into key, which must live as long as the plan. */
static struct job_rules *rules_make_one(struct rules_maker *m, const char *key)
{
	struct job_rules *r = arena_memdup(m->mem, &m->same, sizeof(*r));

	r->target = next_text(&key);
	r->cwd = rules_absolute(m->mem, cfg_dir(m->load->cfg), next_text(&key));
	r->env = next_texts(m->mem, &key, m->entry->env.n);
	r->tags = next_texts(m->mem, &key, m->entry->tags.n);
	if (m->entry->settings.has_inputs)
		r->inputs = make_inputs(m, &key);
	return r;
}

const struct job_rules *rules_get(struct rules_maker *m, const char *const *values)
{
	struct job_rules *r;
	const char *key;

	if (m->is_one && m->variants.n_live)
		return m->variants.entries[0].value;
	render_key(m, values);
	r = map_get_n(&m->variants, m->key.s, m->key.len);
	if (r)
		return r;
	key = arena_memdup(m->mem, m->key.s, m->key.len);
	r = rules_make_one(m, key);
	map_set_n(&m->variants, key, m->key.len, r);
	return r;
}
