/* SPDX-License-Identifier: Apache-2.0 */
/* Builds, runs and coverage: all jobs of a simulation together. */
#include <string.h>

#include "flow/sim_jobs.h"

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
 * Notes the commands of each build, run and coverage job, and runs them side by side: one after the
 * other they take longer than all the rest. The first run of a test stands for all of them, unless
 * its commands are its own. Nothing is kept or told.
 */
static void rehearse(const struct maker *m, struct job_spec *builds, uint32_t *build_of,
		     const struct sim_run *runs, size_t n_runs)
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
	sim_rehearse_runs(&r, runs, n_runs);
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

	runs = sim_list_runs(s, &n_runs);
	rehearse(m, builds, build_of, runs, n_runs);
	n_builds = sim_make_builds(m, builds, build_of);
	if (m->is_wrong || !sim_check_primary(s, builds, n_builds))
		return;
	for (size_t i = 0; i < n_runs; i++)
		runs[i].build = build_of[runs[i].test - s->runs];
	first = s->dv->run_only ? 0 : n_builds;
	jobs = arena_array(s->reader.mem, first + n_runs + 3, sizeof(*jobs));
	memcpy(jobs, builds, first * sizeof(*jobs));
	sim_make_runs(m, builds, runs, n_runs, jobs + first);
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
