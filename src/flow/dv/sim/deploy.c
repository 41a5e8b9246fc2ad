/* SPDX-License-Identifier: Apache-2.0 */
/* Builds, runs and coverage: all jobs of a simulation together. */
#include <string.h>

#include "flow/dv/block.h"
#include "flow/dv/sim/jobs.h"

enum { COVERAGE_JOBS_MOST = 3 }; /* merge, report, verification plan */

struct sim_deploy {
	struct job_maker m;
	struct job_spec *builds;
	size_t n_builds;
	bool has_builds;    /* builds and build_of are set */
	uint32_t *build_of; /* test -> the job of its build */
	struct test_jobs *tests;
	struct sim_run *runs;
	size_t n_runs;
};

/* --cov-unr, --cov-analyze: one job on the coverage of earlier runs, and nothing else. */
static void deploy_on_coverage(struct job_maker *m)
{
	struct dv_cfg *s = m->cfg;
	struct job_spec job = {0};

	if (s->dv->cov_unr)
		sim_make_unr(m, &job);
	else
		sim_make_analyze(m, &job);
	if (!m->texts.is_wrong)
		job_maker_add_jobs(m, &job, 1);
}

/* Sets the build of each run. Until equal builds are known, a build has the name of its own mode.
 */
static void set_builds(struct sim_deploy *d)
{
	const struct dv_cfg *s = d->m.cfg;

	for (size_t i = 0; i < d->n_runs; i++) {
		const struct chosen_test *t = d->runs[i].test;

		d->runs[i].build = d->build_of[t - s->sim->runs];
	}
	for (size_t i = 0; i < s->sim->n_runs; i++)
		d->tests[i].build = d->has_builds ? d->builds[d->build_of[i]].name
						  : s->sim->runs[i].build->name;
}

/* Equal builds share one job. If it has another name, sim_make_builds() has changed
 * primary_build_mode to it, which a failed attempt must undo. */
static bool try_builds(struct sim_deploy *d)
{
	struct dv_cfg *s = d->m.cfg;
	const char *primary = s->sim->primary_build_mode;
	bool is_good;

	job_maker_begin_attempt(&d->m, d->m.plan->mem);
	d->n_builds = sim_make_builds(&d->m, d->builds, d->build_of);
	is_good = job_maker_end_attempt(&d->m);
	if (!is_good)
		s->sim->primary_build_mode = primary;
	return is_good;
}

/* Only starts the commands of the coverage jobs: these jobs are made after all others. */
static void try_coverage(struct job_maker *m)
{
	struct job_spec scrap[2] = {0};

	job_maker_begin_attempt(m, m->cfg->reader.mem);
	sim_make_coverage(m, scrap, "", 0, 0);
	job_maker_end_attempt(m);
}

/*
 * Makes the jobs that need no command, and starts all commands in parallel: one after the other
 * they would take longer than everything else.
 */
static void begin_runs(struct sim_deploy *d, struct dv_cfg *s)
{
	d->build_of = arena_array(s->reader.mem, s->sim->n_runs + 1, sizeof(*d->build_of));
	d->builds = arena_array(s->reader.mem, s->sim->n_builds + 1, sizeof(*d->builds));
	d->tests = arena_array(s->reader.mem, s->sim->n_runs + 1, sizeof(*d->tests));
	d->runs = sim_list_runs(&d->m, &d->n_runs);
	d->has_builds = try_builds(d);
	set_builds(d);
	sim_begin_runs(&d->m, d->tests, d->runs, d->n_runs);
	if (dv_cfg_value(s, "cov")->i)
		try_coverage(&d->m);
}

static void deploy_runs(struct sim_deploy *d)
{
	struct job_maker *m = &d->m;
	struct dv_cfg *s = m->cfg;
	struct job_spec *jobs;
	size_t first, n;

	if (!d->has_builds) {
		d->n_builds = sim_make_builds(m, d->builds, d->build_of);
		d->has_builds = true;
		set_builds(d);
	}
	if (m->texts.is_wrong || !sim_check_primary(s, d->builds, d->n_builds))
		return;
	first = s->dv->run_only ? 0 : d->n_builds;
	jobs = dv_plan_next_jobs(m->plan, first + d->n_runs + COVERAGE_JOBS_MOST);
	memcpy(jobs, d->builds, first * sizeof(*jobs));
	sim_make_runs(m, d->tests, d->runs, d->n_runs, jobs + first);
	n = first + d->n_runs;
	if (dv_cfg_value(s, "cov")->i && d->n_runs && !m->texts.is_wrong) {
		sim_make_coverage(m, jobs + n,
				  sim_coverage_dirs(m, d->builds, d->n_builds, d->runs, d->n_runs),
				  (uint32_t)first, d->n_runs);
		n += 2;
		if (*dv_cfg_text(s, "vplan", ""))
			sim_make_vplan(m, &jobs[n++], (uint32_t)(first + d->n_runs + 1));
	}
	if (!m->texts.is_wrong)
		job_maker_add_jobs(m, jobs, n);
}

/* Configurations with the same name and variant share a block, and the testplan of the first. */
static void add_testpoints(struct dv_block *b, const struct testplan *plan)
{
	if (!b->testpoints) {
		b->testpoints = plan->points;
		b->n_testpoints = plan->n;
	}
}

void sim_deploy_begin(struct dv_cfg *s, struct plan *plan)
{
	s->sim->deploy = arena_zalloc(s->reader.mem, sizeof(*s->sim->deploy));
	job_maker_init(&s->sim->deploy->m, s, plan);
	add_testpoints(s->sim->deploy->m.dv_block, &s->sim->testplan);
	if (!sim_is_on_coverage(s))
		begin_runs(s->sim->deploy, s);
	s->n_jobs_most = s->sim->deploy->n_builds + s->sim->deploy->n_runs + COVERAGE_JOBS_MOST;
}

void sim_deploy_end(struct dv_cfg *s)
{
	struct sim_deploy *d = s->sim->deploy;

	if (!d)
		return;
	if (sim_is_on_coverage(s))
		deploy_on_coverage(&d->m);
	else
		deploy_runs(d);
	job_maker_done(&d->m);
}
