/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/settings.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/chips/device_list.h"
#include "backends/chips/lend_names.h"
#include "backends/chips/numa_place.h"
#include "base/fs.h"
#include "base/json_out.h"
#include "device/driver/names.h"
#include "device/leftovers/leftovers.h"
#include "device/health/places.h"

static const char *const clock_names[] = {
	[CLOCK_QUEUE] = "queue", [CLOCK_OPEN] = "open", [CLOCK_LOAD] = "load",
	[CLOCK_JOIN] = "join",	 [CLOCK_RUN] = "run",	[CLOCK_FINISH] = "finish",
	[CLOCK_RESET] = "reset",
};
static_assert(ARRAY_LEN(clock_names) == CLOCK_COUNT, "one name per clock");

/* Time limit of the probe that lists the devices. */
static const double probe_limit_s = 20;

const char *chips_clock_name(enum chips_clock c)
{
	return clock_names[c];
}

struct reader {
	struct arena *mem;
	struct cfg_fields *f;
	struct cfg *cfg;
	struct diags *diags;
	void (*warn)(const char *text);
	struct chips_settings *s;
	/* Values that the machine must confirm. NULL: no such key, or a wrong type. */
	const char *driver, *state_dir;
	struct hjson_node *options, *numa; /* numa: pool.numa */
};

/* The value of key, else the settings as a whole. */
static struct hjson_node *node_of(const struct reader *r, const char *key)
{
	struct hjson_node *obj = cfg_fields_object(r->f), *node = obj ? hjson_get(obj, key) : NULL;

	return node ? node : obj;
}

static struct src_pos pool_pos_of(const struct reader *r, const char *key)
{
	struct hjson_node *node = node_of(r, key);

	return node ? cfg_pos(r->cfg, node->pos) : (struct src_pos){0};
}

/* ---- the driver and its options ---- */

static void pool_add_option(struct reader *r, struct str *out, struct hjson_node *m)
{
	str_printf(out, "%s", out->len > 1 ? "," : "");
	str_printf(out, "\"%s\":%s", hjson_key_cstr(cfg_doc(r->cfg), m), cfg_json(r->cfg, m));
}

/* Options of drivers that may also be given beside the pool's own keys; `options` takes any. */
static const char *const driver_keys[] = {"platform",  "libdir",      "faults",	       "seed",
					  "n_devices", "inner_watch", "log_threshold", "runtime"};

static void pool_read_options(struct reader *r)
{
	struct hjson_node *options = cfg_fields_node(r->f, "options");

	for (size_t i = 0; i < ARRAY_LEN(driver_keys); i++)
		cfg_fields_allow(r->f, driver_keys[i]);
	if (options && options->type != HJSON_OBJECT)
		cfg_error(r->cfg, r->diags, options, "'options' must be an object, for the driver");
	else
		r->options = options;
}

/* All options in one JSON object, for the driver. */
static const char *pool_join_options(struct reader *r)
{
	_cleanup_(str_done) struct str out = {0};
	struct hjson_node *m;

	str_addc(&out, '{');
	for (size_t i = 0; i < ARRAY_LEN(driver_keys); i++) {
		m = cfg_fields_node(r->f, driver_keys[i]);
		if (m)
			pool_add_option(r, &out, m);
	}
	if (r->options)
		hjson_for_each (m, r->options)
			if (!m->shadowed)
				pool_add_option(r, &out, m);
	/* A simulator keeps the state of its chips there. */
	if (!r->options || !hjson_get(r->options, "state_dir"))
		str_printf(&out, "%s\"state_dir\":\"%s\"", out.len > 1 ? "," : "", r->s->state_dir);
	str_addc(&out, '}');
	return arena_strndup(r->mem, out.s, out.len);
}

static const char *pool_find_driver(struct reader *r)
{
	const char *name = r->driver, *found, *near, *hidden = driver_hidden(r->mem, name);
	struct hjson_node *node = node_of(r, "driver");
	struct error err = {0};
	struct diag *e;

	if (hidden)
		diag_hint(cfg_warning(r->cfg, r->diags, node,
				      "driver '%s' is the built-in one, not %s", name, hidden),
			  "to use the library, give its path: driver: \"%s\"", hidden);
	found = driver_locate(r->mem, name, &err);
	if (found)
		return arena_strdup(r->mem, found);
	near = driver_suggest(r->mem, name);
	e = cfg_error(r->cfg, r->diags, node, "%s", err.msg);
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	else
		diag_hint(e, "`dvsched chips drivers` lists the drivers; a library can also be "
			     "given by a path with a '/'");
	error_done(&err);
	return NULL;
}

