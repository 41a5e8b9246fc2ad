/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/settings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/device_list.h"
#include "base/fs.h"
#include "base/json_out.h"
#include "device/driver_find.h"
#include "device/places.h"

static const char *const clock_names[] = {
	[CLOCK_QUEUE] = "queue", [CLOCK_OPEN] = "open", [CLOCK_LOAD] = "load",
	[CLOCK_JOIN] = "join",	 [CLOCK_RUN] = "run",	[CLOCK_FINISH] = "finish",
	[CLOCK_RESET] = "reset",
};
static_assert(ARRAY_LEN(clock_names) == CLOCK_COUNT, "one name per clock");

/* How long a driver may take to say which devices there are. */
static const double probe_limit_s = 20;

const char *chips_clock_name(enum chips_clock c)
{
	return clock_names[c];
}

struct reader {
	struct arena *mem;
	const struct backend_env *env;
	struct cfg_fields *f;
	struct cfg *cfg;
	struct diags *diags;
	struct chips_settings *s;
};

static struct src_pos pos_of(const struct reader *r, const char *key)
{
	struct hjson_node *obj = r->f ? cfg_fields_object(r->f) : NULL;
	struct hjson_node *node = obj ? hjson_get(obj, key) : NULL;

	if (node)
		return cfg_pos(r->cfg, node->pos);
	return obj ? cfg_pos(r->cfg, obj->pos) : (struct src_pos){0};
}

/* ---- the driver and what it is told ---- */

static void add_option(struct reader *r, struct str *out, struct hjson_node *m)
{
	str_printf(out, "%s", out->len > 1 ? "," : "");
	str_printf(out, "\"%s\":%s", hjson_key_cstr(cfg_doc(r->cfg), m), cfg_json(r->cfg, m));
}

/* Keys that belong to drivers may stand beside our own; `options` holds any. */
static const char *read_options(struct reader *r)
{
	static const char *const keys[] = {"platform",	"libdir",      "faults",	"seed",
					   "n_devices", "inner_watch", "log_threshold", "runtime"};
	_cleanup_(str_done) struct str out = {0};
	struct hjson_node *options = cfg_fields_node(r->f, "options"), *m;

	str_addc(&out, '{');
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		m = cfg_fields_node(r->f, keys[i]);
		if (m)
			add_option(r, &out, m);
	}
	if (options && options->type != HJSON_OBJECT)
		cfg_error(r->cfg, r->diags, options, "'options' must be an object, for the driver");
	else if (options)
		hjson_for_each (m, options)
			if (!m->shadowed)
				add_option(r, &out, m);
	/* A simulator keeps the state of its chips there. */
	if (!options || !hjson_get(options, "state_dir"))
		str_printf(&out, "%s\"state_dir\":\"%s\"", out.len > 1 ? "," : "", r->s->state_dir);
	str_addc(&out, '}');
	return arena_strndup(r->mem, out.s, out.len);
}

