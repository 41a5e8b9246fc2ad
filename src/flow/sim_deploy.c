/* SPDX-License-Identifier: Apache-2.0 */
/* Builds, runs and coverage jobs, with the commands that DVSim's makefiles expect. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "flow/dv_block.h"
#include "flow/load.h"
#include "flow/names.h"
#include "flow/sim.h"

enum { MOST_NAMES = 16, FAULTS_MOST = 20 };

/* What a kind of job hands to make, in the order of the alphabet. */
static const char *const build_keys[] = {
	"build_cmd",	    "build_dir",	 "build_opts", "post_build_cmds",
	"post_build_opts",  "pre_build_cmds",	 "proj_root",  "sv_flist_gen_cmd",
	"sv_flist_gen_dir", "sv_flist_gen_opts", NULL,
};
static const char *const run_keys[] = {
	"build_seed",	 "post_run_cmds", "pre_run_cmds", "proj_root",	  "run_cmd",
	"run_dir",	 "run_opts",	  "seed",	  "sw_build_cmd", "sw_build_device",
	"sw_build_opts", "sw_images",	  "uvm_test",	  "uvm_test_seq", NULL,
};
static const char *const no_keys[] = {NULL};
static const char *const merge_keys[] = {"cov_merge_cmd", "cov_merge_opts", NULL};
static const char *const report_keys[] = {"cov_report_cmd", "cov_report_opts", NULL};

struct job_kind {
	const char *target, *odir_key, *timeout_key, *pass_key, *fail_key;
	const char *const *keys;
	int weight;
	bool renew, joins_cmds;
};

static const struct job_kind build_kind = {
	"build",
	"build_dir",
	"build_timeout_mins",
	"build_pass_patterns",
	"build_fail_patterns",
	build_keys,
	5,
	false,
	true,
};
static const struct job_kind run_kind = {
	"run", "run_dir", "run_timeout_mins", "run_pass_patterns", "run_fail_patterns", run_keys, 1,
	true,  true,
};
static const struct job_kind merge_kind = {
	"cov_merge", "cov_merge_db_dir", NULL, NULL, NULL, merge_keys, 10, false, false,
};
static const struct job_kind report_kind = {
	"cov_report", "cov_report_dir", NULL, NULL, NULL, report_keys, 10, false, false,
};

struct name {
	const char *key;
	const struct hjson_node *value;
};

/* One job on its way: its own names, then its mode's keys, then the configuration's. */
struct maker {
	struct sim *sim;
	struct plan *plan;
	const struct job_kind *kind;
	const struct mode *mode; /* NULL: none */
	struct name names[MOST_NAMES];
	size_t n_names;
	struct cfg_subst subst;
	const char *cwd;
	struct job_block *block;
	struct map lists; /* key -> array node of the mode's list, made at need */
	const struct job_rules *last_rules;
	bool is_wrong;
};

static struct arena *mem_of(const struct maker *m)
{
	return m->sim->reader.mem;
}

/* ---- names ---- */

static void set_name(struct maker *m, const char *key, const char *text)
{
	struct hjson_doc *doc = cfg_doc(m->sim->reader.cfg);

	m->names[m->n_names++] = (struct name){key, hjson_new_string(doc, text, strlen(text), 0)};
}

static bool is_key(const char *key, const char *name, size_t len)
{
	return strncmp(key, name, len) == 0 && key[len] == '\0';
}

static int find_list(const struct mode *mode, const char *name, size_t len)
{
	for (int i = 0; mode && i <= LIST_SW_BUILD_OPTS; i++)
		if (is_key(mode_list_key((enum mode_list)i), name, len))
			return i;
	return -1;
}

/* Tests and run modes have no build lists of their own; build modes have no sw_build_device. */
static bool mode_has_list(const struct mode *mode, int list)
{
	return mode->kind == MODE_BUILD || list >= LIST_PRE_RUN_CMDS;
}

