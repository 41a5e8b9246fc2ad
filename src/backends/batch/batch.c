/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batch backend: jobs run in a batch system whose commands are in the configuration. This file
 * has the settings, and makes the commands; backends/farm decides when they run.
 */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "backends/batch/answers.h"
#include "backends/batch/keys.h"
#include "backends/farm/farm_backend.h"
#include "base/mem.h"

static const char batch_name[] = "batch";
/* How long the first look into the queue may take, when the configuration loads. */
static const double first_look_limit_s = 30;

struct batch_settings {
	struct farm_settings farm;
	struct farm_ops ops; /* with the name of the system */
	template submit, status, cancel, cancel_now;
	template exclude; /* of one node; NULL: it cannot be said */
	struct batch_answers answers;
	struct batch_keys keys;
	struct batch_request defaults;
	struct node_site site;
	double unseen_s;
};

struct batch {
	struct farm_backend farm; /* the first member: pointers to it point to struct batch */
	struct batch_settings settings;
	const char *user, *uid;
};

static struct batch *batch_of(struct backend *b)
{
	return container_of(farm_backend_of(b), struct batch, farm);
}

static const struct batch_request *batch_request_of(const struct batch *b,
						    const struct job_rules *rules)
{
	const struct farm_request *r = farm_backend_request(&b->farm, rules);

	return r ? container_of(r, const struct batch_request, farm) : NULL;
}

/* ---- commands ---- */

static const char *const submit_places[] = {"name",   "job",	  "out", "cpus",
					    "runner", "requests", NULL};
static const char *const status_places[] = {"prefix", "user", "uid", NULL};
static const char *const cancel_places[] = {"ids", NULL}, *const exclude_places[] = {"node", NULL};

static void batch_add_requests(const struct batch *b, const struct job_rules *rules,
			       struct command_words *to)
{
	const struct batch_settings *s = &b->settings;

	if (rules)
		batch_request_add(&s->keys, batch_request_of(b, rules), rules->cpus, 1, to);
	else
		batch_request_add(&s->keys, &s->defaults, 1, s->farm.pilot.n_slots, to);
}

static void batch_exclude(const struct batch *b, const char *const *nodes, struct command_words *to)
{
	for (; b->settings.exclude && *nodes; nodes++) {
		const char *node[] = {*nodes, NULL};

		template_expand(b->settings.exclude,
				(const struct template_place[]){{"node", node}, {0}}, to);
	}
}

static void batch_submit_words(void *ctx, const struct farm_order *order,
			       struct command_words *words)
{
	const struct batch *b = ctx;
	const struct job_rules *rules = order->spec ? order->spec->rules : NULL;
	struct command_words requests = {.mem = words->mem};
	const char *name[] = {order->name, NULL}, *out[] = {order->out_path, NULL};
	const char *job[] = {order->spec ? order->spec->id : "dvsched", NULL};
	const char *cpus[] = {
		arena_printf(words->mem, "%u",
			     (unsigned)(rules ? rules->cpus : b->settings.farm.pilot.n_slots)),
		NULL};

	batch_add_requests(b, rules, &requests);
	batch_exclude(b, order->bad_nodes, &requests);
	template_expand(b->settings.submit,
			(const struct template_place[]){
				{"name", name},
				{"job", job},
				{"out", out},
				{"cpus", cpus},
				{"runner", order->runner},
				{"requests", requests.at},
				{0},
			},
			words);
}

static enum farm_answer batch_submitted_answer(void *ctx, const struct command_end *end,
					       struct str *text)
{
	const struct batch *b = ctx;

	return batch_submitted(&b->settings.answers, b->settings.submit[0], end, text);
}

static void batch_look_words(void *ctx, const char *prefix, struct command_words *words)
{
	const struct batch *b = ctx;
	const char *prefixes[] = {prefix, NULL}, *user[] = {b->user, NULL}, *uid[] = {b->uid, NULL};

	template_expand(b->settings.status,
			(const struct template_place[]){
				{"prefix", prefixes}, {"user", user}, {"uid", uid}, {0}},
			words);
}

static bool batch_seen_answer(void *ctx, const struct command_end *end, farm_see *see,
			      void *see_ctx)
{
	const struct batch *b = ctx;

	return batch_seen(&b->settings.answers, end, see, see_ctx);
}

static void batch_cancel_words(void *ctx, bool is_now, const char *const *ids,
			       struct command_words *words)
{
	const struct batch *b = ctx;

	template_expand(is_now ? b->settings.cancel_now : b->settings.cancel,
			(const struct template_place[]){{"ids", ids}, {0}}, words);
}

static const struct farm_ops batch_farm_ops = {
	.submit = batch_submit_words,
	.submitted = batch_submitted_answer,
	.look = batch_look_words,
	.seen = batch_seen_answer,
	.cancel = batch_cancel_words,
};

/* ---- verbs ---- */

static void batch_check(struct backend *base, const struct job_spec *spec, struct diags *diags)
{
	struct batch *b = batch_of(base);
	const struct job_rules *rules = spec->rules;
	struct batch_request *r;

	if (batch_request_of(b, rules))
		return; /* jobs of one kind share their rules */
	r = arena_zalloc(b->farm.mem, sizeof(*r));
	if (spec->is_request && !spec->request)
		diag_error(diags, spec->pos, "'%s' has no 'command' and no 'argv' to run",
			   spec->id);
	for (uint32_t i = 0; i < rules->n_backend_keys; i++)
		backend_check_foreign_key(&rules->backend_keys[i], batch_name, diags);
	batch_request_read(b->farm.mem, &b->settings.keys, &b->settings.defaults, rules, r, diags);
	farm_backend_set_request(&b->farm, spec, r->has_own_keys || rules->cpus > 1, &r->farm);
	if (r->farm.mode == FARM_PILOT && rules->cpus > 1)
		diag_hint(diag_error(diags, spec->pos,
				     "'%s' needs %u CPUs, and a slot of a pilot has 1", spec->id,
				     (unsigned)rules->cpus),
			  "use mode \"job\" for it");
}

