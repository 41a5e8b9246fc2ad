/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slurm backend: jobs run on the nodes of a cluster, each in a submission of its own
 * (backends/farm). This file has the commands of Slurm.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "backends/backends.h"
#include "backends/farm/farm.h"
#include "backends/farm/pilots.h"
#include "backends/slurm/leftovers.h"
#include "backends/slurm/queue.h"
#include "backends/slurm/request.h"
#include "base/map.h"
#include "base/mem.h"

static const char slurm_name[] = "slurm";
/* How long sinfo may take when the configuration loads. */
static const double sites_limit_s = 30;
static const double look_default_s = 2, look_least_s = 0.1, look_most_s = 600;
enum { JOBS_DEFAULT = 1000, JOBS_MOST = 1000000 };
enum { PILOT_SLOTS = 4, PILOT_SLOTS_MOST = 4096, PILOTS = 8, PILOTS_MOST = 10000 };
static const double pilot_idle_s = 30;

struct slurm_settings {
	struct slurm_request request;
	double look_s;
	uint32_t n_most, parallel;
	struct pilots_options pilot;
	const char *program; /* NULL: this program's own path */
};

struct slurm {
	struct backend base;
	struct arena *mem;
	struct slurm_settings settings;
	struct sites sites;
	const char *const *user_options; /* of sbatch; NULL: none */
	struct map requests;		 /* rules -> their struct slurm_request */
	struct farm *farm;
	struct pilots *pilots;
	void (*closed)(void *ctx, const char *trouble);
	void *closed_ctx;
	char user[16];
};

static struct slurm *slurm_of(struct backend *b)
{
	return container_of(b, struct slurm, base);
}

/* ---- commands ---- */

static void slurm_submit_words(void *ctx, const struct farm_order *order,
			       struct command_words *words)
{
	const struct slurm *s = ctx;
	const struct job_rules *rules = order->spec ? order->spec->rules : NULL;

	command_add(words, "sbatch");
	command_add(words, "--parsable");
	command_add(words, "--no-requeue"); /* retries are dvsched's */
	command_add(words, "--export=NIL"); /* the runner gets the environment in a file */
	command_add(words, "--nodes=1");
	command_add(words, "--ntasks=1");
	command_add(words, "--chdir=/");
	command_add(words, "--job-name=%s", order->name);
	command_add(words, "--comment=%s", order->spec ? order->spec->id : "dvsched");
	command_add(words, "--output=%s", order->out_path);
	if (rules)
		request_add(map_get_address(&s->requests, rules), rules->cpus, 1, words);
	else
		request_add(&s->settings.request, 1, s->settings.pilot.n_slots, words);
	for (size_t i = 0; rules && s->user_options && s->user_options[i]; i++)
		command_add(words, "%s", s->user_options[i]);
}

static enum farm_answer slurm_submitted(void *ctx, const struct command_end *end, struct str *text)
{
	(void)ctx;
	return queue_read_answer(end, text);
}

static void slurm_look_words(void *ctx, const char *prefix, struct command_words *words)
{
	const struct slurm *s = ctx;

	(void)prefix;
	command_add(words, "squeue");
	command_add(words, "--noheader");
	command_add(words, "--user=%s", s->user);
	command_add(words, "--states=all");
	command_add(words, "--format=%s", QUEUE_FORMAT);
}

static bool slurm_seen(void *ctx, const struct command_end *end, farm_see *see, void *see_ctx)
{
	(void)ctx;
	if (end->errnum || end->exit_status != 0)
		return false;
	queue_read(end->out.s, see, see_ctx);
	return true;
}

/* Without --full, scancel with a signal leaves out the script, which is the runner. */
static void slurm_cancel_words(void *ctx, bool is_now, const char *const *ids,
			       struct command_words *words)
{
	(void)ctx;
	command_add(words, "scancel");
	command_add(words, "--quiet");
	if (is_now) {
		command_add(words, "--full");
		command_add(words, "--signal=KILL");
	}
	for (; *ids; ids++)
		command_add(words, "%s", *ids);
}

static const struct farm_ops slurm_farm_ops = {
	.system = "Slurm",
	.submit = slurm_submit_words,
	.submitted = slurm_submitted,
	.look = slurm_look_words,
	.seen = slurm_seen,
	.cancel = slurm_cancel_words,
};

/* ---- verbs ---- */

