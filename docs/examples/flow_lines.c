/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example flow: `commands: [ … ]` has one command per job, and the jobs need nothing of each
 * other. Its runs have a report of their own (report_totals.c). How to plug it in: the end of
 * docs/architecture.md.
 */
#include "base/fs.h"
#include "flow/roster.h"
#include "flow/types.h"

static const struct job_rules *lines_rules(struct plan *plan, struct cfg *c)
{
	static const char *const none[] = {NULL};
	struct job_rules *r = arena_zalloc(plan->mem, sizeof(*r));

	*r = (struct job_rules){
		.target = "line",
		.cwd = arena_strdup(plan->mem, cfg_dir(c)),
		.env = none,
		.tags = none,
		.keep = none,
		.grace_s = -1,
		.cpus = 1,
	};
	return r;
}

static void lines_job(struct plan *plan, const char *command, struct job_spec *ret)
{
	const char **argv = arena_array(plan->mem, 4, sizeof(*argv));

	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = ret->command = arena_strdup(plan->mem, command);
	ret->argv = argv;
	ret->id = ret->name = ret->dir = arena_printf(plan->mem, "line%zu", plan->n_jobs + 1);
	ret->log = "log";
}

/* Adds the jobs; they share block and rules. */
static void lines_read(struct plan *plan, struct cfg *c, struct hjson_node *list,
		       struct diags *diags)
{
	struct job_block *block = arena_zalloc(plan->mem, sizeof(*block));
	const struct job_rules *rules = lines_rules(plan, c);
	struct hjson_node *e;

	block->name = plan->name;
	block->scratch_path = path_join(plan->mem, plan->scratch_root, plan->name);
	plan->jobs = arena_array(plan->mem, list->n + 1, sizeof(*plan->jobs));
	hjson_for_each (e, list) {
		struct job_spec *job = &plan->jobs[plan->n_jobs];

		if (e->type != HJSON_STRING) {
			cfg_error(c, diags, e, "a command is a string");
			continue;
		}
		*job = (struct job_spec){.block = block, .rules = rules, .pos = cfg_pos(c, e->pos)};
		lines_job(plan, hjson_cstr(cfg_doc(c), e), job);
		plan->n_jobs++;
	}
}

static struct plan *lines_make(const struct flow_type *type, struct cfg *c,
			       const struct flow_options *options, struct diags *diags)
{
	struct hjson_node *list = hjson_get(cfg_root(c), "commands");
	unsigned n_before = diags->n_errors;
	struct plan *plan;

	if (!list || list->type != HJSON_ARRAY || list->n == 0) {
		diag_error(diags, cfg_start(c), "'commands' must be a list of commands");
		return NULL;
	}
	plan = plan_new();
	plan->flow = plan->name = type->name;
	plan->cfg_path = arena_strdup(plan->mem, cfg_path(c));
	plan->scratch_root = arena_strdup(plan->mem, options->scratch_root);
	plan->roster = roster_read(plan->mem, c, options->backend_types);
	lines_read(plan, c, list, diags);
	if (diags->n_errors == n_before)
		return plan;
	plan_free(plan);
	return NULL;
}

static void lines_replace_words(struct cfg *c, const struct flow_options *options, bool must_use,
				struct diags *diags)
{
	(void)c, (void)options, (void)must_use, (void)diags; /* this flow replaces no {words} */
}

const struct flow_type flow_lines = {
	.name = "lines",
	.help = "a list of commands",
	.kind = FLOW_NATIVE,
	.report = "totals",
	.make = lines_make,
	.replace_words = lines_replace_words,
};