static const struct hjson_node *mode_value(const struct mode *mode, const char *name, size_t len)
{
	for (int i = 0; mode && i < N_MODE_VALUES; i++)
		if (i != VALUE_BUILD_MODE && is_key(mode_value_key((enum mode_value)i), name, len))
			return mode->values[i];
	return NULL;
}

static const struct hjson_node *list_node(struct maker *m, int list)
{
	struct hjson_doc *doc = cfg_doc(m->sim->reader.cfg);
	const struct node_list *l = &m->mode->lists[list];
	const char *key = mode_list_key((enum mode_list)list);
	struct hjson_node *node = map_get(&m->lists, key);

	if (node)
		return node;
	node = hjson_new_node(doc, HJSON_ARRAY, 0);
	for (uint32_t i = 0; i < l->n; i++)
		hjson_append(doc, node, hjson_copy(doc, l->at[i]));
	map_set(&m->lists, key, node);
	return node;
}

static const struct hjson_node *lookup(void *ctx, const char *name, size_t len)
{
	struct maker *m = ctx;
	const struct hjson_node *n;
	int list;

	for (size_t i = 0; i < m->n_names; i++)
		if (is_key(m->names[i].key, name, len))
			return m->names[i].value;
	list = find_list(m->mode, name, len);
	if (list >= 0 && mode_has_list(m->mode, list))
		return list_node(m, list);
	n = mode_value(m->mode, name, len);
	if (n)
		return n;
	n = hjson_get_n(cfg_root(m->sim->reader.cfg), name, len);
	return n && n->type != HJSON_NULL ? n : NULL;
}

/* ---- texts ---- */

static const char *expand(struct maker *m, const char *text, const struct hjson_node *at)
{
	struct cfg *c = m->sim->reader.cfg;
	_cleanup_(error_done) struct error err = {0};
	const char *result;
	struct diag *e;

	if (!strchr(text, '{'))
		return text;
	result = cfg_subst_text(c, &m->subst, text, &err);
	if (result)
		return result;
	m->is_wrong = true;
	e = at && at->pos ? cfg_error(c, m->sim->reader.diags, at, "%s", err.msg)
			  : diag_error(m->sim->reader.diags, cfg_start(c), "%s", err.msg);
	diag_hint(e, "in a job '%s' of '%s'", m->kind->target,
		  m->mode ? m->mode->name : m->sim->name);
	return "";
}

/* Without blanks at both ends. */
static void add_stripped(struct str *out, const char *text)
{
	size_t n;

	while (*text && strchr(" \t\n\r\f\v", *text))
		text++;
	n = strlen(text);
	while (n && strchr(" \t\n\r\f\v", text[n - 1]))
		n--;
	str_addn(out, text, n);
}

static void add_element(struct maker *m, struct str *out, struct hjson_node *e)
{
	struct cfg *c = m->sim->reader.cfg;
	const char *text = e->type == HJSON_STRING ? hjson_cstr(cfg_doc(c), e)
						   : cfg_scalar_text(c, e);

	if (!text) {
		cfg_error(c, m->sim->reader.diags, e, "this must be a string");
		m->is_wrong = true;
		return;
	}
	add_stripped(out, expand(m, text, e));
}

/* What make is told of a key. is_raw: not to be quoted (numbers, None), as DVSim has it. */
static void add_value(struct maker *m, const char *key, struct str *out, bool *is_raw)
{
	struct cfg *c = m->sim->reader.cfg;
	const char *between = m->kind->joins_cmds && str_ends(key, "_cmds") ? " && " : " ";
	int list = find_list(m->mode, key, strlen(key));
	const struct hjson_node *n;
	struct hjson_node *e;
	struct diag *d;

	*is_raw = false;
	if (list >= 0 && mode_has_list(m->mode, list)) {
		for (uint32_t i = 0; i < m->mode->lists[list].n; i++) {
			if (i)
				str_add(out, between);
			add_element(m, out, m->mode->lists[list].at[i]);
		}
		return;
	}
	n = lookup(m, key, strlen(key));
	if (!n && strcmp(key, "build_seed") != 0 && !hjson_get(cfg_root(c), key)) {
		d = diag_error(m->sim->reader.diags, cfg_start(c),
			       "the configuration has no '%s', which a job '%s' needs", key,
			       m->kind->target);
		diag_hint(d, "set it, if only to \"\"");
		m->is_wrong = true;
	} else if (!n) {
		str_add(out, "None");
		*is_raw = true;
	} else if (n->type == HJSON_ARRAY) {
		hjson_for_each (e, n) {
			if (e != n->child)
				str_add(out, between);
			add_element(m, out, e);
		}
	} else if (n->type == HJSON_BOOL) {
		str_add(out, n->i ? "1" : "0");
		*is_raw = true;
	} else {
		add_element(m, out, (struct hjson_node *)n);
		*is_raw = n->type != HJSON_STRING;
	}
}