static void batch_destroy(struct backend *base)
{
	struct batch *b;

	if (!base)
		return;
	b = batch_of(base);
	farm_backend_done(&b->farm);
	batch_answers_done(&b->settings.answers);
	free(b);
}

static const struct backend_ops batch_ops = {
	.name = batch_name,
	.check = batch_check,
	.end_leftovers = farm_backend_end_leftovers,
	.begin = farm_backend_begin,
	.submit = farm_backend_submit,
	.kill = farm_backend_kill,
	.tell = farm_backend_tell,
	.close = farm_backend_close,
	.destroy = batch_destroy,
};

/* ---- settings ---- */

static void batch_need(struct cfg_fields *f, const char *key)
{
	if (!cfg_fields_node(f, key))
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), cfg_fields_object(f),
			  "'%s' is missing", key);
}

static void batch_read_commands(struct cfg_fields *f, struct batch_settings *ret)
{
	static const char *const needed[] = {"submit", "submitted", "status", "line",
					     "states", "cancel",    NULL};

	for (size_t i = 0; needed[i]; i++)
		batch_need(f, needed[i]);
	ret->submit = template_read(f, "submit", submit_places);
	ret->status = template_read(f, "status", status_places);
	ret->cancel = template_read(f, "cancel", cancel_places);
	ret->cancel_now = template_read(f, "cancel_now", cancel_places);
	ret->exclude = template_read(f, "exclude", exclude_places);
	if (!ret->cancel_now)
		ret->cancel_now = ret->cancel;
}

/* "SLURM_" and "HOST=" are beginnings of variables. */
static void batch_read_site(struct cfg_fields *f, struct batch_settings *ret)
{
	ret->site = (struct node_site){
		.id = cfg_fields_string(f, "id_variable", ""),
		.node = cfg_fields_string(f, "node_variable", NULL),
		.variables = cfg_fields_strings(f, "node_variables", NULL),
	};
}

static void batch_read_settings(struct arena *mem, struct cfg_fields *f, struct batch_settings *ret)
{
	*ret = (struct batch_settings){.ops = batch_farm_ops};
	farm_settings_read(mem, f, &ret->farm);
	ret->ops.system = cfg_fields_string(f, "system", "the batch system");
	batch_read_commands(f, ret);
	batch_answers_read(f, &ret->answers);
	batch_keys_read(f, &ret->keys, &ret->defaults);
	batch_read_site(f, ret);
	ret->unseen_s = cfg_fields_duration(f, "unseen", 0);
}

void backend_batch_check_settings(const char *name, struct cfg_fields *settings)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct batch_settings s;

	(void)name;
	batch_read_settings(mem, settings, &s);
	batch_answers_done(&s.answers);
}

static void batch_see_nothing(void *ctx, const struct farm_sight *sight)
{
	(void)ctx;
	(void)sight;
}

/* Without an answer nothing can run: an error of the machine. */
static int batch_look_first(struct batch *b, const char *name, struct diags *diags)
{
	struct command_words words = {.mem = b->farm.mem};
	_cleanup_(str_done) struct str why = {0};
	struct command_end end;
	struct diag *e;
	int rc = 0;

	batch_look_words(b, "dvs-0-", &words);
	command_run(words.at, NULL, 0, first_look_limit_s, &end);
	if (!batch_seen_answer(b, &end, batch_see_nothing, NULL)) {
		command_explain(words.at[0], &end, &why);
		e = diag_error(diags, (struct src_pos){0}, "the backend '%s' cannot be used: %s",
			       name, why.s);
		diag_infra(diags, e);
		diag_hint(e,
			  end.errnum || end.exit_status != 0
				  ? "does `%s` work here?"
				  : "`%s`: no line of its output matches 'line' or 'empty'",
			  words.at[0]);
		rc = -1;
	}
	command_end_done(&end);
	return rc;
}

/* A user without an entry has a number only. */
static void batch_find_user(struct batch *b)
{
	const struct passwd *entry = getpwuid(getuid());

	b->uid = arena_printf(b->farm.mem, "%u", (unsigned)getuid());
	b->user = entry ? arena_strdup(b->farm.mem, entry->pw_name) : b->uid;
}

struct backend *backend_batch_create(const struct backend_env *env, struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	struct batch *b = xcalloc(1, sizeof(*b));

	if (!env->settings) {
		diag_hint(diag_error(diags, (struct src_pos){0}, "the backend '%s' has no settings",
				     env->name),
			  "a batch system is described in `backends`");
		free(b);
		return NULL;
	}
	b->farm = (struct farm_backend){
		.base = {.ops = &batch_ops},
		.mem = arena_new(),
		.farm_ops = &b->settings.ops,
	};
	batch_find_user(b);
	batch_read_settings(b->farm.mem, env->settings, &b->settings);
	b->farm.settings = b->settings.farm;
	if (diags->n_errors > n_before || batch_look_first(b, env->name, diags) < 0 ||
	    farm_backend_start(&b->farm, env, &b->settings.site, b->settings.unseen_s, diags) < 0) {
		batch_destroy(&b->farm.base);
		return NULL;
	}
	return &b->farm.base;
}
