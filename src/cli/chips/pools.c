/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/chips/pools.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/device_list.h"
#include "backends/chips/lend_names.h"
#include "backends/chips/settings.h"
#include "base/fs.h"
#include "base/vec.h"
#include "cli/chips/chips_cmd.h"
#include "cli/load/load.h"
#include "cli/load/pools.h"
#include "device/driver/names.h"
#include "device/health/places.h"
#include "device/leftovers/leftovers.h"

static const struct src_pos nowhere;
static const double probe_limit_s = 20;

static struct chips_pool *add_pool(const struct args *args, struct chips_pools *pools)
{
	struct chips_pool *p = vec_add_in(args->mem, pools);

	*p = (struct chips_pool){0};
	return p;
}

/* ---- of a configuration ---- */

static const struct dvs_device *devices_of(struct arena *mem, const struct chips_settings *s)
{
	struct dvs_device *list = arena_array(mem, s->n_devices + 1, sizeof(*list));

	for (uint32_t i = 0; i < s->n_devices; i++) {
		int32_t domain = s->devices[i].domain;

		list[i] = *s->devices[i].facts;
		list[i].fault_domain = domain >= CHIPS_FIRST_OWN_DOMAIN
					       ? domain - CHIPS_FIRST_OWN_DOMAIN
					       : domain;
	}
	return list;
}

static void pools_add_configured(const struct args *args, struct cfg *cfg,
				 const struct roster_entry *e, struct chips_pools *pools,
				 struct diags *diags)
{
	const char *name = arena_strdup(args->mem, e->name);
	const char *what = arena_printf(args->mem, "backends.%s", name);
	struct backend_env env = {
		.name = name,
		.settings = cfg_fields_new(cfg, e->settings, what, diags),
	};
	struct chips_settings *s = chips_settings_read(args->mem, &env, diags);
	struct chips_pool *p;

	cfg_fields_allow(env.settings, "type");
	if (!cfg_fields_end(env.settings) || !s)
		return;
	p = add_pool(args, pools);
	*p = (struct chips_pool){
		.name = name,
		.driver = s->driver,
		.options = s->options,
		.driver_name = s->driver_name,
		.version = s->driver_version,
		.state_dir = s->state_dir,
		.machine_dir = s->machine_dir,
		.lock_dir = s->is_exclusive ? s->lock_dir : NULL,
		.open_s = s->budget_s[CLOCK_OPEN],
		.devices = devices_of(args->mem, s),
		.known = s->devices,
		.n_devices = s->n_devices,
	};
}

static void find_configured(const struct args *args, struct cfg *cfg, struct chips_pools *pools,
			    struct diags *diags)
{
	const struct roster *r = roster_read(args->mem, cfg, backend_names);

	for (const struct roster_entry *e = NULL; (e = pools_next(r, e)) != NULL;)
		pools_add_configured(args, cfg, e, pools, diags);
	if (pools->n == 0 && diags->n_errors == 0)
		diag_hint(diag_error(diags, cfg_start(cfg), "there is no backend of type 'chips'"),
			  "backends: { chips: { driver: \"sim\" } }; docs/reference/devices.md");
}

/* ---- of drivers ---- */

/* Adds the state directory to the options, as a pool does. */
static const char *with_state_dir(struct arena *mem, const char *options, const char *state_dir)
{
	json_t *all = json_loads(options, 0, NULL);
	char *text;

	if (!json_is_object(all) || json_object_get(all, "state_dir")) {
		json_decref(all);
		return options;
	}
	json_object_set_new(all, "state_dir", json_string(state_dir));
	text = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	options = arena_strdup(mem, text ? text : options);
	free(text);
	return options;
}

/* The names of locks and health files without a configuration: from the driver's facts. */
static const struct chips_device *known_of(struct arena *mem, const struct driver_facts *facts)
{
	struct cfg_fields *f = cfg_fields_new(NULL, NULL, "", NULL);
	struct chips_settings s = {.n_devices = (uint32_t)facts->n_devices};
	struct diags none;

	s.devices = arena_array(mem, facts->n_devices + 1, sizeof(*s.devices));
	for (size_t i = 0; i < facts->n_devices; i++)
		s.devices[i] = (struct chips_device){
			.id = facts->devices[i].id,
			.facts = &facts->devices[i],
			.family = facts->devices[i].family,
		};
	diags_init(&none);
	lend_names_read(mem, f, facts, &s, &none);
	diags_done(&none);
	cfg_fields_end(f);
	return s.devices;
}