/* A key's text, expanded; in the plan's memory. */
static const char *text_of(struct maker *m, const char *key)
{
	_cleanup_(str_done) struct str text = {0};
	bool is_raw;

	str_reserve(&text, 0);
	add_value(m, key, &text, &is_raw);
	return arena_strndup(m->plan->mem, text.s, text.len);
}

static void make_command(struct maker *m, struct job_spec *job)
{
	_cleanup_(str_done) struct str line = {0}, value = {0};
	const char *makefile = text_of(m, "flow_makefile");
	const char **argv;
	size_t n = 0;
	bool is_raw;

	while (m->kind->keys[n])
		n++;
	argv = arena_array(m->plan->mem, n + 6, sizeof(*argv));
	n = 0;
	argv[n++] = "make";
	argv[n++] = "-f";
	argv[n++] = makefile;
	argv[n++] = m->kind->target;
	str_printf(&line, "make -f %s %s", makefile, m->kind->target);
	if (m->sim->dv->is_dry_run) {
		argv[n++] = "-n";
		str_add(&line, " -n");
	}
	for (const char *const *k = m->kind->keys; *k; k++) {
		str_clear(&value);
		str_reserve(&value, 0);
		add_value(m, *k, &value, &is_raw);
		str_printf(&line, " %s=", *k);
		if (is_raw || strcmp(*k, "seed") == 0)
			str_add(&line, value.s);
		else
			str_add_shell_word(&line, value.s);
		argv[n++] = arena_printf(m->plan->mem, "%s=%s", *k, value.s);
	}
	job->argv = argv;
	job->command = arena_strndup(m->plan->mem, line.s, line.len);
}

/* ---- rules ---- */

static struct pattern_list patterns(struct maker *m, const char *key)
{
	struct hjson_node *list = key ? sim_value(m->sim, key) : NULL, *e;
	struct pattern_list ret = {0};
	struct pattern *at;

	if (!list || list->type != HJSON_ARRAY || m->sim->dv->gui)
		return ret;
	at = arena_array(m->plan->mem, list->n + 1, sizeof(*at));
	ret.at = at;
	hjson_for_each (e, list) {
		struct src_pos pos = cfg_pos(m->sim->reader.cfg, e->pos);

		if (e->type != HJSON_STRING)
			continue;
		at[ret.n].text = arena_strdup(
			m->plan->mem, expand(m, hjson_cstr(cfg_doc(m->sim->reader.cfg), e), e));
		if (pos.file)
			pos.file = arena_strdup(m->plan->mem, pos.file);
		at[ret.n++].pos = pos;
	}
	return ret;
}

static const char **copy_env(struct maker *m, const struct map *values)
{
	const char **env = arena_array(m->plan->mem, values->n_live + 1, sizeof(*env));
	const struct map_entry *e;
	size_t at = 0, n = 0;

	while ((e = map_next(values, &at)))
		env[n++] = arena_printf(m->plan->mem, "%.*s=%s", (int)e->key_len, e->key,
					(const char *)e->value);
	return env;
}

