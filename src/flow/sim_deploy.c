/* SPDX-License-Identifier: Apache-2.0 */
/* Runs, and all jobs of a simulation together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/sim_jobs.h"

enum { FAULTS_MOST = 20 };

static const char *const run_keys[] = {
	"build_seed",	 "post_run_cmds", "pre_run_cmds", "proj_root",	  "run_cmd",
	"run_dir",	 "run_opts",	  "seed",	  "sw_build_cmd", "sw_build_device",
	"sw_build_opts", "sw_images",	  "uvm_test",	  "uvm_test_seq", NULL,
};

const struct job_kind sim_run_kind = {
	.target = "run",
	.odir_key = "run_dir",
	.timeout_key = "run_timeout_mins",
	.pass_key = "run_pass_patterns",
	.fail_key = "run_fail_patterns",
	.keys = run_keys,
	.weight = 1,
	.renew = true,
	.joins_cmds = true,
	.is_run = true,
};

/* z01x simulates twice: the options go to the good machine by the environment, and the command
 * gets those of the fault simulation. */
static void set_fault_simulation(struct maker *m)
{
	const struct hjson_node *none = hjson_new_node(cfg_doc(m->sim->reader.cfg), HJSON_ARRAY, 0);
	const struct hjson_node *opts = sim_value(m->sim, "run_opts_fi_sim");

	maker_set_export(m, "sim_run_opts", maker_text(m, "run_opts"));
	m->run_opts = opts && opts->type == HJSON_ARRAY ? opts : none;
}

static void make_run(struct maker *m, struct job_spec *job, const struct sim_test *t,
		     const char *build, uint32_t index, const char *seed)
{
	char number[16];
	const char *dir;

	maker_begin(m, &sim_run_kind, t->mode);
	snprintf(number, sizeof(number), "%u", index);
	maker_set_name(m, "index", number);
	maker_set_name(m, "test", t->mode->name);
	maker_set_name(m, "build_mode", build);
	maker_set_name(m, "seed", seed);
	snprintf(number, sizeof(number), "%u", seed_low_bits(seed));
	maker_set_name(m, "svseed", number);
	job->seed = seed_number(m->plan->mem, seed);
	dir = maker_text(m, "run_dir_name");
	if (strcmp(sim_text(m->sim, "tool", ""), "z01x") == 0)
		set_fault_simulation(m);
	maker_finish(m, job, arena_printf(m->plan->mem, "%s.%s", dir, seed));
	sim_add_run_steps(m, job);
}

static int by_index(const void *a, const void *b)
{
	const struct sim_run *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->test < y->test ? -1 : x->test > y->test;
}

static struct sim_run *list_runs(struct sim *s, const uint32_t *build_of, size_t *ret_n)
{
	struct sim_run *runs;
	size_t n = 0;

	for (size_t i = 0; i < s->n_runs; i++)
		n += s->runs[i].reseed;
	runs = arena_array(s->reader.mem, n + 1, sizeof(*runs));
	n = 0;
	for (size_t i = 0; i < s->n_runs; i++)
		for (uint32_t k = 0; k < s->runs[i].reseed; k++)
			runs[n++] = (struct sim_run){
				&s->runs[i], k, build_of[i],
				seeds_next(s->seeds, s->full_name, s->runs[i].mode->name, k)};
	qsort(runs, n, sizeof(*runs), by_index);
	if (s->dv->gui && n > 1)
		n = 1;
	*ret_n = s->dv->build_only ? 0 : n;
	return runs;
}

static void make_runs(struct maker *m, const struct job_spec *builds, const struct sim_run *runs,
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

/* --cov-unr, --cov-analyze: one job on the coverage of earlier runs, and nothing else. */
static void deploy_on_coverage(struct maker *m)
{
	struct sim *s = m->sim;
	struct job_spec job = {0};

	if (s->dv->cov_unr)
		sim_make_unr(m, &job);
	else
		sim_make_analyze(m, &job);
	if (!m->is_wrong)
		maker_add_jobs(m, &job, 1);
}

/*
 * Notes the commands of each build, of a run of each test and of the coverage jobs, and runs them
 * side by side: one after the other they take longer than all the rest. Nothing is kept or told.
 */
static void rehearse(const struct maker *m, struct job_spec *builds, uint32_t *build_of)
{
	struct job_spec scrap[2] = {0};
	struct plan *plan = plan_new();
	struct sim s = *m->sim;
	struct diags diags;
	struct maker r;

	diags_init(&diags);
	s.reader.diags = &diags;
	plan->scratch_root = m->plan->scratch_root;
	maker_copy(&r, m, &s, plan);
	r.subst.options.is_rehearsal = true;
	sim_make_builds(&r, builds, build_of);
	for (size_t i = 0; i < s.n_runs; i++)
		make_run(&r, &scrap[0], &s.runs[i], s.runs[i].build->name, 0, "0");
	if (sim_value(&s, "cov")->i)
		sim_make_coverage(&r, scrap, "", 0, 0);
	maker_done(&r);
	plan_free(plan);
	diags_done(&diags);
	cfg_run_noted(m->sim->reader.cfg);
}

static void deploy_runs(struct maker *m)
{
	struct sim *s = m->sim;
	uint32_t *build_of = arena_array(s->reader.mem, s->n_runs + 1, sizeof(*build_of));
	struct job_spec *builds = arena_array(s->reader.mem, s->n_builds + 1, sizeof(*builds));
	size_t n_builds, n_runs, first, n;
	struct job_spec *jobs;
	struct sim_run *runs;

	rehearse(m, builds, build_of);
	n_builds = sim_make_builds(m, builds, build_of);
	if (m->is_wrong || !sim_check_primary(s, builds, n_builds))
		return;
	runs = list_runs(s, build_of, &n_runs);
	first = s->dv->run_only ? 0 : n_builds;
	jobs = arena_array(s->reader.mem, first + n_runs + 3, sizeof(*jobs));
	memcpy(jobs, builds, first * sizeof(*jobs));
	make_runs(m, builds, runs, n_runs, jobs + first);
	n = first + n_runs;
	if (sim_value(s, "cov")->i && n_runs && !m->is_wrong) {
		sim_make_coverage(m, jobs + n, sim_coverage_dirs(m, builds, n_builds, runs, n_runs),
				  (uint32_t)first, n_runs);
		n += 2;
		if (*sim_text(s, "vplan", ""))
			sim_make_vplan(m, &jobs[n++], (uint32_t)(first + n_runs + 1));
	}
	if (!m->is_wrong)
		maker_add_jobs(m, jobs, n);
}

void sim_deploy(struct sim *s, struct plan *plan)
{
	struct maker m;

	maker_init(&m, s, plan);
	if (s->dv->cov_unr || s->dv->cov_analyze)
		deploy_on_coverage(&m);
	else
		deploy_runs(&m);
	maker_done(&m);
}
