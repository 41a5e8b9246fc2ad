/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/pools.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "backends/backends.h"
#include "backends/chips/lend_names.h"
#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/load/place.h"
#include "device/driver/names.h"
#include "flow/flow.h"

static const struct src_pos nowhere;
static const char file_name[] = "dvsched-pools.hjson";
/* The type of backends that have devices, and the key of jobs that borrow them. */
static const char pool_type[] = "chips", devices_key[] = "devices";

const struct roster_entry *pools_next(const struct roster *r, const struct roster_entry *after)
{
	return roster_next(r, roster_type(r, pool_type), after);
}

static const struct roster_entry *pools_pool_named(const struct roster *r, const char *name,
						   size_t len)
{
	const struct roster_entry *e = roster_find_n(r, name, len);

	return e && e->settings && e->type == roster_type(r, pool_type) ? e : NULL;
}

/* ---- the pool of a job ---- */

static const struct backend_key *find_key(const struct job_rules *rules, const char *key)
{
	for (uint32_t i = 0; i < rules->n_backend_keys; i++)
		if (str_eq(rules->backend_keys[i].key, key))
			return &rules->backend_keys[i];
	return NULL;
}

bool pools_is_borrower(const struct job_spec *spec)
{
	return !spec->is_request && find_key(spec->rules, devices_key);
}

/* The length of POOL in "POOL:N"; 0: there is none. */
static size_t pool_in(const char *word)
{
	const char *colon = strrchr(word, ':');

	return colon ? (size_t)(colon - word) : 0;
}

static void hint_names(struct diag *e, const struct roster *r)
{
	_cleanup_(str_done) struct str text = {0};

	for (const struct roster_entry *m = NULL; (m = pools_next(r, m)) != NULL;)
		str_printf(&text, "%s%s", text.len ? ", " : "", m->name);
	if (text.len)
		diag_hint(e, "pools: %s", text.s);
	else
		diag_hint(e, "backends: { npu: { type: \"chips\", driver: … } }; "
			     "docs/reference/devices.md");
}

static const struct roster_entry *pools_find_named(const struct roster *r,
						   const struct backend_key *k, const char *word,
						   struct diags *diags)
{
	size_t len = pool_in(word);
	const struct roster_entry *e = pools_pool_named(r, word, len);

	if (!e)
		hint_names(diag_error(diags, k->pos, "there is no pool of devices '%.*s'", (int)len,
				      word),
			   r);
	return e;
}

/* The value of `devices`, like "npu:2", with {words} replaced. The caller frees it. */
static char *devices_word(const struct job_spec *spec, const struct backend_key *k)
{
	json_t *request = spec->request && strchr(k->value, '{')
				  ? json_loads(spec->request, 0, NULL)
				  : NULL;
	const char *word = json_string_value(json_object_get(request, devices_key));
	char *copy = xstrdup(word ? word : k->value);

	json_decref(request);
	return copy;
}

const struct roster_entry *pools_find(const struct roster *r, const struct job_spec *spec,
				      struct diags *diags)
{
	const struct backend_key *k = find_key(spec->rules, devices_key);
	_cleanup_(freep) char *word = devices_word(spec, k);
	const struct roster_entry *first = pools_next(r, NULL);
	struct diag *e;

	if (pool_in(word))
		return pools_find_named(r, k, word, diags);
	if (first && !pools_next(r, first))
		return first;
	if (!first) {
		hint_names(diag_error(diags, k->pos,
				      "'%s' needs devices, and there is no pool of devices",
				      spec->id),
			   r);
		return NULL;
	}
	e = diag_error(diags, k->pos, "'%s' does not name the pool of its devices", spec->id);
	/* Without a position it is from the command line. */
	diag_hint(e, k->pos.line ? "devices: \"%s:%s\"" : "--devices %s:%s", first->name, word);
	return NULL;
}

/* ---- without a configuration ---- */

static const char *file_in(struct arena *mem, const char *dir, const char *name)
{
	const char *path = path_join(mem, dir, name);

	return fs_exists(path) && !fs_is_dir(path) ? path : NULL;
}

static const char *find_above(struct arena *mem)
{
	const char *dir = path_absolute(mem, "."), *path = file_in(mem, dir, file_name), *up;

	for (; !path; dir = up, path = file_in(mem, dir, file_name)) {
		up = path_dir(mem, dir);
		if (str_eq(up, dir))
			return NULL;
	}
	return path;
}

static const char *find_own(struct arena *mem)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg && *xdg)
		return file_in(mem, xdg, "dvsched/pools.hjson");
	return home && *home ? file_in(mem, home, ".config/dvsched/pools.hjson") : NULL;
}

/* The path of the pools file; NULL: none was given or found. */
static const char *find_file(const struct args *args)
{
	const char *given = opt_word(args, OPT_POOLS, NULL), *env = getenv("DVSCHED_POOLS"), *path;

	if (given)
		return given;
	if (env && *env)
		return env;
	path = find_above(args->mem);
	return path ? path : find_own(args->mem);
}

