/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake backend as configured. The outcome of an attempt is drawn from a hash of (seed, job,
 * attempt), so it does not depend on the order of jobs, and stays the same when a job runs alone:
 *
 *   backends: { fake: { seed: 7, pass_rate: 0.9, duration: "1s..10s", time: "virtual",
 *                       outcomes: { "build*": "pass", "*.flaky": "fail" } } }
 *   a job's:  fake: { outcome: "timeout", duration: "3s" }
 */
#include <assert.h>
#include <string.h>

#include "backends/backends.h"
#include "backends/fake/fake.h"
#include "base/mem.h"

struct fake_rule {
	const char *glob;
	int outcome; /* index of outcomes[] */
};

struct fake_config {
	struct arena *mem;
	struct clock_virtual clock;
	bool is_virtual;
	uint64_t seed;
	double pass_rate;
	double least_s, most_s;
	struct fake_rule *rules;
	size_t n_rules;
	const struct job_rules *last_checked;
};

static const char *const outcome_names[] = {"pass",   "fail",	"kill", "timeout",
					    "launch", "refuse", "lost", NULL};
static const struct fake_outcome outcomes[] = {
	{.status = JOB_PASSED},
	{.status = JOB_FAILED, .reason = REASON_EXIT},
	{.status = JOB_KILLED, .reason = REASON_SCRIPTED},
	{.status = JOB_KILLED, .reason = REASON_TIMEOUT},
	{.status = JOB_KILLED, .reason = REASON_LAUNCH},
	{.submit = SUBMIT_REFUSED},
	{.status = JOB_KILLED, .reason = REASON_LOST},
};
static_assert(ARRAY_LEN(outcomes) == ARRAY_LEN(outcome_names) - 1, "one outcome per name");

static const char *const job_keys[] = {"outcome", "duration"};

/* ---- drawing ---- */

static uint64_t fake_mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* A number in [0, 1). what: the number of the draw for this attempt. */
static double fake_config_draw(const struct fake_config *c, const char *id, uint32_t attempt,
			       unsigned what)
{
	uint64_t h = fake_mix(c->seed);

	while (*id)
		h = fake_mix(h ^ (unsigned char)*id++);
	return (double)(fake_mix(h ^ attempt ^ (uint64_t)what << 32) >> 11) * 0x1p-53;
}

static int fake_outcome_of(const char *name)
{
	for (int i = 0; outcome_names[i]; i++)
		if (strcmp(outcome_names[i], name) == 0)
			return i;
	return -1;
}

/* "3s" or "1s..10s" */
static bool fake_read_range(const char *text, double *ret_least_s, double *ret_most_s)
{
	const char *dots = strstr(text, "..");
	_cleanup_(freep) char *least = NULL;

	if (!dots) {
		if (!duration_parse(text, ret_least_s))
			return false;
		*ret_most_s = *ret_least_s;
		return *ret_least_s >= 0;
	}
	least = xstrndup(text, (size_t)(dots - text));
	return duration_parse(least, ret_least_s) && duration_parse(dots + 2, ret_most_s) &&
	       *ret_least_s >= 0 && *ret_least_s <= *ret_most_s;
}

static const char *job_setting(const struct job_rules *rules, const char *key)
{
	for (uint32_t i = 0; i < rules->n_backend_keys; i++)
		if (str_eq(rules->backend_keys[i].backend, "fake") &&
		    str_eq(rules->backend_keys[i].key, key))
			return rules->backend_keys[i].value;
	return NULL;
}

static int choose_outcome(const struct fake_config *c, const struct job *job, uint32_t attempt)
{
	const char *own = job_setting(job->spec->rules, "outcome");

	if (own)
		return fake_outcome_of(own);
	for (size_t i = 0; i < c->n_rules; i++)
		if (str_glob(c->rules[i].glob, job->spec->id) ||
		    str_glob(c->rules[i].glob, job->spec->name))
			return c->rules[i].outcome;
	return fake_config_draw(c, job->spec->id, attempt, 0) < c->pass_rate ? 0 : 1;
}

static struct fake_outcome fake_config_script(const struct job *job, uint32_t attempt, void *ctx)
{
	const struct fake_config *c = ctx;
	struct fake_outcome o = outcomes[choose_outcome(c, job, attempt)];
	double least_s = c->least_s, most_s = c->most_s;
	const char *own = job_setting(job->spec->rules, "duration");

	if (own)
		fake_read_range(own, &least_s, &most_s);
	o.duration_s = least_s +
		       (most_s - least_s) * fake_config_draw(c, job->spec->id, attempt, 1);
	return o;
}

/* ---- checking ---- */

