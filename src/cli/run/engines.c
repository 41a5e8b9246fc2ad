/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/engines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/vec.h"
#include "cli/load/pools.h"

static struct backend *engines_find(const struct engines *e, const char *name)
{
	for (unsigned i = 0; i < e->n; i++)
		if (strcmp(e->at[i]->ops->name, name) == 0)
			return e->at[i];
	return NULL;
}

/* What backends: {…} of the configuration says about one of them. */
static struct hjson_node *settings_of(const struct cfg *cfg, const char *name)
{
	struct hjson_node *all = cfg ? hjson_get(cfg_root(cfg), "backends") : NULL;

	return all && all->type == HJSON_OBJECT ? hjson_get(all, name) : NULL;
}

/* `npu: { type: "chips" }` is one of ours under another name. */
static const struct backend_type *engines_type_of(struct cfg *cfg, struct hjson_node *node,
						  const char *name)
{
	struct hjson_node *type = node ? hjson_get(node, "type") : NULL;

	if (type && type->type == HJSON_STRING)
		return backend_type_find(hjson_cstr(cfg_doc(cfg), type));
	return backend_type_find(name);
}

static int make_one(struct engines *e, const char *name, const struct backend_env *env_base,
		    struct cfg *cfg, struct diags *diags)
{
	struct hjson_node *node = settings_of(cfg, name);
	const struct backend_type *type = engines_type_of(cfg, node, name);
	struct backend_env env = *env_base;
	struct backend *b;

	if (!type)
		return 0; /* sched_load() says which jobs name it, with their places */
	env.name = name;
	env.others = e->at;
	env.n_others = e->n;
	if (node)
		env.settings = cfg_fields_new(
			cfg, node, arena_printf(cfg_mem(cfg), "backends.%s", name), diags);
	b = type->create(&env, diags);
	if (env.settings)
		cfg_fields_allow(env.settings, "type");
	if (env.settings)
		cfg_fields_end(env.settings);
	if (!b)
		return -1;
	vec_push(e, b);
	return 0;
}

static int make_missing(struct engines *e, const char *name, const struct backend_env *env,
			struct cfg *cfg, struct diags *diags)
{
	int rc;

	if (engines_find(e, name))
		return 0;
	if (map_has(&e->failed, name))
		return -1;
	rc = make_one(e, name, env, cfg, diags);
	if (rc < 0)
		map_set(&e->failed, name, e);
	return rc;
}

static const char *chosen_for(const struct job_spec *spec, struct run_options *options);

/* To a command that would run here its devices are lent by their pool. */
static bool is_lent_to(const struct engines *e, const struct job_spec *spec)
{
	const char *name;

	if (!pools_is_borrower(spec))
		return false;
	name = chosen_for(spec, e->options);
	return str_eq(name ? name : e->options->backend, "local");
}

static int make_pool(struct engines *e, const struct job_spec *spec, const struct backend_env *env,
		     struct diags *diags)
{
	const char *name;

	if (!is_lent_to(e, spec))
		return 0;
	name = pools_find(e->cfg, spec, diags);
	return name ? make_missing(e, name, env, e->cfg, diags) : -1;
}

static int make_for(struct engines *e, const struct job_spec *spec, const struct backend_env *env,
		    struct diags *diags)
{
	const char *name = spec->rules->backend;
	int rc = name ? make_missing(e, name, env, e->cfg, diags) : 0;

	for (uint32_t i = 0; i < spec->n_fallback && rc == 0; i++)
		rc = make_for(e, &spec->fallback[i], env, diags);
	return rc == 0 && pools_is_borrower(spec) ? make_pool(e, spec, env, diags) : rc;
}

static int make_for_jobs(struct engines *e, const struct plan *plan, const struct backend_env *env,
			 struct diags *diags)
{
	const struct job_rules *wrong = NULL; /* a sweep's mistake is told once */
	int rc = 0;

	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct job_spec *spec = &plan->jobs[i];

		if (spec->rules == wrong || make_for(e, spec, env, diags) == 0)
			continue;
		wrong = spec->rules;
		rc = -1;
	}
	return rc;
}

/* Each slot costs us a descriptor; jobs get the limit back that we were given. */
static uint64_t raise_nofile(void)
{
	struct rlimit limit;
	rlim_t was;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	was = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	return was != limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) == 0 ? was : 0;
}

static void warn_at_once(const char *text)
{
	log_warning("%s", text);
}

int engines_make(struct engines *e, struct run_options *options, const struct plan *plan,
		 struct cfg *cfg, struct ev_loop *loop, struct diags *diags)
{
	const struct backend_env env = {
		.loop = loop,
		.clock = clock_real(),
		.scratch_root = plan->scratch_root,
		.max_parallel = options->max_parallel,
		.grace_s = options->grace_s,
		.job_nofile = raise_nofile(),
		.terminal = e->terminal,
		.warn = warn_at_once,
	};
	int rc;

	e->options = options;
	e->cfg = cfg;
	rc = make_missing(e, options->backend, &env, cfg, diags);
	for (size_t i = 0; i < options->n_backend_for; i++)
		rc |= make_missing(e, options->backend_for[i].backend, &env, cfg, diags);
	rc |= make_for_jobs(e, plan, &env, diags);
	return rc || diags->n_errors ? -1 : 0;
}

void engines_add_to(const struct engines *e, struct sched *s)
{
	for (unsigned i = 0; i < e->n; i++)
		sched_add_backend(s, e->at[i]);
}