/* A slot has its share of the allocation. */
static void slurm_check_pilot(const struct slurm *s, const struct slurm_request *r,
			      const struct job_spec *spec, struct diags *diags)
{
	const struct request_value *cpus = &r->at[REQUEST_CPUS];
	uint64_t n = cpus->option ? cpus->number : 1;

	(void)s;
	if (spec->rules->cpus > n)
		diag_hint(diag_error(diags, spec->pos,
				     "'%s' needs %" PRIu32 " CPUs, and a slot of a pilot has "
				     "%" PRIu64,
				     spec->id, spec->rules->cpus, n),
			  "set 'cpus' of the backend: CPUs of each slot");
}

static void slurm_check(struct backend *b, const struct job_spec *spec, struct diags *diags)
{
	struct slurm *s = slurm_of(b);
	const struct job_rules *rules = spec->rules;
	struct slurm_request *r;

	if (map_get_address(&s->requests, rules))
		return; /* jobs of one kind share their rules */
	r = arena_zalloc(s->mem, sizeof(*r));
	map_set_address(&s->requests, rules, r);
	if (spec->is_request && !spec->request)
		diag_error(diags, spec->pos, "'%s' has no 'command' and no 'argv' to run",
			   spec->id);
	for (uint32_t i = 0; i < rules->n_backend_keys; i++)
		backend_check_foreign_key(&rules->backend_keys[i], slurm_name, diags);
	request_read_job(s->mem, &s->settings.request, rules, r, diags);
	if (r->is_pilot)
		slurm_check_pilot(s, r, spec, diags);
	else
		request_check_sites(r, &s->sites, spec, diags);
}

static bool slurm_is_pilot(const struct slurm *s, const struct job *job)
{
	const struct slurm_request *r = map_get_address(&s->requests, job->spec->rules);

	return r->is_pilot;
}

static int slurm_end_leftovers(struct backend *b, const char *run_dir, struct error *err)
{
	return leftovers_cancel(run_dir, slurm_of(b)->user, err) < 0 ? -1 : 0;
}

static void slurm_begin(struct backend *b, const char *run_dir)
{
	farm_begin(slurm_of(b)->farm, run_dir);
}

static enum submit slurm_submit(struct backend *b, const struct job *job, uint32_t attempt,
				struct error *why)
{
	struct slurm *s = slurm_of(b);

	return slurm_is_pilot(s, job) ? pilots_submit(s->pilots, job, attempt, why)
				      : farm_submit(s->farm, job, attempt, why);
}

static void slurm_kill(struct backend *b, const struct job *job, enum kill_level level,
		       enum job_reason reason)
{
	struct slurm *s = slurm_of(b);

	if (slurm_is_pilot(s, job))
		pilots_kill(s->pilots, job, level, reason);
	else
		farm_kill(s->farm, job, level, reason);
}

static void slurm_tell(struct backend *b, struct str *notes, struct json_out *json)
{
	(void)notes;
	farm_tell(slurm_of(b)->farm, json);
	pilots_tell(slurm_of(b)->pilots, json);
}

static void on_slurm_pilots_over(void *ctx)
{
	struct slurm *s = ctx;

	farm_close(s->farm, s->closed, s->closed_ctx);
}

static void slurm_close(struct backend *b, void (*closed)(void *ctx, const char *trouble),
			void *ctx)
{
	struct slurm *s = slurm_of(b);

	s->closed = closed;
	s->closed_ctx = ctx;
	pilots_close(s->pilots, on_slurm_pilots_over, s);
}

static void slurm_destroy(struct backend *b)
{
	struct slurm *s;

	if (!b)
		return;
	s = slurm_of(b);
	pilots_free(s->pilots);
	farm_free(s->farm);
	map_done(&s->requests);
	arena_free(s->mem);
	free(s);
}

static const struct backend_ops slurm_ops = {
	.name = slurm_name,
	.check = slurm_check,
	.end_leftovers = slurm_end_leftovers,
	.begin = slurm_begin,
	.submit = slurm_submit,
	.kill = slurm_kill,
	.tell = slurm_tell,
	.close = slurm_close,
	.destroy = slurm_destroy,
};

/* ---- settings ---- */

static void slurm_read_pilot(struct arena *mem, struct cfg_fields *settings,
			     struct pilots_options *ret)
{
	struct cfg_fields *f = cfg_fields_new(cfg_fields_cfg(settings),
					      cfg_fields_node(settings, "pilot"), "pilot",
					      cfg_fields_diags(settings));
	const char *host;

