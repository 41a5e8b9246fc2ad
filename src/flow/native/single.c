/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched run -- CMD ARGS`: a plan of one job, without a configuration. */
#include <string.h>

#include "base/fs.h"
#include "flow/job_limits.h"
#include "flow/names.h"
#include "flow/native/command.h"
#include "flow/native/settings.h"

static const struct src_pos nowhere;

static const char *const *copy_words(struct arena *mem, const char *const *words)
{
	const char **copy;
	size_t n = 0;

	while (words[n])
		n++;
	copy = arena_array(mem, n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(mem, words[i]);
	return copy;
}

static const struct backend_key *copy_keys(struct arena *mem, const struct flow_command *cmd)
{
	struct backend_key *keys = arena_array(mem, cmd->n_backend_keys + 1u, sizeof(*keys));

	for (uint32_t i = 0; i < cmd->n_backend_keys; i++) {
		const struct backend_key *k = &cmd->backend_keys[i];

		keys[i] = (struct backend_key){
			.backend = arena_strdup(mem, k->backend),
			.key = arena_strdup(mem, k->key),
			.value = arena_strdup(mem, k->value),
			.json = arena_strdup(mem, k->json),
		};
	}
	return keys;
}

/* The keys for backends as one JSON object; NULL: none. */
static const char *request_of(struct arena *mem, const struct flow_command *cmd)
{
	_cleanup_(str_done) struct str out = {0};

	if (cmd->n_backend_keys == 0)
		return NULL;
	for (uint32_t i = 0; i < cmd->n_backend_keys; i++)
		str_printf(&out, "%s\"%s\":%s", i ? "," : "{", cmd->backend_keys[i].key,
			   cmd->backend_keys[i].json);
	str_addc(&out, '}');
	return arena_strndup(mem, out.s, out.len);
}

static const struct job_rules *make_rules(struct plan *p, const struct flow_command *cmd,
					  const char *name)
{
	static const char *const none[] = {NULL};
	struct job_rules *r = arena_zalloc(p->mem, sizeof(*r));

	*r = (struct job_rules){
		.target = name,
		.cwd = arena_strdup(p->mem, cmd->cwd),
		.env = none,
		.tags = none,
		.keep = none,
		.backend_keys = copy_keys(p->mem, cmd),
		.n_backend_keys = cmd->n_backend_keys,
		.timeout_s = cmd->timeout_s,
		.retry.max = cmd->retries,
		.is_interactive = cmd->is_interactive,
		.terminal_env = cmd->is_interactive ? cmd->terminal_env : NULL,
		.is_shown = cmd->is_shown,
		.grace_s = settings_default.grace_s,
		.cpus = settings_default.cpus,
		.renew_odir = true, /* keeps the directory of the last run */
		.max_odirs = settings_default.max_odirs,
	};
	if (!cmd->is_interactive)
		job_limits_apply(r, &cmd->limits, p->mem);
	return r;
}

static void fill_job(struct plan *p, const struct flow_command *cmd, const char *name)
{
	struct job_block *block = arena_zalloc(p->mem, sizeof(*block));
	struct job_spec *job = arena_zalloc(p->mem, sizeof(*job));

	block->name = p->name;
	block->scratch_path = path_join(p->mem, p->scratch_root, p->name);
	*job = (struct job_spec){
		.id = name,
		.name = name,
		.block = block,
		.rules = make_rules(p, cmd, name),
		.argv = copy_words(p->mem, cmd->argv),
		.request = request_of(p->mem, cmd),
		.dir = name,
		.log = "log",
	};
	job->command = command_shown_argv(p->mem, job->argv);
	p->jobs = job;
	p->n_jobs = 1;
}

struct plan *flow_plan_command(const struct flow_command *cmd, const char *scratch_root,
			       struct diags *diags)
{
	const char *name = cmd->name, *fault;
	struct plan *p;

	if (!cmd->argv[0] || !*cmd->argv[0]) {
		diag_error(diags, nowhere, "there is no command to run");
		return NULL;
	}
	if (!name)
		name = path_base(cmd->argv[0]);
	fault = name_job_fault(name);
	if (fault) {
		diag_error(diags, nowhere, "the job name '%s' %s", name, fault);
		return NULL;
	}
	p = plan_new();
	p->flow = "command";
	p->name = "command";
	p->may_move = true;
	p->scratch_root = arena_strdup(p->mem, scratch_root);
	fill_job(p, cmd, arena_strdup(p->mem, name));
	return p;
}