/* `exports`: objects, the later ones win. */
static const char *const *exports(struct maker *m, const char *cov_db_dirs)
{
	struct hjson_node *list = sim_value(m->sim, "exports"), *e, *v;
	struct cfg *c = m->sim->reader.cfg;
	struct map values = {0};
	const char **env;

	if (list && list->type == HJSON_ARRAY)
		hjson_for_each (e, list) {
			if (e->type != HJSON_OBJECT) {
				cfg_error(c, m->sim->reader.diags, e,
					  "an export is an object: { NAME: value }");
				m->is_wrong = true;
				continue;
			}
			hjson_for_each (v, e) {
				const char *text = cfg_scalar_text(c, v);

				if (!v->shadowed)
					map_set(&values, hjson_key_cstr(cfg_doc(c), v),
						(void *)expand(m, text ? text : "None", v));
			}
		}
	if (cov_db_dirs)
		map_set(&values, "cov_db_dirs", (void *)cov_db_dirs);
	env = copy_env(m, &values);
	map_done(&values);
	return env;
}

static bool same_texts(const char *const *a, const char *const *b)
{
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return !*a && !*b;
}

static double minutes(struct maker *m)
{
	const struct dv_options *dv = m->sim->dv;
	const struct hjson_node *n, *by;
	const char *given = m->kind == &run_kind ? dv->run_timeout_mins : dv->build_timeout_mins;
	double value = 60, times = dv->run_timeout_multiplier;

	if (!m->kind->timeout_key || (dv->gui && m->kind != &build_kind))
		return 0;
	n = lookup(m, m->kind->timeout_key, strlen(m->kind->timeout_key));
	if (!given && !n)
		return value;
	value = given			? strtod(given, NULL)
		: n->type == HJSON_REAL ? n->d
		: n->type == HJSON_INT	? (double)n->i
					: value;
	by = lookup(m, "run_timeout_multiplier", strlen("run_timeout_multiplier"));
	if (times <= 0 && by)
		times = by->type == HJSON_REAL ? by->d : (double)by->i;
	if (m->kind == &run_kind && times > 0)
		value = (double)(int64_t)(value * times);
	return value;
}