/* name: used until the driver reports its own; driver: as driver_locate() returns it. */
static void probe_driver(const struct args *args, const char *name, const char *driver,
			 const char *options, struct chips_pool *ret)
{
	const struct state_places places = places_state(args->mem);
	struct driver_facts facts;
	struct error err = {0};

	ret->name = ret->driver_name = name;
	ret->driver = driver;
	ret->state_dir = places.dir;
	ret->machine_dir = places.machine_dir;
	if (places.old_dir)
		health_move(places.old_dir, places.dir);
	leftovers_sweep(ret->state_dir); /* files that an earlier dvsched left */
	ret->options = with_state_dir(args->mem, options, ret->state_dir);
	ret->lock_dir = places_lock_dir(args->mem, &err);
	error_done(&err);
	if (device_probe(driver, ret->options, probe_limit_s, args->mem, &facts, &err) < 0) {
		ret->why = arena_strdup(args->mem, err.msg);
		error_done(&err);
		return;
	}
	ret->name = ret->driver_name = facts.name;
	ret->version = facts.version;
	ret->devices = facts.devices;
	ret->known = known_of(args->mem, &facts);
	ret->n_devices = facts.n_devices;
}

static void find_of_driver(const struct args *args, const char *driver, struct chips_pools *pools,
			   struct diags *diags)
{
	const char *options = chips_object(args, OPT_DRIVER_OPTIONS, "{}", diags), *found;
	struct chips_pool *p;
	struct error err = {0};

	if (diags->n_errors)
		return;
	/* The driver is opened in another directory. */
	if (strchr(driver, '/'))
		driver = path_absolute(args->mem, driver);
	found = driver_locate(args->mem, driver, &err);
	if (!found) {
		diag_infra(diags, diag_error(diags, nowhere, "%s", err.msg));
		error_done(&err);
		return;
	}
	p = add_pool(args, pools);
	probe_driver(args, driver, found, options, p);
	if (p->why)
		diag_infra(diags, diag_error(diags, nowhere, "%s", p->why));
}

static void find_of_all_drivers(const struct args *args, struct chips_pools *pools)
{
	const struct driver_entry *list;
	size_t n = driver_names(args->mem, &list);

	for (size_t i = 0; i < n; i++)
		if (!list[i].hidden_by)
			probe_driver(args, list[i].name, list[i].path ? list[i].path : list[i].name,
				     "{}", add_pool(args, pools));
}

/* Without a configuration and --driver. */
static void find_usual(const struct args *args, struct chips_pools *pools, struct diags *diags)
{
	struct cfg *cfg;

	if (pools_load_file(args, &cfg, diags) < 0)
		return;
	if (cfg)
		find_configured(args, cfg, pools, diags);
	else if (opt_has(args, OPT_DEFINE))
		diag_error(diags, nowhere, "-D is for a configuration");
	else
		find_of_all_drivers(args, pools);
	cfg_free(cfg);
}

int chips_pools_find(const struct args *args, const char *cfg_path, struct chips_pools *ret,
		     struct diags *diags)
{
	const char *driver = opt_word(args, OPT_DRIVER, NULL);
	struct cfg *cfg;

	*ret = (struct chips_pools){0};
	if (opt_has(args, OPT_DEFINE) && driver)
		diag_error(diags, nowhere, "-D is for a configuration");
	if (opt_has(args, OPT_POOLS) && (cfg_path || driver))
		diag_error(diags, nowhere,
			   "--pools goes with neither a configuration nor --driver");
	if (cfg_path && driver) {
		diag_error(diags, nowhere, "a configuration and --driver do not go together");
	} else if (opt_has(args, OPT_DRIVER_OPTIONS) && !driver) {
		diag_hint(diag_error(diags, nowhere, "--options needs --driver"),
			  "--driver NAME|X.so --options …");
	} else if (cfg_path) {
		cfg = load_cfg_settings(args, cfg_path, diags);
		if (cfg)
			find_configured(args, cfg, ret, diags);
		cfg_free(cfg);
	} else if (driver) {
		find_of_driver(args, driver, ret, diags);
	} else {
		find_usual(args, ret, diags);
	}
	return diags->n_errors ? -1 : 0;
}