static void read_driver(struct reader *r)
{
	r->driver = cfg_fields_string(r->f, "driver", NULL);
	if (!cfg_fields_node(r->f, "driver"))
		diag_hint(cfg_error(r->cfg, r->diags, node_of(r, "driver"), "'%s' needs a 'driver'",
				    r->s->name),
			  "driver: \"sim\", or the path of a library; docs/reference/devices.md");
}

static const char *pool_locate_driver(struct reader *r)
{
	if (!r->driver)
		return NULL;
	if (strchr(r->driver, '/'))
		return path_normalise(r->mem, path_join(r->mem, cfg_dir(r->cfg), r->driver));
	return pool_find_driver(r);
}

/* ---- budgets ---- */

static void read_budgets(struct reader *r)
{
	static const double usual_s[CLOCK_COUNT] = {
		[CLOCK_OPEN] = 300,  [CLOCK_LOAD] = 60,	 [CLOCK_JOIN] = 60,
		[CLOCK_FINISH] = 60, [CLOCK_RESET] = 60,
	};
	struct hjson_node *node = cfg_fields_node(r->f, "budgets");
	struct cfg_fields *f = cfg_fields_new(r->cfg, node, "budgets", r->diags);
	struct chips_settings *s = r->s;

	for (int i = 0; i < CLOCK_COUNT; i++)
		s->budget_s[i] = cfg_fields_duration(f, clock_names[i], usual_s[i]);
	s->stall_s = cfg_fields_duration(f, "stall", 0);
	s->wall_s = cfg_fields_duration(f, "wall", 0);
	s->session_s = cfg_fields_duration(f, "session", 0);
	s->stall_pos = node ? cfg_pos(r->cfg, node->pos) : s->pos;
	if (node && hjson_get(node, "stall"))
		s->stall_pos = cfg_pos(r->cfg, hjson_get(node, "stall")->pos);
	cfg_fields_end(f);
}

/* A rule of the ladder: `shorter` must end before `longer`. at: the key of `budgets` to change. */
struct rung {
	const char *at, *shorter, *longer;
	double shorter_s, longer_s; /* 0: no limit */
};

static void check_rung(struct reader *r, const struct rung *g)
{
	struct hjson_node *at = hjson_get(node_of(r, "budgets"), g->at); /* it is not 0 */
	_cleanup_(str_done) struct str text = {0};
	struct diag *e;

	if (g->shorter_s <= 0 || g->longer_s <= 0 || g->shorter_s < g->longer_s)
		return;
	str_printf(&text, "%s (", g->shorter);
	duration_add(&text, g->shorter_s);
	str_printf(&text, ") must be shorter than %s (", g->longer);
	duration_add(&text, g->longer_s);
	e = cfg_error(r->cfg, r->diags, at, "%s)", text.s);
	diag_hint(e,
		  "the clock that is nearest to the device must end first: it alone can say what "
		  "happened there");
}

/* The ladder: driver's own < stall < run; run + finish + grace < wall; all together < session. */
static void check_ladder(struct reader *r, double inner_s)
{
	static const char own[] = "the driver's own watchdog";
	const struct chips_settings *s = r->s;
	const double *b = s->budget_s;
	const double run_s = b[CLOCK_RUN];
	double ending_s = run_s > 0 ? run_s + b[CLOCK_FINISH] + s->grace_s : 0, sum_s = 0;

	for (int i = 0; i < CLOCK_COUNT; i++)
		sum_s += i == CLOCK_RESET ? 0 : b[i];
	const struct rung ladder[] = {
		{"stall", "'stall'", "'run'", s->stall_s, run_s},
		{"stall", own, "'stall'", inner_s, s->stall_s},
		{"run", own, "'run'", inner_s, run_s},
		{"wall", "run + finish + grace", "'wall'", ending_s, s->wall_s},
		{"session", "the sum of all budgets", "'session'", sum_s, s->session_s},
	};

	for (size_t i = 0; i < ARRAY_LEN(ladder); i++)
		check_rung(r, &ladder[i]);
}

/* ---- the pool, the gangs, health ---- */

static void read_pool(struct reader *r)
{
	struct cfg_fields *f = cfg_fields_new(r->cfg, cfg_fields_node(r->f, "pool"), "pool",
					      r->diags);
	struct chips_settings *s = r->s;

	s->max_runs = (uint32_t)cfg_fields_int(f, "max_runs", 0, UINT32_MAX, 0);
	s->max_age_s = cfg_fields_duration(f, "max_age", 0);
	s->max_growth = cfg_fields_size(f, "max_growth", 0);
	s->idle_s = cfg_fields_duration(f, "idle", 30);
	s->has_affinity = cfg_fields_bool(f, "affinity", true);
	s->max_streak = (uint32_t)cfg_fields_int(f, "max_streak", 1, UINT32_MAX, 32);
	r->numa = cfg_fields_node(f, "numa");
	cfg_fields_end(f);
}