static const char *read_driver(struct reader *r)
{
	const char *name = cfg_fields_string(r->f, "driver", NULL);

	if (!name) {
		diag_hint(diag_error(r->diags, pos_of(r, "driver"), "'%s' needs a 'driver'",
				     r->s->name),
			  "driver: \"sim\", or the path of a library; docs/drivers.md");
		return NULL;
	}
	if (strchr(name, '/'))
		return path_normalise(r->mem, path_join(r->mem, cfg_dir(r->cfg), name));
	if (!driver_is_known(name)) {
		diag_hint(
			diag_error(r->diags, pos_of(r, "driver"), "there is no driver '%s'", name),
			"`dvsched chips drivers` lists them; a library is named by a path with a "
			"'/'");
		return NULL;
	}
	return arena_strdup(r->mem, name);
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

static void wrong_order(struct reader *r, const char *shorter, double shorter_s, const char *longer,
			double longer_s)
{
	_cleanup_(str_done) struct str text = {0};
	struct diag *e;

	str_printf(&text, "'%s' (", shorter);
	duration_add(&text, shorter_s);
	str_printf(&text, ") must be shorter than '%s' (", longer);
	duration_add(&text, longer_s);
	str_addc(&text, ')');
	e = diag_error(r->diags, r->s->stall_pos, "%s", text.s);
	diag_hint(e,
		  "the clock that is nearest to the device must end first: it alone can say what "
		  "happened there");
}

static void check_less(struct reader *r, const char *shorter, double shorter_s, const char *longer,
		       double longer_s)
{
	if (shorter_s > 0 && longer_s > 0 && shorter_s >= longer_s)
		wrong_order(r, shorter, shorter_s, longer, longer_s);
}

/* The ladder: driver's own < stall < run; run + finish + grace < wall; all together < session. */
static void check_ladder(struct reader *r, double inner_s)
{
	const struct chips_settings *s = r->s;
	const double *b = s->budget_s;
	double sum_s = 0;

	check_less(r, "stall", s->stall_s, "run", b[CLOCK_RUN]);
	check_less(r, "the driver's own watchdog", inner_s, "stall", s->stall_s);
	check_less(r, "the driver's own watchdog", inner_s, "run", b[CLOCK_RUN]);
	if (b[CLOCK_RUN] > 0)
		check_less(r, "run + finish + grace", b[CLOCK_RUN] + b[CLOCK_FINISH] + s->grace_s,
			   "wall", s->wall_s);
	for (int i = 0; i < CLOCK_COUNT; i++)
		sum_s += i == CLOCK_RESET ? 0 : b[i];
	check_less(r, "the sum of all budgets", sum_s, "session", s->session_s);
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
	cfg_fields_end(f);
}

static void read_gang(struct reader *r)
{
	struct cfg_fields *f = cfg_fields_new(r->cfg, cfg_fields_node(r->f, "gang"), "gang",
					      r->diags);

	r->s->reserve_after_s = cfg_fields_duration(f, "reserve_after", 5);
	r->s->peer_grace_s = cfg_fields_duration(f, "peer_grace", 2);
	cfg_fields_end(f);
}

static void read_health(struct reader *r)
{
	struct cfg_fields *f = cfg_fields_new(r->cfg, cfg_fields_node(r->f, "health"), "health",
					      r->diags);
	struct chips_settings *s = r->s;

	s->health.marks = (uint32_t)cfg_fields_int(f, "marks", 1, HEALTH_MARKS, 2);
	s->health.window_s = cfg_fields_duration(f, "window", 600);
	s->health.quarantine_s = cfg_fields_duration(f, "probation", 300);
	cfg_fields_end(f);
}

static void read_places(struct reader *r)
{
	static const char *const ways[] = {"flock", "none", NULL};
	const char *dir = cfg_fields_string(r->f, "state_dir", NULL);
	struct error err = {0};

	r->s->state_dir = dir ? path_normalise(r->mem, path_join(r->mem, cfg_dir(r->cfg), dir))
			      : places_state_dir(r->mem);
	r->s->is_exclusive = cfg_fields_word(r->f, "exclusive", ways, 0) == 0;
	if (!r->s->is_exclusive)
		return;
	r->s->lock_dir = places_lock_dir(r->mem, &err);
	if (r->s->lock_dir)
		return;
	diag_infra(r->diags, diag_error(r->diags, r->s->pos, "%s", err.msg));
	error_done(&err);
}

static void read_watch(struct reader *r)
{
	static const char *const rules[] = {"evidence", "idle", NULL};

	r->s->watch = (enum watch_rule)cfg_fields_word(r->f, "watchdog", rules, 0);
	r->s->deadlock_s = cfg_fields_duration(r->f, "deadlock", 60);
}

/* ---- devices ---- */

static void probe(struct reader *r, struct driver_facts *facts)
{
	struct error err = {0};

	if (device_probe(r->s->driver, r->s->options, probe_limit_s, r->mem, facts, &err) == 0)
		return;
	diag_infra(r->diags, diag_error(r->diags, pos_of(r, "driver"), "%s", err.msg));
	error_done(&err);
}

static void read_devices(struct reader *r)
{
	struct driver_facts facts = {0};

	probe(r, &facts);
	if (r->diags->n_errors)
		return;
	r->s->caps = facts.caps;
	r->s->driver_name = facts.name;
	r->s->driver_version = facts.version;
	r->s->devices_pos = pos_of(r, "devices");
	check_ladder(r, (double)facts.inner_watch_ns * 1e-9);
	device_list_read(r->mem, r->f, &facts, r->s, r->diags);
}

struct chips_settings *chips_settings_read(struct arena *mem, const struct backend_env *env,
					   struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	struct chips_settings *s = arena_zalloc(mem, sizeof(*s));
	struct reader r = {.mem = mem, .env = env, .f = env->settings, .diags = diags, .s = s};

	s->name = arena_strdup(mem, env->name);
	s->grace_s = env->grace_s;
	if (!env->settings) {
		diag_hint(diag_error(diags, s->pos, "the backend '%s' is not configured", s->name),
			  "backends: { %s: { driver: \"sim\" } }; docs/drivers.md", s->name);
		return NULL;
	}
	r.cfg = cfg_fields_cfg(r.f);
	s->pos = pos_of(&r, "");
	read_places(&r);
	s->driver = read_driver(&r);
	s->options = read_options(&r);
	read_budgets(&r);
	read_pool(&r);
	read_gang(&r);
	read_health(&r);
	read_watch(&r);
	cfg_fields_allow(r.f, "devices");
	cfg_fields_allow(r.f, "fault_domains");
	if (diags->n_errors == n_before)
		read_devices(&r);
	return diags->n_errors == n_before ? s : NULL;
}
