/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that DVSim's jobs of one kind share: patterns, exports, limits, the tool's licence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "config/fields.h"
#include "flow/dv/flow.h"
#include "flow/dv/job/job.h"
#include "flow/dv/job/standing.h"
#include "flow/dv/readers.h"

/* Does a user watch the run in a GUI? A GUI does not write the log that patterns are for. */
static bool is_watched(const struct job_maker *m)
{
	return m->kind->is_run && m->kind->has_gui && dv_has_gui(m->cfg->dv);
}

static struct pattern_list read_patterns(struct job_maker *m, const struct hjson_node *list)
{
	struct pattern_list ret = {0};
	struct hjson_node *e;
	struct pattern *at;

	at = arena_array(m->plan->mem, list->n + 1, sizeof(*at));
	ret.at = at;
	hjson_for_each (e, list) {
		struct src_pos pos = cfg_pos(m->cfg->reader.cfg, e->pos);

		if (e->type != HJSON_STRING)
			continue;
		at[ret.n].text = arena_strdup(
			m->plan->mem,
			key_text_expand(&m->texts, cfg_string(m->cfg->reader.cfg, e), e));
		if (pos.file)
			pos.file = arena_strdup(m->plan->mem, pos.file);
		at[ret.n++].pos = pos;
	}
	return ret;
}

/* Patterns without a {word} are read once for all jobs. */
static struct pattern_list job_patterns(struct job_maker *m, const char *key)
{
	const struct hjson_node *list = key && !is_watched(m) ? job_names_root_value(&m->names, key)
							      : NULL;
	unsigned n_before = m->texts.n_expanded;
	const struct pattern_list *known;
	struct pattern_list ret = {0};

	if (!list || list->type != HJSON_ARRAY)
		return ret;
	known = map_get(&m->cache.patterns, key);
	if (known)
		return *known;
	ret = read_patterns(m, list);
	if (m->texts.n_expanded == n_before)
		map_set(&m->cache.patterns, key,
			arena_memdup(m->cfg->reader.mem, &ret, sizeof(ret)));
	return ret;
}

static const char **copy_env(struct job_maker *m, const struct map *values)
{
	const char **env = arena_array(m->plan->mem, values->n_live + 1, sizeof(*env));
	const struct map_entry *e;
	size_t at = 0, n = 0;

	while ((e = map_next(values, &at)))
		env[n++] = arena_printf(m->plan->mem, "%.*s=%s", (int)e->key_len, e->key,
					(const char *)e->value);
	return env;
}

/* As by Python's str(). */
static const char *export_text(struct job_maker *m, struct hjson_node *value)
{
	struct cfg *c = m->cfg->reader.cfg;
	const char *text = cfg_scalar_text(c, value);

	if (value->type == HJSON_BOOL)
		return value->i ? "True" : "False";
	if (value->type == HJSON_NULL)
		return "None";
	if (text)
		return key_text_expand(&m->texts, text, value);
	cfg_error(c, m->texts.diags, value, "an export is a string, a number or a bool");
	m->texts.is_wrong = true;
	return "";
}

/* `exports`: a list of objects; later ones override earlier ones. */
static const char *const *read_exports(struct job_maker *m)
{
	const struct hjson_node *list = job_names_root_value(&m->names, "exports");
	struct hjson_node *e, *v;
	struct cfg *c = m->cfg->reader.cfg;
	struct map values = {0};
	const char **env;

	if (list && list->type == HJSON_ARRAY)
		hjson_for_each (e, list) {
			if (e->type != HJSON_OBJECT) {
				cfg_error(c, m->texts.diags, e,
					  "an export is an object: { NAME: value }");
				m->texts.is_wrong = true;
				continue;
			}
			hjson_for_each (v, e)
				if (!v->shadowed)
					map_set(&values, hjson_key_cstr(cfg_doc(c), v),
						(void *)export_text(m, v));
		}
	if (m->export_name)
		map_set(&values, m->export_name, (void *)m->export_value);
	env = copy_env(m, &values);
	map_done(&values);
	return env;
}

/* Exports without a {word} are read once for all jobs. */
static const char *const *job_exports(struct job_maker *m)
{
	unsigned n_before = m->texts.n_expanded;
	const char *const *env = m->export_name ? NULL : m->cache.env;

	if (env)
		return env;
	env = read_exports(m);
	if (m->texts.n_expanded == n_before && !m->export_name && !m->texts.is_wrong)
		m->cache.env = env;
	return env;
}

static bool same_texts(const char *const *a, const char *const *b)
{
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return !*a && !*b;
}

static double job_timeout_mins(struct job_maker *m)
{
	const struct dv_options *dv = m->cfg->dv;
	const struct hjson_node *n, *by;
	const char *given = m->kind->is_run ? dv->run_timeout_mins : dv->build_timeout_mins;
	double value = 60, times = dv->run_timeout_multiplier;

	if (!m->kind->timeout_key || (m->kind->has_gui && dv_has_gui(dv)))
		return 0;
	n = job_names_value(&m->names, m->kind->timeout_key);
	if (!given && !n)
		return value;
	value = given			? strtod(given, NULL)
		: n->type == HJSON_REAL ? n->d
		: n->type == HJSON_INT	? (double)n->i
					: value;
	by = job_names_value(&m->names, "run_timeout_multiplier");
	if (times <= 0 && by)
		times = by->type == HJSON_REAL ? by->d : (double)by->i;
	if (m->kind->is_run && times > 0)
		value = (double)(int64_t)(value * times);
	return value;
}

