/* SPDX-License-Identifier: Apache-2.0 */
/* Builds; equal ones are made once. */
#include <string.h>

#include "base/mem.h"
#include "flow/dv/sim/jobs.h"

static const char *const build_keys[] = {
	"build_cmd",	    "build_dir",	 "build_opts", "post_build_cmds",
	"post_build_opts",  "pre_build_cmds",	 "proj_root",  "sv_flist_gen_cmd",
	"sv_flist_gen_dir", "sv_flist_gen_opts", NULL,
};

static const struct job_kind build_kind = {
	.target = "build",
	.odir_key = "build_dir",
	.timeout_key = "build_timeout_mins",
	.pass_key = "build_pass_patterns",
	.fail_key = "build_fail_patterns",
	.keys = build_keys,
	.weight = 5,
	.reuse = true,
	.joins_cmds = true,
};

static void make_build(struct job_maker *m, struct job_spec *job, const struct mode *mode)
{
	job_maker_begin(m, &build_kind, mode);
	job_names_set(&m->names, "build_mode", mode->name);
	job_names_set(&m->names, "qual_name", mode->name);
	if (m->cfg->dv->build_seed) {
		job_names_set(&m->names, "seed", m->cfg->dv->build_seed);
		job->seed = arena_strdup(m->plan->mem, m->cfg->dv->build_seed);
	}
	job_maker_finish(m, job, mode->name);
	sim_add_build_steps(m, job);
}

/* ---- equal builds ---- */

/* Same command and exports, except for the name of the mode? */
static bool is_same_build(const struct job_spec *a, const struct job_spec *b)
{
	_cleanup_(str_done) struct str text = {0};
	const char *const *x = a->rules->env, *const *y = b->rules->env;

	str_add_replaced(&text, b->command, b->name, a->name);
	if (strcmp(a->command, text.s) != 0)
		return false;
	for (; *x && *y; x++, y++) {
		str_clear(&text);
		str_add_replaced(&text, *y, b->name, a->name);
		if (strcmp(*x, text.s) != 0)
			return false;
	}
	return !*x && !*y;
}

/* ---- all ---- */

size_t sim_make_builds(struct job_maker *m, struct job_spec *jobs, uint32_t *build_of)
{
	struct dv_cfg *s = m->cfg;
	uint32_t *job_of = arena_array(s->reader.mem, s->sim->n_builds + 1, sizeof(*job_of));
	size_t n = 0;

	for (size_t i = 0; i < s->sim->n_builds; i++) {
		size_t k = 0;

		jobs[n] = (struct job_spec){0};
		make_build(m, &jobs[n], s->sim->builds[i]);
		while (k < n && !is_same_build(&jobs[n], &jobs[k]))
			k++;
		if (k < n && strcmp(s->sim->primary_build_mode, jobs[n].name) == 0)
			s->sim->primary_build_mode = jobs[k].name;
		job_of[i] = (uint32_t)k;
		n += k == n;
	}
	for (size_t i = 0; i < s->sim->n_runs; i++)
		for (size_t k = 0; k < s->sim->n_builds; k++)
			if (s->sim->runs[i].build == s->sim->builds[k])
				build_of[i] = job_of[k];
	return n;
}

bool sim_check_primary(struct dv_cfg *s, const struct job_spec *builds, size_t n)
{
	struct diag *e;

	if (n == 1)
		s->sim->primary_build_mode = builds[0].name;
	for (size_t i = 0; i < n; i++)
		if (strcmp(builds[i].name, s->sim->primary_build_mode) == 0)
			return true;
	e = diag_error(s->reader.diags, cfg_start(s->reader.cfg),
		       "'primary_build_mode' is '%s', but no selected test builds that",
		       s->sim->primary_build_mode);
	diag_hint(e, "set it to one of the build modes in use, or select its tests too");
	return false;
}