static void check_key(const struct backend_key *key, struct diags *diags)
{
	double least_s, most_s;
	const char *near = NULL;
	struct diag *e;

	if (str_eq(key->key, "outcome")) {
		if (fake_outcome_of(key->value) >= 0)
			return;
		e = diag_error(diags, key->pos, "the fake backend has no outcome '%s'", key->value);
		near = str_suggest(key->value, outcome_names, ARRAY_LEN(outcome_names) - 1);
		if (!near)
			diag_hint(e, "one of pass, fail, kill, timeout, launch, refuse, lost");
	} else if (str_eq(key->key, "duration")) {
		if (fake_read_range(key->value, &least_s, &most_s))
			return;
		e = diag_error(diags, key->pos, "'%s' is not a duration or a range of them",
			       key->value);
		diag_hint(e, "like \"3s\" or \"1s..10s\"");
	} else {
		e = diag_error(diags, key->pos, "unknown key '%s' in fake", key->key);
		near = str_suggest(key->key, job_keys, ARRAY_LEN(job_keys));
	}
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
}

/* Jobs of one kind share their rules: an error is reported once. */
static void fake_check(struct backend *b, const struct job_spec *spec, struct diags *diags)
{
	const struct job_rules *rules = spec->rules;
	struct fake_config *c = fake_script_ctx(b);

	if (c->last_checked == rules)
		return;
	c->last_checked = rules;
	for (uint32_t i = 0; i < rules->n_backend_keys; i++)
		if (str_eq(rules->backend_keys[i].backend, "fake"))
			check_key(&rules->backend_keys[i], diags);
}

/* ---- the settings ---- */

static void read_outcomes(struct fake_config *c, struct cfg_fields *f)
{
	struct hjson_node *map = cfg_fields_node(f, "outcomes"), *member;
	struct cfg *cfg = cfg_fields_cfg(f);
	struct cfg_fields *globs;
	size_t n = 0;

	if (!map)
		return;
	globs = cfg_fields_new(cfg, map, "outcomes", cfg_fields_diags(f));
	if (cfg_fields_object(globs)) {
		hjson_for_each (member, map)
			n++;
		c->rules = arena_array(c->mem, n, sizeof(*c->rules));
		hjson_for_each (member, map) {
			const char *glob = hjson_key_cstr(cfg_doc(cfg), member);
			int outcome = cfg_fields_word(globs, glob, outcome_names, 0);

			c->rules[c->n_rules++] = (struct fake_rule){arena_strdup(c->mem, glob),
								    outcome};
		}
	}
	cfg_fields_end(globs);
}

static void read_duration(struct fake_config *c, struct cfg_fields *f)
{
	struct hjson_node *node = cfg_fields_node(f, "duration");
	const char *text = node ? cfg_scalar_text(cfg_fields_cfg(f), node) : NULL;

	if (!node || (text && fake_read_range(text, &c->least_s, &c->most_s)))
		return;
	diag_hint(cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), node,
			    "'duration' must be a duration or a range of them"),
		  "like \"3s\" or \"1s..10s\"");
}

static void read_settings(struct fake_config *c, struct cfg_fields *f)
{
	static const char *const times[] = {"virtual", "real", NULL};

	c->is_virtual = cfg_fields_word(f, "time", times, 0) == 0;
	c->seed = (uint64_t)cfg_fields_int(f, "seed", 0, INT64_MAX, 0);
	c->pass_rate = cfg_fields_real(f, "pass_rate", 0, 1, 1);
	read_duration(c, f);
	read_outcomes(c, f);
}

void backend_fake_check_settings(const char *name, struct cfg_fields *settings)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct fake_config c = {.mem = mem};

	(void)name;
	read_settings(&c, settings);
}

static void config_free(void *ctx)
{
	struct fake_config *c = ctx;

	arena_free(c->mem);
}

struct backend *backend_fake_create(const struct backend_env *env, struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	struct arena *mem = arena_new();
	struct fake_config *c = arena_zalloc(mem, sizeof(*c));
	struct fake_options options = {
		.script = fake_config_script,
		.script_ctx = c,
		.script_free = config_free,
		.check = fake_check,
		.name = env->name,
		.max_parallel = env->max_parallel,
		.loop = env->loop,
	};

	*c = (struct fake_config){
		.mem = mem, .is_virtual = true, .pass_rate = 1, .least_s = 1, .most_s = 1};
	clock_virtual_init(&c->clock, clock_wall(env->clock));
	if (env->settings)
		read_settings(c, env->settings);
	if (diags->n_errors > n_before) {
		arena_free(mem);
		return NULL;
	}
	options.clock = c->is_virtual || !env->loop ? &c->clock : NULL;
	return fake_new(&options);
}
