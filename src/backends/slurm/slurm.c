/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slurm backend: jobs run on the nodes of a cluster, each in a submission of its own
 * (backends/farm). This file has the commands of Slurm.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "backends/farm/farm_backend.h"
#include "backends/slurm/queue.h"
#include "backends/slurm/request.h"
#include "base/mem.h"

static const char slurm_name[] = "slurm";
/* How long sinfo may take when the configuration loads. */
static const double sites_limit_s = 30;
static const char *const slurm_variables[] = {"SLURM_", "SLURMD_", NULL};
static const struct node_site slurm_site = {
	.id = "SLURM_JOB_ID",
	.node = "SLURMD_NODENAME",
	.variables = slurm_variables,
};

struct slurm {
	struct farm_backend farm; /* the first member: pointers to it point to struct slurm */
	struct slurm_request request;
	struct sites sites;
	const char *const *user_options; /* of sbatch; NULL: none */
	char user[16];
};

static struct slurm *slurm_of(struct backend *b)
{
	return container_of(farm_backend_of(b), struct slurm, farm);
}

static const struct slurm_request *slurm_request_of(const struct slurm *s,
						    const struct job_rules *rules)
{
	const struct farm_request *r = farm_backend_request(&s->farm, rules);

	return r ? container_of(r, const struct slurm_request, farm) : NULL;
}

/* ---- commands ---- */

static void slurm_exclude(const char *const *nodes, struct command_words *words)
{
	_cleanup_(str_done) struct str all = {0};

	for (; *nodes; nodes++)
		str_printf(&all, "%s%s", all.len ? "," : "", *nodes);
	if (all.len)
		command_add(words, "--exclude=%s", all.s);
}

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
		request_add(slurm_request_of(s, rules), rules->cpus, 1, words);
	else
		request_add(&s->request, 1, s->farm.settings.pilot.n_slots, words);
	slurm_exclude(order->bad_nodes, words);
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
static uint64_t slurm_slot_cpus(const struct slurm_request *r)
{
	const struct request_value *cpus = &r->at[REQUEST_CPUS];

	return cpus->option ? cpus->number : 1;
}

static void slurm_check_pilot(const struct slurm_request *r, const struct job_spec *spec,
			      struct diags *diags)
{
	uint64_t n = slurm_slot_cpus(r);

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

	if (slurm_request_of(s, rules))
		return; /* jobs of one kind share their rules */
	r = arena_zalloc(s->farm.mem, sizeof(*r));
	if (spec->is_request && !spec->request)
		diag_error(diags, spec->pos, "'%s' has no 'command' and no 'argv' to run",
			   spec->id);
	for (uint32_t i = 0; i < rules->n_backend_keys; i++)
		backend_check_foreign_key(&rules->backend_keys[i], slurm_name, diags);
	request_read_job(s->farm.mem, &s->request, rules, r, diags);
	farm_backend_set_request(&s->farm, spec,
				 s->user_options || r->has_own_keys ||
					 rules->cpus > slurm_slot_cpus(&s->request),
				 &r->farm);
	if (r->farm.mode == FARM_PILOT)
		slurm_check_pilot(&s->request, spec, diags);
	else
		request_check_sites(r, &s->sites, spec, diags);
}

static void slurm_destroy(struct backend *b)
{
	struct slurm *s;

	if (!b)
		return;
	s = slurm_of(b);
	farm_backend_done(&s->farm);
	free(s);
}

static const struct backend_ops slurm_ops = {
	.name = slurm_name,
	.check = slurm_check,
	.end_leftovers = farm_backend_end_leftovers,
	.begin = farm_backend_begin,
	.submit = farm_backend_submit,
	.kill = farm_backend_kill,
	.tell = farm_backend_tell,
	.close = farm_backend_close,
	.destroy = slurm_destroy,
};

/* ---- settings ---- */

static void slurm_read_settings(struct arena *mem, struct cfg_fields *f,
				struct farm_settings *ret_settings,
				struct slurm_request *ret_request)
{
	*ret_request = (struct slurm_request){0};
	farm_settings_read(mem, f, ret_settings);
	if (f)
		request_read_settings(mem, f, ret_request);
}

void backend_slurm_check_settings(const char *name, struct cfg_fields *settings)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct farm_settings s;
	struct slurm_request r;

	(void)name;
	slurm_read_settings(mem, settings, &s, &r);
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
		sites_read(s->farm.mem, end.out.s, &s->sites);
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

struct backend *backend_slurm_create(const struct backend_env *env, struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	struct slurm *s = xcalloc(1, sizeof(*s));

	s->farm = (struct farm_backend){
		.base = {.ops = &slurm_ops},
		.mem = arena_new(),
		.farm_ops = &slurm_farm_ops,
	};
	snprintf(s->user, sizeof(s->user), "%u", (unsigned)getuid());
	slurm_read_settings(s->farm.mem, env->settings, &s->farm.settings, &s->request);
	if (diags->n_errors > n_before || slurm_read_sites(s, env->name, diags) < 0 ||
	    farm_backend_start(&s->farm, env, &slurm_site, 0, diags) < 0) {
		slurm_destroy(&s->farm.base);
		return NULL;
	}
	if (env->options_of_user)
		s->user_options = env->options_of_user(slurm_name, s->farm.mem);
	return &s->farm.base;
}
