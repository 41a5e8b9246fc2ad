/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/engines.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cli/dvsim/dvsim_env.h"

static struct backend *engines_create(struct engines *e, const struct roster_entry *entry,
				      const struct backend_env *env_base, struct diags *diags)
{
	struct cfg *cfg = e->roster->cfg;
	struct backend_env env = *env_base;
	struct backend *b;

	env.name = entry->name;
	env.others = e->at;
	env.n_others = e->n;
	if (entry->settings)
		env.settings = cfg_fields_new(
			cfg, entry->settings,
			arena_printf(cfg_mem(cfg), "backends.%s", entry->name), diags);
	b = backend_types[entry->type]->create(&env, diags);
	if (env.settings)
		cfg_fields_allow(env.settings, "type");
	if (env.settings)
		cfg_fields_end(env.settings);
	return b;
}

/* Creates the backend of this number, unless that was tried before. -1: refused. */
static int engines_make_one(struct engines *e, uint32_t no, const struct backend_env *env,
			    struct diags *diags)
{
	struct engine *one = &e->by_no[no];
	const struct roster_entry *entry = &e->roster->at[no - 1];

	if (one->is_asked_for)
		return one->backend ? 0 : -1;
	one->is_asked_for = true;
	if (entry->type == ROSTER_NO_TYPE) {
		roster_refuse_type(e->roster, entry, diags);
		return -1;
	}
	one->backend = engines_create(e, entry, env, diags);
	if (!one->backend)
		return -1;
	vec_push(e, one->backend);
	return 0;
}

static int engines_make_for(struct engines *e, const struct job_spec *spec,
			    const struct backend_env *env, struct diags *diags)
{
	int rc = engines_make_one(e, spec->backend_no, env, diags);

	for (uint32_t i = 0; i < spec->n_fallback && rc == 0; i++)
		rc = engines_make_for(e, &spec->fallback[i], env, diags);
	return rc;
}

static int engines_make_all(struct engines *e, const struct run_options *options,
			    const struct plan *plan, const struct backend_env *env,
			    struct diags *diags)
{
	int rc = engines_make_one(e, options->backend_no, env, diags);

	for (size_t i = 0; i < options->n_backend_for; i++)
		rc |= engines_make_one(e, options->backend_for[i].backend_no, env, diags);
	for (size_t i = 0; i < plan->n_jobs; i++)
		if (plan->jobs[i].backend_no)
			rc |= engines_make_for(e, &plan->jobs[i], env, diags);
	return rc;
}

/* Each slot needs a descriptor. Returns the old soft limit, for jobs; 0: unchanged. */
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

static const char *const *engines_options_of_user(const char *backend, struct arena *mem)
{
	const char *unused = dvsim_env_unused(backend);

	if (unused)
		log_warning("$%s has no effect: jobs get the environment of dvsched", unused);
	return dvsim_env_batch_options(backend, mem);
}

/* Reading takes a moment with many jobs, and few backends ask. */
static double engines_usual_s(void *ctx, const char *id)
{
	struct engines *e = ctx;

	if (!e->past)
		e->past = past_duration_read(e->plan);
	return past_duration_s(e->past, id);
}

int engines_make(struct engines *e, const struct run_options *options, const struct plan *plan,
		 struct ev_loop *loop, struct diags *diags)
{
	const struct backend_env env = {
		.loop = loop,
		.clock = clock_real(),
		.scratch_root = plan->scratch_root,
		.max_parallel = options->max_parallel,
		.grace_s = options->grace_s,
		.job_nofile = raise_nofile(),
		.cgroup_dir = e->cgroup_dir,
		.terminal = e->terminal,
		.options_of_user = plan->dv ? engines_options_of_user : NULL,
		.usual_s = engines_usual_s,
		.usual_ctx = e,
		.warn = warn_at_once,
	};
	int rc;

	e->plan = plan;
	e->roster = plan->roster;
	e->by_no = xcalloc(e->roster->n + 1, sizeof(*e->by_no));
	rc = engines_make_all(e, options, plan, &env, diags);
	return rc || diags->n_errors ? -1 : 0;
}

int engines_end_leftovers(const struct engines *e, const char *run_dir, struct error *err)
{
	int rc = 0;

	for (unsigned i = 0; i < e->n && rc == 0; i++)
		if (e->at[i]->ops->end_leftovers)
			rc = e->at[i]->ops->end_leftovers(e->at[i], run_dir, err);
	return rc;
}

void engines_begin(const struct engines *e, const char *run_dir)
{
	for (unsigned i = 0; i < e->n; i++)
		if (e->at[i]->ops->begin)
			e->at[i]->ops->begin(e->at[i], run_dir);
}

static uint32_t engines_number(const struct engines *e, const struct backend *b)
{
	uint32_t no = 1;

	while (e->by_no[no].backend != b)
		no++;
	return no;
}

void engines_add_to(const struct engines *e, struct sched *s)
{
	for (unsigned i = 0; i < e->n; i++)
		sched_add_backend(s, e->at[i], engines_number(e, e->at[i]));
}

const struct clock *engines_clock(const struct engines *e)
{
	for (unsigned i = 0; i < e->n; i++)
		if (!e->at[i]->caps.is_virtual || !e->at[i]->clock)
			return clock_real();
	return e->n == 1 ? e->at[0]->clock : clock_real();
}

bool engines_only_rehearse(const struct engines *e, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct job_spec *job = &plan->jobs[i];

		if (!e->by_no[job->backend_no].backend->caps.is_rehearsal &&
		    !job->rules->is_dry_run)
			return false;
	}
	return true;
}

void engines_warn_of_idle(const struct run_options *options, struct diags *diags)
{
	for (size_t i = 0; i < options->n_backend_for; i++)
		if (!options->backend_for[i].has_matched)
			diag_warning(diags, (struct src_pos){0},
				     "--backend-for %s=%s takes no job: none matches, or an "
				     "earlier one takes them",
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
	struct diag *e = diag_error(diags, job->spec->pos,
				    "'%s' is interactive, which the backend '%s' does not support",
				    job->spec->id, job->backend->ops->name);

	for (const struct backend_type *const *t = backend_types; *t; t++)
		if (can_be_interactive(*t, loop))
			str_printf(&names, "%s%s", names.len ? ", " : "", (*t)->name);
	diag_hint(e, "backends that support it: %s", names.s);
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
		diag_hint(
			diag_error(diags, (struct src_pos){0},
				   "--interactive needs a terminal, and standard input is not one"),
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
	free(e->by_no);
	e->by_no = NULL;
	past_duration_free(e->past);
	e->past = NULL;
}