/* ---- one word of the command line ---- */

static const struct chips_pool *pools_find_pool(const struct chips_pools *pools, const char *name)
{
	for (size_t i = 0; i < pools->n; i++)
		if (strcmp(pools->at[i].name, name) == 0)
			return &pools->at[i];
	return NULL;
}

static void refuse_pool(const struct args *args, const struct chips_pools *pools, const char *word,
			struct diags *diags)
{
	const char **names = arena_array(args->mem, pools->n + 1, sizeof(*names));
	struct diag *e = diag_error(diags, nowhere, "there are no devices '%s'", word);
	_cleanup_(str_done) struct str all = {0};
	const char *near;

	for (size_t i = 0; i < pools->n; i++) {
		names[i] = pools->at[i].name;
		str_printf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	near = str_suggest(arena_strndup(args->mem, word, strcspn(word, "/")), names, pools->n);
	if (near && !pools_find_pool(pools, arena_strndup(args->mem, word, strcspn(word, "/"))))
		diag_hint(e, "did you mean '%s%s'?", near, word + strcspn(word, "/"));
	else
		diag_hint(e, "a device is POOL/NUMBER, like %s/0 or %s/0-3; of: %s", names[0],
			  names[0], all.s);
}

static const struct dvs_device *find_device(const struct chips_pool *p, int32_t id)
{
	for (size_t i = 0; i < p->n_devices; i++)
		if (p->devices[i].id == id)
			return &p->devices[i];
	return NULL;
}

static int add_listed(const struct chips_pool *p, const int32_t *ids, uint32_t n,
		      struct chips_target *ret, struct diags *diags)
{
	for (uint32_t i = 0; i < n; i++) {
		ret[i] = (struct chips_target){p, find_device(p, ids[i])};
		if (ret[i].device)
			continue;
		diag_hint(diag_error(diags, nowhere, "'%s' has no device %d", p->name, ids[i]),
			  "`dvsched chips` lists them");
		return -1;
	}
	return 0;
}

static void add_all(const struct chips_pool *p, struct chips_target *ret)
{
	for (size_t i = 0; i < p->n_devices; i++)
		ret[i] = (struct chips_target){p, &p->devices[i]};
}

/* The pool named before the last '/', or by the whole word. */
static const struct chips_pool *pool_of(const struct args *args, const struct chips_pools *pools,
					const char *word, const char **ret_ids)
{
	const char *slash = strrchr(word, '/');

	*ret_ids = NULL;
	if (pools_find_pool(pools, word))
		return pools_find_pool(pools, word);
	*ret_ids = slash ? slash + 1 : word;
	if (!slash)
		return pools->n == 1 ? &pools->at[0] : NULL;
	return pools_find_pool(pools, arena_strndup(args->mem, word, (size_t)(slash - word)));
}

int chips_pools_resolve(const struct args *args, const struct chips_pools *pools, const char *word,
			struct chips_target **ret, size_t *ret_n, struct diags *diags)
{
	const char *text;
	const struct chips_pool *p = pool_of(args, pools, word, &text);
	int32_t *ids;
	uint32_t n = 0;

	if (p && p->why) {
		diag_infra(diags, diag_error(diags, nowhere, "%s", p->why));
		return -1;
	}
	if (!p || (text && device_list_parse(args->mem, text, &ids, &n) < 0)) {
		refuse_pool(args, pools, word, diags);
		return -1;
	}
	*ret_n = text ? n : p->n_devices;
	*ret = arena_array(args->mem, *ret_n + 1, sizeof(**ret));
	if (text)
		return add_listed(p, ids, n, *ret, diags);
	add_all(p, *ret);
	return 0;
}