static const struct resource_need *tool_need(struct maker *m)
{
	struct resource_need *need = arena_zalloc(m->plan->mem, sizeof(*need));
	char *name = arena_strdup(m->plan->mem, sim_text(m->sim, "tool", ""));

	for (char *p = name; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p -= 'a' - 'A';
	need->name = name;
	need->count = 1;
	return need;
}

/* Runs of one test share theirs, but where an export has a {word} in it. */
static const struct job_rules *make_rules(struct maker *m, const char *cov_db_dirs)
{
	static const char *const none[] = {NULL}, *const bazel[] = {"bazel*", NULL};
	const char *const *env = exports(m, cov_db_dirs);
	struct job_rules *r;

	if (m->last_rules && same_texts(m->last_rules->env, env))
		return m->last_rules;
	r = arena_zalloc(m->plan->mem, sizeof(*r));
	*r = (struct job_rules){
		.target = m->kind->target,
		.cwd = m->cwd,
		.env = env,
		.tags = none,
		.keep = bazel,
		.pass_patterns = patterns(m, m->kind->pass_key),
		.fail_patterns = patterns(m, m->kind->fail_key),
		.resources = tool_need(m),
		.n_resources = 1,
		.timeout_s = minutes(m) * 60,
		.grace_s = -1,
		.weight = m->kind->weight,
		.cpus = 1,
		.renew_odir = m->kind->renew,
		.max_odirs = m->sim->dv->max_odirs ? m->sim->dv->max_odirs : 5,
		.dump_env = true,
		.is_dry_run = m->sim->dv->is_dry_run,
		.is_interactive = m->sim->dv->is_interactive,
	};
	m->last_rules = r;
	return r;
}

/* ---- one job ---- */

static void begin(struct maker *m, const struct job_kind *kind, const struct mode *mode)
{
	if (mode != m->mode || kind != m->kind) {
		map_done(&m->lists);
		m->last_rules = NULL;
	}
	m->kind = kind;
	m->mode = mode;
	m->n_names = 0;
	set_name(m, "flow", m->sim->name);
	set_name(m, "name", mode ? mode->name : m->sim->name);
}

static void check_name(struct maker *m, const struct job_spec *job)
{
	const char *fault = name_job_fault(job->name);

	if (!fault)
		return;
	m->is_wrong = true;
	cfg_error(m->sim->reader.cfg, m->sim->reader.diags,
		  m->mode && m->mode->node ? m->mode->node : cfg_root(m->sim->reader.cfg),
		  "the job's name '%s' %s", text_printable(mem_of(m), job->name), fault);
}

static struct job_spec *finish(struct maker *m, struct job_spec *job, const char *name,
			       const char *cov_db_dirs)
{
	struct arena *mem = m->plan->mem;
	const struct mode *mode = m->mode;

	job->name = arena_strdup(mem, name);
	job->id = arena_printf(mem, "%s:%s", m->block->name, name);
	job->subject = arena_strdup(mem, mode ? mode->name : m->sim->name);
	job->block = m->block;
	job->rules = make_rules(m, cov_db_dirs);
	job->odir = path_absolute(mem, text_of(m, m->kind->odir_key));
	job->log_path = arena_printf(mem, "%s/%s.log", job->odir, m->kind->target);
	if (mode && mode->node && mode->node->pos) {
		job->pos = cfg_pos(m->sim->reader.cfg, mode->node->pos);
		job->pos.file = m->last_rules->cwd ? arena_strdup(mem, job->pos.file) : NULL;
	}
	make_command(m, job);
	check_name(m, job);
	return job;
}

static void make_build(struct maker *m, struct job_spec *job, const struct mode *mode)
{
	begin(m, &build_kind, mode);
	set_name(m, "build_mode", mode->name);
	set_name(m, "qual_name", mode->name);
	if (m->sim->dv->build_seed) {
		set_name(m, "seed", m->sim->dv->build_seed);
		job->seed = arena_strdup(m->plan->mem, m->sim->dv->build_seed);
	}
	finish(m, job, mode->name, NULL);
}

static void make_run(struct maker *m, struct job_spec *job, const struct sim_test *t,
		     const char *build, uint32_t index, const char *seed)
{
	char number[16];
	const char *dir;

	begin(m, &run_kind, t->mode);
	snprintf(number, sizeof(number), "%u", index);
	set_name(m, "index", number);
	set_name(m, "test", t->mode->name);
	set_name(m, "build_mode", build);
	set_name(m, "seed", seed);
	snprintf(number, sizeof(number), "%u", seed_low_bits(seed));
	set_name(m, "svseed", number);
	job->seed = arena_strdup(m->plan->mem, seed);
	dir = text_of(m, "run_dir_name");
	finish(m, job, arena_printf(m->plan->mem, "%s.%s", dir, seed), NULL);
}

/* ---- equal builds ---- */

static void add_replaced(struct str *out, const char *text, const char *from, const char *to)
{
	const char *hit;

	str_clear(out);
	str_reserve(out, 0);
	while (*from && (hit = strstr(text, from))) {
		str_addn(out, text, (size_t)(hit - text));
		str_add(out, to);
		text = hit + strlen(from);
	}
	str_add(out, text);
}

/* The same command and exports, but for the name of the mode. */
static bool is_same_build(const struct job_spec *a, const struct job_spec *b)
{
	_cleanup_(str_done) struct str text = {0};
	const char *const *x = a->rules->env, *const *y = b->rules->env;

	add_replaced(&text, b->command, b->name, a->name);
	if (strcmp(a->command, text.s) != 0)
		return false;
	for (; *x && *y; x++, y++) {
		add_replaced(&text, *y, b->name, a->name);
		if (strcmp(*x, text.s) != 0)
			return false;
	}
	return !*x && !*y;
}

/* ---- all ---- */

struct run {
	const struct sim_test *test;
	uint32_t index, build; /* build: number of its job */
	const char *seed;
};

static int by_index(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->test < y->test ? -1 : x->test > y->test;
}

static struct run *list_runs(struct sim *s, const uint32_t *build_of, size_t *ret_n)
{
	struct run *runs;
	size_t n = 0;

	for (size_t i = 0; i < s->n_runs; i++)
		n += s->runs[i].reseed;
	runs = arena_array(s->reader.mem, n + 1, sizeof(*runs));
	n = 0;
	for (size_t i = 0; i < s->n_runs; i++)
		for (uint32_t k = 0; k < s->runs[i].reseed; k++)
			runs[n++] = (struct run){
				&s->runs[i], k, build_of[i],
				seeds_next(s->seeds, s->full_name, s->runs[i].mode->name, k)};
	qsort(runs, n, sizeof(*runs), by_index);
	if (s->dv->gui && n > 1)
		n = 1;
	*ret_n = s->dv->build_only ? 0 : n;
	return runs;
}

/* Distinct builds; build_of[i]: the job of run i's build. */
static size_t make_builds(struct maker *m, struct job_spec *jobs, uint32_t *build_of)
{
	struct sim *s = m->sim;
	uint32_t *job_of = arena_array(s->reader.mem, s->n_builds + 1, sizeof(*job_of));
	size_t n = 0;

	for (size_t i = 0; i < s->n_builds; i++) {
		size_t k = 0;

		jobs[n] = (struct job_spec){0};
		make_build(m, &jobs[n], s->builds[i]);
		while (k < n && !is_same_build(&jobs[n], &jobs[k]))
			k++;
		if (k < n && strcmp(s->primary_build_mode, jobs[n].name) == 0)
			s->primary_build_mode = jobs[k].name;
		job_of[i] = (uint32_t)k;
		n += k == n;
	}
	for (size_t i = 0; i < s->n_runs; i++)
		for (size_t k = 0; k < s->n_builds; k++)
			if (s->runs[i].build == s->builds[k])
				build_of[i] = job_of[k];
	return n;
}

static bool check_primary(struct sim *s, const struct job_spec *builds, size_t n)
{
	struct diag *e;

	if (n == 1)
		s->primary_build_mode = builds[0].name;
	for (size_t i = 0; i < n; i++)
		if (strcmp(builds[i].name, s->primary_build_mode) == 0)
			return true;
	e = diag_error(s->reader.diags, cfg_start(s->reader.cfg),
		       "'primary_build_mode' is '%s', but no selected test builds that",
		       s->primary_build_mode);
	diag_hint(e, "set it to one of the build modes in use, or select its tests too");
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The coverage databases of all runs: the primary build's first, the rest sorted. */
static const char *coverage_dirs(struct maker *m, const struct job_spec *builds, size_t n_builds,
				 const struct run *runs, size_t n_runs)
{
	_cleanup_(str_done) struct str text = {0};
	const char **dirs = arena_array(mem_of(m), n_builds + 1, sizeof(*dirs));
	size_t n = 0, first = 0;

	for (size_t b = 0; b < n_builds; b++)
		for (size_t i = 0; i < n_runs; i++) {
			bool is_there = false;
			const char *dir;

			if (runs[i].build != b)
				continue;
			begin(m, &run_kind, runs[i].test->mode);
			set_name(m, "build_mode", builds[b].name);
			dir = text_of(m, "cov_db_dir");
			for (size_t k = 0; k < n && !is_there; k++)
				is_there = strcmp(dirs[k], dir) == 0;
			if (is_there)
				break;
			if (strcmp(builds[b].name, m->sim->primary_build_mode) == 0)
				first = n;
			dirs[n++] = dir;
			break;
		}
	if (n > 1) {
		const char *tmp = dirs[0];

		dirs[0] = dirs[first];
		dirs[first] = tmp;
		qsort(dirs + 1, n - 1, sizeof(*dirs), by_text);
	}
	str_reserve(&text, 0);
	for (size_t i = 0; i < n; i++)
		str_printf(&text, "%s%s", i ? " " : "", dirs[i]);
	return arena_strndup(m->plan->mem, text.s, text.len);
}

static void make_coverage(struct maker *m, struct job_spec *merge, const char *dirs,
			  uint32_t first_run, size_t n_runs)
{
	_cleanup_(str_done) struct str quoted = {0};
	uint32_t *deps = arena_array(m->plan->mem, n_runs + 1, sizeof(*deps));
	struct job_spec *report = merge + 1;

	begin(m, &merge_kind, NULL);
	set_name(m, "cov_db_dirs", dirs);
	str_add_shell_word(&quoted, dirs);
	finish(m, merge, "cov_merge", arena_strndup(m->plan->mem, quoted.s, quoted.len));
	for (size_t i = 0; i < n_runs; i++)
		deps[i] = first_run + (uint32_t)i;
	merge->deps = deps;
	merge->n_any = (uint32_t)n_runs;
	begin(m, &report_kind, NULL);
	finish(m, report, "cov_report", NULL);
	deps = arena_array(m->plan->mem, 1, sizeof(*deps));
	deps[0] = first_run + (uint32_t)n_runs;
	report->deps = deps;
	report->n_needs = 1;
}

/* Words with single blanks between, stripped: DVSim's " ".join(text.split()). */
static void add_words(struct maker *m, struct str *out, const char *key)
{
	const char *text = text_of(m, key);
	size_t n;

	for (; *text; text += n) {
		text += strspn(text, " \t\n");
		n = strcspn(text, " \t\n");
		if (n)
			str_addc(out, ' ');
		str_addn(out, text, n);
	}
}

static bool is_on_path(struct arena *mem, const char *program)
{
	const char *at = getenv("PATH");
	size_t n;

	for (; at && *at; at += n + (at[n] == ':')) {
		n = strcspn(at, ":");
		if (access(arena_printf(mem, "%.*s/%s", (int)n, at, program), X_OK) == 0)
			return true;
	}
	return false;
}

/* The one coverage job without a makefile: a verification plan annotated by dvplan. */
static void make_vplan(struct maker *m, struct job_spec *job, uint32_t report)
{
	static const struct job_kind vplan_kind = {
		"cov_vplan", "cov_vplan_dir", NULL, NULL, NULL, no_keys, 10, false, false,
	};
	_cleanup_(str_done) struct str text = {0}, line = {0};
	const char **argv = arena_array(m->plan->mem, 5, sizeof(*argv));
	const char *dir = arena_printf(m->plan->mem, "%s/cov_vplan",
				       sim_text(m->sim, "scratch_path", "")),
		   *vplan;
	uint32_t *deps = arena_array(m->plan->mem, 1, sizeof(*deps));

	begin(m, &vplan_kind, NULL);
	set_name(m, "cov_vplan_dir", dir);
	finish(m, job, "cov_vplan", NULL);
	vplan = text_of(m, "vplan");
	if (is_on_path(mem_of(m), "dvplan")) {
		str_printf(&text, "set -e; mkdir -p %s; dvplan prepare_vplan", dir);
		add_words(m, &text, "cov_vplan_prepare_opts");
		str_printf(&text, " %s %s %s/vplan_annotated.hjson && dvplan process_results",
			   path_dir(mem_of(m), path_dir(mem_of(m), vplan)), vplan, dir);
		add_words(m, &text, "cov_vplan_process_opts");
		str_printf(&text, " --coverage %s_report %s -R %s/vplan_annotated.html -s %s",
			   sim_text(m->sim, "tool", ""), text_of(m, "cov_report_dir"), dir,
			   m->sim->name);
		add_words(m, &text, "dut_instance");
		str_printf(&text, " %s/vplan_annotated.hjson", dir);
	} else {
		str_add(&text, "echo 'WARNING: dvplan tool not installed in PATH. Skipping vPlan "
			       "generation.'");
	}
	str_add(&line, "/usr/bin/env bash -c ");
	str_add_shell_word(&line, text.s);
	argv[0] = "/usr/bin/env";
	argv[1] = "bash";
	argv[2] = "-c";
	argv[3] = arena_strdup(m->plan->mem, text.s);
	job->argv = argv;
	job->command = arena_strdup(m->plan->mem, line.s);
	deps[0] = report;
	job->deps = deps;
	job->n_needs = 1;
}

static void make_runs(struct maker *m, const struct job_spec *builds, const struct run *runs,
		      size_t n, struct job_spec *ret)
{
	for (size_t i = 0; i < n && m->sim->reader.diags->n_errors < FAULTS_MOST; i++) {
		uint32_t *deps = arena_alloc(m->plan->mem, sizeof(*deps));

		make_run(m, &ret[i], runs[i].test, builds[runs[i].build].name, runs[i].index,
			 runs[i].seed);
		if (m->sim->dv->run_only)
			continue;
		deps[0] = runs[i].build;
		ret[i].deps = deps;
		ret[i].n_needs = 1;
	}
}

/* Adds jobs to the plan; deps count from the first of them. */
static void add_jobs(struct plan *plan, const struct job_spec *jobs, size_t n)
{
	struct job_spec *all = arena_array(plan->mem, plan->n_jobs + n, sizeof(*all));

	if (plan->n_jobs)
		memcpy(all, plan->jobs, plan->n_jobs * sizeof(*all));
	memcpy(all + plan->n_jobs, jobs, n * sizeof(*all));
	for (size_t i = plan->n_jobs; i < plan->n_jobs + n; i++)
		for (uint32_t k = 0; k < all[i].n_needs + all[i].n_any; k++)
			((uint32_t *)all[i].deps)[k] += (uint32_t)plan->n_jobs;
	plan->jobs = all;
	plan->n_jobs += n;
}

static void make_block(struct maker *m)
{
	m->block = arena_zalloc(m->plan->mem, sizeof(*m->block));
	m->block->name = arena_strdup(m->plan->mem, m->sim->full_name);
	m->block->scratch_path = path_absolute(m->plan->mem, sim_text(m->sim, "scratch_path", ""));
	m->block->dv = dv_plan_add(m->plan, m->sim->reader.cfg, m->sim->dv);
}

void sim_deploy(struct sim *s, struct plan *plan)
{
	struct maker m = {.sim = s, .plan = plan};
	uint32_t *build_of = arena_array(s->reader.mem, s->n_runs + 1, sizeof(*build_of));
	_cleanup_(freep) char *cwd = getcwd(NULL, 0);
	size_t n_builds, n_runs, first, n;
	struct job_spec *jobs, *builds;
	struct run *runs;

	m.subst = (struct cfg_subst){.lookup = lookup, .ctx = &m};
	m.cwd = arena_strdup(plan->mem, cwd ? cwd : "/");
	make_block(&m);
	builds = arena_array(s->reader.mem, s->n_builds + 1, sizeof(*builds));
	n_builds = make_builds(&m, builds, build_of);
	if (!m.is_wrong && check_primary(s, builds, n_builds)) {
		runs = list_runs(s, build_of, &n_runs);
		first = s->dv->run_only ? 0 : n_builds;
		jobs = arena_array(s->reader.mem, first + n_runs + 3, sizeof(*jobs));
		memcpy(jobs, builds, first * sizeof(*jobs));
		make_runs(&m, builds, runs, n_runs, jobs + first);
		n = first + n_runs;
		if (sim_value(s, "cov")->i && n_runs && !m.is_wrong) {
			make_coverage(&m, jobs + n,
				      coverage_dirs(&m, builds, n_builds, runs, n_runs),
				      (uint32_t)first, n_runs);
			n += 2;
			if (*sim_text(s, "vplan", ""))
				make_vplan(&m, &jobs[n++], (uint32_t)(first + n_runs + 1));
		}
		if (!m.is_wrong)
			add_jobs(plan, jobs, n);
	}
	map_done(&m.lists);
}