static void pool_read_gang(struct reader *r)
{
	struct cfg_fields *f = cfg_fields_new(r->cfg, cfg_fields_node(r->f, "gang"), "gang",
					      r->diags);

	r->s->reserve_after_s = cfg_fields_duration(f, "reserve_after", 5);
	r->s->peer_grace_s = cfg_fields_duration(f, "peer_grace", 2);
	cfg_fields_end(f);
}

static void pool_read_health(struct reader *r)
{
	struct cfg_fields *f = cfg_fields_new(r->cfg, cfg_fields_node(r->f, "health"), "health",
					      r->diags);
	struct chips_settings *s = r->s;

	s->health.marks = (uint32_t)cfg_fields_int(f, "marks", 1, HEALTH_MARKS, 2);
	s->health.window_s = cfg_fields_duration(f, "window", 600);
	s->health.quarantine_s = cfg_fields_duration(f, "probation", 300);
	cfg_fields_end(f);
}

static void pool_read_places(struct reader *r)
{
	static const char *const ways[] = {"flock", "none", NULL};

	r->state_dir = cfg_fields_string(r->f, "state_dir", NULL);
	r->s->is_exclusive = cfg_fields_word(r->f, "exclusive", ways, 0) == 0;
}

static void pool_find_places(struct reader *r)
{
	struct state_places state = {0};
	struct error err = {0};

	if (r->state_dir)
		state.dir = path_normalise(r->mem,
					   path_join(r->mem, cfg_dir(r->cfg), r->state_dir));
	else
		state = places_state(r->mem);
	r->s->state_dir = state.dir;
	r->s->machine_dir = state.machine_dir;
	if (state.old_dir)
		health_move(state.old_dir, state.dir);
	if (!r->s->is_exclusive)
		return;
	r->s->lock_dir = places_lock_dir(r->mem, &err);
	if (r->s->lock_dir)
		return;
	diag_infra(r->diags, diag_error(r->diags, r->s->pos, "%s", err.msg));
	error_done(&err);
}

/* A simulator also keeps the state of its devices there, and opens none without it. */
static void check_state_dir(struct reader *r)
{
	const char *dir = r->s->state_dir;
	struct error err = {0};

	if (places_make_state_dir(dir) < 0)
		error_plain(&err,
			    "cannot keep the health of devices in %s: %s; 'state_dir' or "
			    "$DVSCHED_STATE_DIR names another directory",
			    dir, strerror(errno));
	else
		places_check_dir(dir, "the health of devices", "'state_dir' or $DVSCHED_STATE_DIR",
				 &err);
	if (!err.msg) {
		leftovers_sweep(dir); /* files that an earlier dvsched left */
		return;
	}
	diag_infra(r->diags, cfg_error(r->cfg, r->diags, node_of(r, "state_dir"), "%s", err.msg));
	error_done(&err);
}

/* "A,B", or a list of them. */
static void read_lend_variables(struct reader *r)
{
	static const char *const usual[] = {"ASCEND_RT_VISIBLE_DEVICES", NULL};
	struct hjson_node *node = cfg_fields_node(r->f, "devices_env"), *e;
	_cleanup_(str_done) struct str text = {0};
	bool is_good = true;

	r->s->lend_variables = usual;
	if (!node)
		return;
	str_add(&text, "");
	if (node->type == HJSON_ARRAY)
		hjson_for_each (e, node) {
			is_good &= e->type == HJSON_STRING && e->n;
			str_printf(&text, "%s%s", e == node->child ? "" : ",",
				   is_good ? hjson_cstr(cfg_doc(r->cfg), e) : "");
		}
	else if (node->type == HJSON_STRING)
		str_add(&text, hjson_cstr(cfg_doc(r->cfg), node));
	else
		is_good = false;
	r->s->lend_variables = is_good ? lend_names_variables(r->mem, text.s) : NULL;
	if (!r->s->lend_variables)
		diag_hint(cfg_error(r->cfg, r->diags, node,
				    "'devices_env' must be names of variables, each once"),
			  "like \"CUDA_VISIBLE_DEVICES\", or \"A,B\"");
}

static void read_watch(struct reader *r)
{
	static const char *const rules[] = {"evidence", "idle", NULL};

	r->s->watch = (enum watch_rule)cfg_fields_word(r->f, "watchdog", rules, 0);
	r->s->deadlock_s = cfg_fields_duration(r->f, "deadlock", 60);
}

/* ---- devices ---- */