static int check_root(struct cfg *cfg, struct diags *diags)
{
	struct hjson_node *root = cfg_root(cfg), *m;
	unsigned n_before = diags->n_errors;

	if (root->type != HJSON_OBJECT) {
		cfg_error(cfg, diags, root, "a file of pools must be an object");
		return -1;
	}
	hjson_for_each (m, root) {
		if (hjson_key_is(m, "vars"))
			continue;
		if (!hjson_key_is(m, "backends"))
			cfg_key_error(cfg, diags, m,
				      "unknown key '%s': a file of pools has 'backends' and 'vars'",
				      hjson_key_cstr(cfg_doc(cfg), m));
		else if (m->type != HJSON_OBJECT)
			cfg_error(cfg, diags, m, "'backends' must be an object");
	}
	return diags->n_errors == n_before ? 0 : -1;
}

static struct cfg *load_file(const struct args *args, const char *path, struct diags *diags)
{
	const struct flow_options options = {
		.scratch_root = place_scratch(args, "."),
		.defines = opt_words(args, OPT_DEFINE),
	};
	struct cfg *cfg = cfg_parse(path, diags);
	unsigned n_before = diags->n_errors;

	if (!cfg)
		return NULL;
	if (check_root(cfg, diags) == 0)
		flow_replace_words(cfg, &options, true, diags);
	if (diags->n_errors == n_before)
		return cfg;
	cfg_free(cfg);
	return NULL;
}

int pools_load_file(const struct args *args, struct cfg **ret, struct diags *diags)
{
	const char *path = find_file(args);

	*ret = path ? load_file(args, path, diags) : NULL;
	return path && !*ret ? -1 : 0;
}

static struct cfg *make_up(const char *driver, struct diags *diags)
{
	_cleanup_(str_done) struct str text = {0};

	str_printf(&text, "{ backends: { %s: { type: \"%s\", driver: \"%s\" } } }", driver,
		   pool_type, driver);
	return cfg_parse_text("--devices", text.s, text.len, diags);
}

static bool is_driver(struct arena *mem, const char *name)
{
	struct error err = {0};
	bool is_one = driver_locate(mem, name, &err) != NULL;

	error_done(&err);
	return is_one;
}

struct cfg *pools_load(const struct args *args, struct diags *diags)
{
	const char *word = opt_word(args, OPT_DEVICES, "");
	const char *name = arena_strndup(args->mem, word, pool_in(word));
	const struct roster *r;
	struct diag *e;
	struct cfg *cfg;

	if (pools_load_file(args, &cfg, diags) < 0)
		return NULL;
	r = roster_read(args->mem, cfg, backend_names);
	if (*name && !pools_pool_named(r, name, strlen(name)) && is_driver(args->mem, name)) {
		cfg_free(cfg);
		return make_up(name, diags);
	}
	if (cfg)
		return cfg;
	e = diag_error(diags, nowhere, "--devices %s: there is no file of pools", word);
	diag_hint(e, "--pools FILE, $DVSCHED_POOLS or %s; or the name of a driver: --devices sim:2",
		  file_name);
	return NULL;
}

/* ---- the keys ---- */

static bool is_devices_word(const char *word)
{
	const char *colon = strrchr(word, ':'), *n = colon ? colon + 1 : word;

	return colon != word && *n && n[strspn(n, "0123456789")] == '\0' && strlen(n) < 6 &&
	       atoi(n) > 0;
}

static void pools_add_key(const struct args *args, struct backend_key *k, const char *key,
			  const char *value)
{
	struct json_out out;

	jout_init(&out, -1, 0);
	jout_string(&out, value);
	*k = (struct backend_key){
		.backend = pool_type,
		.key = key,
		.value = value,
		.json = arena_strndup(args->mem, out.buf.s, out.buf.len),
	};
	jout_done(&out);
}

const struct backend_key *pools_keys(const struct args *args, uint32_t *ret_n, struct diags *diags)
{
	struct backend_key *keys = arena_array(args->mem, 3, sizeof(*keys));
	static const enum opt more[] = {OPT_DEVICES_ENV, OPT_QUEUE_TIMEOUT, OPT_POOLS};
	const char *devices = opt_word(args, OPT_DEVICES, NULL);
	const char *variables = opt_word(args, OPT_DEVICES_ENV, NULL);

	*ret_n = 0;
	if (!devices) {
		for (size_t i = 0; i < ARRAY_LEN(more); i++)
			if (opt_has(args, more[i]))
				diag_error(diags, nowhere, "--%s goes with --devices",
					   option_table[more[i]].name);
		return keys;
	}
	if (!is_devices_word(devices))
		diag_error(diags, nowhere, "'--devices' must be [POOL:]N, not '%s'", devices);
	pools_add_key(args, &keys[(*ret_n)++], devices_key, devices);
	if (variables && !lend_names_variables(args->mem, variables))
		diag_error(diags, nowhere,
			   "'--devices-env' must be names of variables, each once, not '%s'",
			   variables);
	if (variables)
		pools_add_key(args, &keys[(*ret_n)++], "devices_env", variables);
	if (opt_has(args, OPT_QUEUE_TIMEOUT)) {
		opt_duration(args, OPT_QUEUE_TIMEOUT, 0, diags);
		pools_add_key(args, &keys[(*ret_n)++], "queue_timeout",
			      opt_word(args, OPT_QUEUE_TIMEOUT, "0"));
	}
	return keys;
}