static const struct resource_need *tool_need(struct job_maker *m)
{
	struct resource_need *need = arena_zalloc(m->plan->mem, sizeof(*need));
	char *name = arena_strdup(m->plan->mem, dv_cfg_text(m->cfg, "tool", ""));

	for (char *p = name; *p; p++)
		*p = ascii_upper(*p);
	need->name = name;
	need->count = 1;
	return need;
}

static const char *tool_name(struct job_maker *m)
{
	const char *name = dv_cfg_text(m->cfg, "tool", "");

	return *name ? arena_strdup(m->plan->mem, name) : NULL;
}

static const char *log_reader(struct job_maker *m)
{
	if (!*dv_cfg_text(m->cfg, "tool", ""))
		return NULL;
	return m->kind->is_run ? DV_READS_SIMULATION_LOG : DV_READS_TOOL_LOG;
}

static bool same_patterns(const struct pattern_list *a, const struct pattern_list *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; a->at != b->at && i < a->n; i++)
		if (strcmp(a->at[i].text, b->at[i].text) != 0)
			return false;
	return true;
}

static bool are_standing(const char *const *env, const struct pattern_list *pass,
			 const struct pattern_list *fail)
{
	bool ret = false;

	for (; *env; env++)
		ret |= standing_is_in(*env);
	for (uint32_t i = 0; i < pass->n; i++)
		ret |= standing_is_in(pass->at[i].text);
	for (uint32_t i = 0; i < fail->n; i++)
		ret |= standing_is_in(fail->at[i].text);
	return ret;
}

/* The wording of DVSim, which its users search for. Only for a multiple of 6 s, so that one decimal
 * is enough. */
static const char *timeout_in_minutes(struct arena *mem, double s)
{
	return s > 0 && fmod(s, 6) == 0 ? arena_printf(mem, "%.1f minutes", s / 60) : NULL;
}

/* The options of builds and runs, and --gui, precede --timeout. */
void dv_limit_time(struct job_rules *rules, const struct flow_options *options, struct arena *mem)
{
	const struct dv_options *dv = options->dv;
	const char *own = NULL;

	if (dv && strcmp(rules->target, "build") == 0)
		own = dv->build_timeout_mins;
	else if (dv && strcmp(rules->target, "run") == 0)
		own = dv->run_timeout_mins;
	else
		dv = NULL;
	if (own || (dv && dv_has_gui(dv)))
		return;
	rules->timeout_s = options->limits.timeout_s;
	rules->timeout_text = timeout_in_minutes(mem, rules->timeout_s);
}

static const struct job_rules *rules_new(struct job_maker *m, const char *const *env,
					 const struct pattern_list *pass,
					 const struct pattern_list *fail)
{
	static const char *const none[] = {NULL}, *const bazel[] = {"bazel*", NULL};
	struct job_rules *r = arena_zalloc(m->plan->mem, sizeof(*r));
	double timeout_s = job_timeout_mins(m) * 60;

	*r = (struct job_rules){
		.target = m->kind->target,
		.cwd = m->cwd,
		.env = env,
		.tags = none,
		.keep = bazel,
		.pass_patterns = *pass,
		.fail_patterns = *fail,
		.resources = tool_need(m),
		.n_resources = 1,
		.timeout_s = timeout_s,
		.timeout_text = timeout_in_minutes(m->plan->mem, timeout_s),
		.grace_s = -1,
		.weight = m->kind->weight,
		.cpus = 1,
		.retry.reuse = m->kind->reuse,
		.renew_odir = m->kind->renew,
		.plain_stamps = m->kind->plain_stamps,
		.max_odirs = m->kind->max_odirs	     ? m->kind->max_odirs
			     : m->cfg->dv->max_odirs ? m->cfg->dv->max_odirs
						     : 5,
		.tool = tool_name(m),
		.log_reader = log_reader(m),
		.is_command = true,
		.dump_env = true,
		.is_dry_run = m->cfg->dv->is_dry_run,
		.is_interactive = m->cfg->options->is_interactive,
		.terminal_env = m->cfg->options->is_interactive ? m->cfg->options->terminal_env
								: NULL,
	};
	return r;
}

/* Runs of one test share their rules, unless a {word} in an export or a pattern differs. */
const struct job_rules *job_maker_rules(struct job_maker *m)
{
	const char *const *env = job_exports(m);
	const struct pattern_list pass = job_patterns(m, m->kind->pass_key);
	const struct pattern_list fail = job_patterns(m, m->kind->fail_key);
	const struct job_rules *last = m->cache.last;

	m->differs |= m->is_standing && are_standing(env, &pass, &fail);
	if (last && (last->env == env || same_texts(last->env, env)) &&
	    same_patterns(&last->pass_patterns, &pass) &&
	    same_patterns(&last->fail_patterns, &fail))
		return last;
	m->cache.last = rules_new(m, env, &pass, &fail);
	return m->cache.last;
}