static bool pool_has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_')) &&
		    !(isalnum((unsigned char)at[n]) || at[n] == '_'))
			return true;
	return false;
}

/* The option that a driver's error names; else the key that names the driver. */
static struct hjson_node *option_in(struct reader *r, const char *text)
{
	struct hjson_node *obj = cfg_fields_object(r->f), *m, *found = NULL;
	struct hjson_node *options = hjson_get(obj, "options");

	if (options && options->type == HJSON_OBJECT)
		hjson_for_each (m, options)
			if (!found && pool_has_word(text, hjson_key_cstr(cfg_doc(r->cfg), m)))
				found = m;
	for (size_t i = 0; i < ARRAY_LEN(driver_keys) && !found; i++)
		if (pool_has_word(text, driver_keys[i]))
			found = hjson_get(obj, driver_keys[i]);
	return found ? found : node_of(r, "driver");
}

/* Options that the driver rejects are errors of the configuration; all others are of
 * infrastructure. */
static void settings_probe(struct reader *r, struct driver_facts *facts)
{
	struct error err = {0};
	struct diag *e;

	if (device_probe(r->s->driver, r->s->options, probe_limit_s, r->mem, facts, &err) == 0)
		return;
	if (facts->fault == DVS_CONFIG) {
		cfg_error(r->cfg, r->diags, option_in(r, err.msg), "%s", err.msg);
	} else {
		e = cfg_error(r->cfg, r->diags, node_of(r, "driver"), "%s", err.msg);
		diag_infra(r->diags, e);
	}
	error_done(&err);
}

static void pool_read_numa(struct reader *r)
{
	const char *sys = getenv("DVSCHED_SYS_ROOT"); /* for tests: another machine's */
	struct numa_ask ask = {
		.cfg = r->cfg,
		.node = r->numa,
		.sys = sys && *sys ? sys : "/sys",
		.warn = r->warn,
	};
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		CPU_ZERO(&allowed);
	ask.allowed = &allowed;
	numa_place_read(r->mem, &ask, r->s, r->diags);
}

static void pool_read_devices(struct reader *r)
{
	struct driver_facts facts = {0};

	settings_probe(r, &facts);
	if (r->diags->n_errors)
		return;
	r->s->caps = facts.caps;
	r->s->driver_name = facts.name;
	r->s->driver_version = facts.version;
	r->s->devices_pos = pool_pos_of(r, "devices");
	check_ladder(r, (double)facts.inner_watch_ns * 1e-9);
	device_list_read(r->mem, r->f, &facts, r->s, r->diags);
	if (!r->diags->n_errors)
		lend_names_read(r->mem, r->f, &facts, r->s, r->diags);
	if (!r->diags->n_errors)
		pool_read_numa(r);
}

/* ---- all of it ---- */

/* What can be read without a look at the machine. */
static void pool_read_keys(struct reader *r)
{
	r->cfg = cfg_fields_cfg(r->f);
	r->s->pos = pool_pos_of(r, "");
	pool_read_places(r);
	read_driver(r);
	pool_read_options(r);
	read_budgets(r);
	read_pool(r);
	pool_read_gang(r);
	pool_read_health(r);
	read_watch(r);
	read_lend_variables(r);
	cfg_fields_allow(r->f, "devices");
	cfg_fields_allow(r->f, "names");
	cfg_fields_allow(r->f, "numbered_by");
	cfg_fields_allow(r->f, "fault_domains");
}

void backend_chips_check_settings(const char *name, struct cfg_fields *settings)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct chips_settings s = {.name = name};
	struct reader r = {.mem = mem, .f = settings, .diags = cfg_fields_diags(settings), .s = &s};

	pool_read_keys(&r);
}

struct chips_settings *chips_settings_read(struct arena *mem, const struct backend_env *env,
					   struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	struct chips_settings *s = arena_zalloc(mem, sizeof(*s));
	struct reader r = {
		.mem = mem, .f = env->settings, .diags = diags, .warn = env->warn, .s = s};

	s->name = arena_strdup(mem, env->name);
	s->grace_s = env->grace_s;
	if (!env->settings) {
		diag_hint(diag_error(diags, s->pos, "the backend '%s' is not configured", s->name),
			  "backends: { %s: { driver: \"sim\" } }; docs/reference/devices.md",
			  s->name);
		return NULL;
	}
	pool_read_keys(&r);
	pool_find_places(&r);
	check_state_dir(&r);
	s->driver = pool_locate_driver(&r);
	s->options = pool_join_options(&r);
	if (diags->n_errors == n_before)
		pool_read_devices(&r);
	return diags->n_errors == n_before ? s : NULL;
}
