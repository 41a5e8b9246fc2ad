/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/batch/keys.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/units.h"

static const char mode_key[] = "mode", cpus_key[] = "cpus";
static const char *const key_places[] = {"value", "bytes",   "KiB",	"MiB",
					 "GiB",	  "seconds", "minutes", NULL};
static const double seconds_per_minute = 60, duration_most_s = 3600.0 * 24 * 3650;
enum { CPUS_MOST = 65535 };

static enum batch_kind batch_key_kind(const char *name, template words)
{
	if (str_eq(name, cpus_key))
		return BATCH_COUNT;
	if (template_has(words, "bytes") || template_has(words, "KiB") ||
	    template_has(words, "MiB") || template_has(words, "GiB"))
		return BATCH_SIZE;
	if (template_has(words, "seconds") || template_has(words, "minutes"))
		return BATCH_DURATION;
	return BATCH_TEXT;
}

/* Returns NULL, or what the value must be. */
static const char *batch_value_wanted(enum batch_kind kind, const char *text)
{
	uint64_t size;
	double s;
	char *end;
	unsigned long n;

	switch (kind) {
	case BATCH_TEXT:
		return *text ? NULL : "a text that is not empty";
	case BATCH_COUNT:
		n = strtoul(text, &end, 10);
		return *text >= '0' && *text <= '9' && !*end && n >= 1 && n <= CPUS_MOST
			       ? NULL
			       : "a whole number from 1 to 65535";
	case BATCH_SIZE:
		return units_size(text, &size) && size > 0 ? NULL : "a size, like \"4G\"";
	case BATCH_DURATION:
		return duration_parse(text, &s) && s > 0 && s <= duration_most_s
			       ? NULL
			       : "a duration, like \"30m\" or \"2h\"";
	}
	return NULL;
}

static size_t batch_keys_find(const struct batch_keys *keys, const char *name)
{
	size_t i = 0;

	while (i < keys->n && !str_eq(keys->at[i].name, name))
		i++;
	return i;
}

/* ---- the settings ---- */

static struct hjson_node *batch_object(struct cfg_fields *f, const char *key)
{
	struct hjson_node *node = cfg_fields_node(f, key);

	if (!node || node->type == HJSON_OBJECT)
		return node;
	cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), node, "'%s' must be an object", key);
	return NULL;
}

static void batch_keys_read_templates(struct cfg_fields *f, struct batch_keys *ret)
{
	struct cfg *cfg = cfg_fields_cfg(f);
	struct hjson_node *all = batch_object(f, "requests"), *m;

	*ret = (struct batch_keys){0};
	if (!all)
		return;
	ret->at = arena_array(cfg_mem(cfg), all->n, sizeof(*ret->at));
	hjson_for_each (m, all) {
		struct batch_key *k = &ret->at[ret->n];

		if (m->shadowed)
			continue;
		k->name = hjson_key_cstr(cfg_doc(cfg), m);
		k->words = template_read_node(cfg, m, k->name, key_places, cfg_fields_diags(f));
		k->kind = batch_key_kind(k->name, k->words);
		if (str_eq(k->name, mode_key))
			cfg_key_error(cfg, cfg_fields_diags(f), m,
				      "'requests' may not have 'mode': it is a key of its own");
		ret->n += k->words != NULL;
	}
}

static void batch_keys_refuse(const struct batch_keys *keys, const char *name, struct diag *e)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	_cleanup_(str_done) struct str all = {0};
	const char **names = arena_array(mem, keys->n + 1, sizeof(*names)), *near;

	for (size_t i = 0; i < keys->n; i++) {
		names[i] = keys->at[i].name;
		str_printf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	near = str_suggest(name, names, keys->n);
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	else if (all.len)
		diag_hint(e, "'requests' has: %s", all.s);
	else
		diag_hint(e, "it must be a member of 'requests'");
}

static void batch_keys_read_default(struct cfg_fields *f, struct hjson_node *m,
				    const struct batch_keys *keys, struct batch_request *ret)
{
	struct cfg *cfg = cfg_fields_cfg(f);
	const char *name = hjson_key_cstr(cfg_doc(cfg), m), *text = cfg_scalar_text(cfg, m);
	const char *wanted = "a text or a number";
	size_t i = batch_keys_find(keys, name);

	if (i == keys->n) {
		batch_keys_refuse(keys, name,
				  cfg_key_error(cfg, cfg_fields_diags(f), m,
						"'defaults' has the unknown key '%s'", name));
		return;
	}
	if (text)
		wanted = batch_value_wanted(keys->at[i].kind, text);
	if (wanted)
		cfg_error(cfg, cfg_fields_diags(f), m, "'%s' must be %s", name, wanted);
	ret->values[i] = text;
}

