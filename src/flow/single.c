/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched run -- CMD ARGS`: a plan of one job, without a configuration. */
#include <string.h>

#include "base/fs.h"
#include "flow/command.h"
#include "flow/names.h"
#include "flow/settings.h"

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
		.timeout_s = cmd->timeout_s,
		.is_interactive = cmd->is_interactive,
		.grace_s = settings_default.grace_s,
		.cpus = settings_default.cpus,
		.renew_odir = true, /* the record of the last time is worth keeping */
		.max_odirs = settings_default.max_odirs,
	};
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
		.odir = path_join(p->mem, block->scratch_path, name),
	};
	job->command = command_shown_argv(p->mem, job->argv);
	job->log_path = path_join(p->mem, job->odir, "log");
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
	p->scratch_root = arena_strdup(p->mem, scratch_root);
	fill_job(p, cmd, arena_strdup(p->mem, name));
	return p;
}