	ret->n_slots = (uint32_t)cfg_fields_int(f, "slots", 1, PILOT_SLOTS_MOST, PILOT_SLOTS);
	ret->n_most = (uint32_t)cfg_fields_int(f, "most", 1, PILOTS_MOST, PILOTS);
	ret->idle_s = cfg_fields_duration(f, "idle", pilot_idle_s);
	host = cfg_fields_string(f, "host", NULL);
	ret->host = host ? arena_strdup(mem, host) : NULL;
	cfg_fields_end(f);
}

static void slurm_read_settings(struct arena *mem, struct cfg_fields *f, struct slurm_settings *ret)
{
	struct hjson_node *look = f ? cfg_fields_node(f, "look") : NULL;

	*ret = (struct slurm_settings){
		.look_s = look_default_s,
		.n_most = JOBS_DEFAULT,
		.pilot = {.n_slots = PILOT_SLOTS, .n_most = PILOTS, .idle_s = pilot_idle_s},
	};
	if (!f)
		return;
	request_read_settings(mem, f, &ret->request);
	ret->look_s = cfg_fields_duration(f, "look", look_default_s);
	if (ret->look_s < look_least_s || ret->look_s > look_most_s)
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), look,
			  "'look' must be between 0.1s and 10m");
	ret->n_most = (uint32_t)cfg_fields_int(f, "jobs", 1, JOBS_MOST, JOBS_DEFAULT);
	ret->parallel = (uint32_t)cfg_fields_int(f, "parallel", 1, JOBS_MOST, 0);
	slurm_read_pilot(mem, f, &ret->pilot);
	ret->program = cfg_fields_string(f, "program", NULL);
	if (ret->program && *ret->program != '/')
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), cfg_fields_node(f, "program"),
			  "'program' must be an absolute path");
}

void backend_slurm_check_settings(const char *name, struct cfg_fields *settings)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct slurm_settings s;

	(void)name;
	slurm_read_settings(mem, settings, &s);
}

/* Asks the cluster for its partitions. Without an answer nothing can run: an error of the machine.
 */
static int slurm_read_sites(struct slurm *s, const char *name, struct diags *diags)
{
	_cleanup_(str_done) struct str why = {0};
	struct command_end end;
	struct diag *e;
	bool is_good;

	command_run(sites_command, NULL, 0, sites_limit_s, &end);
	is_good = !end.errnum && !end.is_late && end.exit_status == 0;
	if (is_good) {
		sites_read(s->mem, end.out.s, &s->sites);
	} else {
		command_explain("sinfo", &end, &why);
		e = diag_error(diags, (struct src_pos){0}, "the backend '%s' cannot be used: %s",
			       name, why.s);
		diag_infra(diags, e);
		diag_hint(e, end.errnum ? "is Slurm installed here, and in PATH?"
					: "does `sinfo` work here?");
	}
	command_end_done(&end);
	return is_good ? 0 : -1;
}

static const char *slurm_own_program(struct arena *mem, struct diags *diags)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n > 0 && n < (ssize_t)sizeof(path))
		return arena_strndup(mem, path, (size_t)n);
	diag_error(diags, (struct src_pos){0}, "the path of dvsched cannot be read from /proc");
	return NULL;
}

static void slurm_make_farm(struct slurm *s, const struct backend_env *env)
{
	const struct farm_options options = {
		.loop = env->loop,
		.clock = env->clock,
		.scratch_root = env->scratch_root,
		.grace_s = env->grace_s,
		.job_nofile = env->job_nofile,
		.look_s = s->settings.look_s,
		.n_most = s->settings.n_most,
		.program = s->settings.program,
		.warn = env->warn,
	};

	s->farm = farm_new(&options, &slurm_farm_ops, s);
	s->settings.pilot.farm = s->farm;
	s->pilots = pilots_new(&options, &s->settings.pilot);
}

struct backend *backend_slurm_create(const struct backend_env *env, struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	struct slurm *s = xcalloc(1, sizeof(*s));

	s->mem = arena_new();
	s->base = (struct backend){.ops = &slurm_ops};
	snprintf(s->user, sizeof(s->user), "%u", (unsigned)getuid());
	slurm_read_settings(s->mem, env->settings, &s->settings);
	if (!s->settings.program)
		s->settings.program = slurm_own_program(s->mem, diags);
	if (diags->n_errors > n_before || slurm_read_sites(s, env->name, diags) < 0) {
		slurm_destroy(&s->base);
		return NULL;
	}
	if (env->options_of_user)
		s->user_options = env->options_of_user(slurm_name, s->mem);
	s->base.max_parallel = env->max_parallel ? env->max_parallel : s->settings.parallel;
	slurm_make_farm(s, env);
	return &s->base;
}