void batch_keys_read(struct cfg_fields *f, struct batch_keys *ret, struct batch_request *defaults)
{
	struct cfg *cfg = cfg_fields_cfg(f);
	struct hjson_node *all, *m, *mode = cfg_fields_node(f, mode_key);
	const char *text = mode ? cfg_scalar_text(cfg, mode) : NULL;

	batch_keys_read_templates(f, ret);
	*defaults = (struct batch_request){
		.values = arena_array(cfg_mem(cfg), ret->n + 1, sizeof(*defaults->values)),
	};
	if (mode)
		farm_mode_read(text ? text : "", cfg_pos(cfg, mode->pos), &defaults->farm.mode,
			       cfg_fields_diags(f));
	all = batch_object(f, "defaults");
	if (all)
		hjson_for_each (m, all)
			if (!m->shadowed)
				batch_keys_read_default(f, m, ret, defaults);
}

/* ---- jobs ---- */

static void batch_request_read_key(struct arena *mem, const struct batch_keys *keys,
				   const struct backend_key *k, struct batch_request *ret,
				   struct diags *diags)
{
	size_t i = batch_keys_find(keys, k->key);
	const char *wanted;

	if (i == keys->n) {
		batch_keys_refuse(keys, k->key,
				  diag_error(diags, k->pos, "unknown key '%s' in batch", k->key));
		return;
	}
	wanted = batch_value_wanted(keys->at[i].kind, k->value);
	if (wanted)
		diag_error(diags, k->pos, "'%s' must be %s", k->key, wanted);
	ret->values[i] = arena_strdup(mem, k->value);
}

void batch_request_read(struct arena *mem, const struct batch_keys *keys,
			const struct batch_request *defaults, const struct job_rules *rules,
			struct batch_request *ret, struct diags *diags)
{
	const struct backend_key *own = NULL;

	ret->farm = defaults->farm;
	ret->values = arena_array(mem, keys->n + 1, sizeof(*ret->values));
	for (size_t i = 0; i < keys->n; i++)
		ret->values[i] = defaults->values[i];
	for (uint32_t i = 0; i < rules->n_backend_keys; i++) {
		const struct backend_key *k = &rules->backend_keys[i];

		if (!str_eq(k->backend, "batch"))
			continue;
		if (str_eq(k->key, mode_key)) {
			farm_mode_read(k->value, k->pos, &ret->farm.mode, diags);
			continue;
		}
		batch_request_read_key(mem, keys, k, ret, diags);
		own = k;
	}
	ret->has_own_keys = own != NULL;
	if (ret->farm.mode == FARM_PILOT && own)
		diag_hint(diag_error(diags, own->pos, "'%s' has no effect in a job of mode 'pilot'",
				     own->key),
			  "all jobs of a pilot share what 'defaults' of the backend asks for");
}

/* ---- the command ---- */

static const char *batch_round_up(struct arena *mem, double value, double unit)
{
	return arena_printf(mem, "%.0f", ceil(value / unit));
}

static void batch_value_add(const struct batch_key *k, const char *text, uint64_t n,
			    struct command_words *to)
{
	const char *values[ARRAY_LEN(key_places)][2] = {{text}};
	struct template_place places[ARRAY_LEN(key_places)] = {{0}};
	uint64_t size = 0;
	double s = 0, kib = 1024;

	if (k->kind == BATCH_COUNT)
		values[0][0] = arena_printf(to->mem, "%" PRIu64,
					    (uint64_t)strtoull(text, NULL, 10) * n);
	if (k->kind == BATCH_SIZE)
		units_size(text, &size);
	if (k->kind == BATCH_DURATION)
		duration_parse(text, &s);
	size *= n;
	for (size_t i = 1; i <= 4; i++)
		values[i][0] = batch_round_up(to->mem, (double)size, pow(kib, (double)(i - 1)));
	values[5][0] = batch_round_up(to->mem, s, 1);
	values[6][0] = batch_round_up(to->mem, s, seconds_per_minute);
	for (size_t i = 0; key_places[i]; i++)
		places[i] = (struct template_place){key_places[i], values[i]};
	template_expand(k->words, places, to);
}

void batch_request_add(const struct batch_keys *keys, const struct batch_request *r, uint64_t cpus,
		       uint64_t n, struct command_words *to)
{
	for (size_t i = 0; i < keys->n; i++) {
		const char *text = r->values[i];

		if (!text && keys->at[i].kind == BATCH_COUNT)
			text = arena_printf(to->mem, "%" PRIu64, cpus);
		if (text)
			batch_value_add(&keys->at[i], text, n, to);
	}
}