const struct clock *engines_clock(const struct engines *e)
{
	for (unsigned i = 0; i < e->n; i++)
		if (!e->at[i]->caps.is_virtual || !e->at[i]->clock)
			return clock_real();
	return e->n == 1 ? e->at[0]->clock : clock_real();
}

/* By the job's own word, or the command line's; NULL: neither says anything. */
static const char *chosen_for(const struct job_spec *spec, struct run_options *options)
{
	if (spec->rules->backend)
		return spec->rules->backend;

	for (size_t i = 0; i < options->n_backend_for; i++) {
		struct backend_for *f = &options->backend_for[i];

		if (!str_glob(f->glob, spec->id) && !str_glob(f->glob, spec->rules->target))
			continue;
		f->has_matched = true;
		return f->backend;
	}
	return NULL;
}

const char *engines_choose(const struct job_spec *spec, void *ctx)
{
	struct engines *e = ctx;

	return is_lent_to(e, spec) ? pools_find(e->cfg, spec, NULL) : chosen_for(spec, e->options);
}

bool engines_only_rehearse(const struct sched *s)
{
	for (size_t i = 0; i < sched_n_jobs(s); i++) {
		const struct job *job = sched_job(s, i);

		if (!job->backend->caps.is_rehearsal && !job->spec->rules->is_dry_run)
			return false;
	}
	return true;
}

void engines_warn_of_idle(const struct run_options *options, struct diags *diags)
{
	for (size_t i = 0; i < options->n_backend_for; i++)
		if (!options->backend_for[i].has_matched)
			diag_warning(diags, (struct src_pos){0},
				     "--backend-for %s=%s: no job is left for it",
				     options->backend_for[i].glob, options->backend_for[i].backend);
}

void engines_tell(const struct engines *e, struct str *notes, struct str *json)
{
	struct json_out out;

	jout_init(&out, -1, 0);
	jout_object(&out);
	for (unsigned i = 0; i < e->n; i++) {
		if (!e->at[i]->ops->tell)
			continue;
		jout_key(&out, e->at[i]->ops->name);
		jout_object(&out);
		e->at[i]->ops->tell(e->at[i], notes, &out);
		jout_object_end(&out);
	}
	jout_object_end(&out);
	str_addn(json, out.buf.s, out.buf.len);
	jout_done(&out);
}

static bool can_be_interactive(const struct backend_type *type, struct ev_loop *loop)
{
	const struct backend_env env = {
		.name = type->name, .loop = loop, .clock = clock_real(), .scratch_root = "/"};
	struct diags diags;
	struct backend *b;
	bool can;

	diags_init(&diags);
	b = type->create(&env, &diags);
	can = b && b->caps.is_interactive;
	if (b)
		b->ops->destroy(b);
	diags_done(&diags);
	return can;
}

static void engines_refuse_backend(const struct job *job, struct ev_loop *loop, struct diags *diags)
{
	_cleanup_(str_done) struct str names = {0};
	struct diag *e = diag_error(
		diags, job->spec->pos,
		"'%s' is to run on your terminal, which the backend '%s' cannot "
		"give it",
		job->spec->id, job->backend->ops->name);

	for (const struct backend_type *const *t = backend_types; *t; t++)
		if (can_be_interactive(*t, loop))
			str_printf(&names, "%s%s", names.len ? ", " : "", (*t)->name);
	diag_hint(e, "these can: %s", names.s);
}

void engines_check_terminal(const struct sched *s, struct ev_loop *loop, struct diags *diags)
{
	bool is_wanted = false;

	for (size_t i = 0; i < sched_n_jobs(s); i++) {
		const struct job *job = sched_job(s, i);

		if (!job->spec->rules->is_interactive)
			continue;
		is_wanted = true;
		if (job->backend->caps.is_interactive)
			continue;
		engines_refuse_backend(job, loop, diags);
		return;
	}
	if (is_wanted && !isatty(STDIN_FILENO))
		diag_hint(diag_error(diags, (struct src_pos){0},
				     "--interactive needs a terminal, and standard input is none"),
			  "start it from a terminal, without '<', '|' or nohup before it");
}

void engines_suspend(const struct engines *e, bool is_suspended)
{
	for (unsigned i = 0; i < e->n; i++)
		if (e->at[i]->ops->suspend)
			e->at[i]->ops->suspend(e->at[i], is_suspended);
}

struct closing {
	struct ev_loop *loop;
	unsigned n_open;
};

static void on_closed(void *ctx, const char *trouble)
{
	struct closing *c = ctx;

	if (trouble)
		log_warning("%s", trouble);
	if (--c->n_open == 0)
		ev_break(c->loop, EVBREAK_ALL);
}

void engines_close(const struct engines *e, struct ev_loop *loop, const unsigned *n_signals)
{
	struct closing c = {.loop = loop};
	unsigned n_before = *n_signals;

	for (unsigned i = 0; i < e->n; i++) {
		if (!e->at[i]->ops->close)
			continue;
		c.n_open++;
		e->at[i]->ops->close(e->at[i], on_closed, &c);
	}
	while (c.n_open && *n_signals == n_before && ev_run(loop, EVRUN_ONCE))
		;
}

void engines_free(struct engines *e)
{
	for (unsigned i = 0; i < e->n; i++)
		e->at[i]->ops->destroy(e->at[i]);
	vec_done(e);
	map_done(&e->failed);
}
