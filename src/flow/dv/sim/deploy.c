/* SPDX-License-Identifier: Apache-2.0 */
/* Builds, runs and coverage: all jobs of a simulation together. */
#include <string.h>

#include "flow/dv/sim/jobs.h"

struct sim_deploy {
	struct maker m;
	struct job_spec *builds;
	uint32_t *build_of; /* run -> the job of its build */
	struct sim_run *runs;
	size_t n_runs;
};

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
 * Has the commands of each build, run and coverage job begin, side by side: one after the other
 * they take longer than all the rest. The first run of a test stands for all of them, unless its
 * commands are its own. Nothing is kept or told; what is missed here runs when its job is made.
 */
static void rehearse(struct sim_deploy *d)
{
	struct job_spec scrap[2] = {0};
	struct plan *plan = plan_new();
	struct sim s = *d->m.sim;
	struct diags diags;
	struct maker r;

	diags_init(&diags);
	s.reader.diags = &diags;
	plan->scratch_root = d->m.plan->scratch_root;
	maker_copy(&r, &d->m, &s, plan);
	r.subst.options.is_rehearsal = true;
	sim_rehearse_builds(&r);
	sim_rehearse_runs(&r, d->runs, d->n_runs);
	if (sim_value(&s, "cov")->i)
		sim_make_coverage(&r, scrap, "", 0, 0);
	maker_done(&r);
	plan_free(plan);
	diags_done(&diags);
}

static void begin_runs(struct sim_deploy *d, struct sim *s)
{
	d->build_of = arena_array(s->reader.mem, s->n_runs + 1, sizeof(*d->build_of));
	d->builds = arena_array(s->reader.mem, s->n_builds + 1, sizeof(*d->builds));
	d->runs = sim_list_runs(&d->m, &d->n_runs);
	rehearse(d);
}

static void deploy_runs(struct sim_deploy *d)
{
	struct maker *m = &d->m;
	struct sim *s = m->sim;
	size_t n_builds, first, n;
	struct job_spec *jobs;

	n_builds = sim_make_builds(m, d->builds, d->build_of);
	if (m->is_wrong || !sim_check_primary(s, d->builds, n_builds))
		return;
	for (size_t i = 0; i < d->n_runs; i++)
		d->runs[i].build = d->build_of[d->runs[i].test - s->runs];
	first = s->dv->run_only ? 0 : n_builds;
	jobs = arena_array(s->reader.mem, first + d->n_runs + 3, sizeof(*jobs));
	memcpy(jobs, d->builds, first * sizeof(*jobs));
	sim_make_runs(m, d->builds, d->runs, d->n_runs, jobs + first);
	n = first + d->n_runs;
	if (sim_value(s, "cov")->i && d->n_runs && !m->is_wrong) {
		sim_make_coverage(m, jobs + n,
				  sim_coverage_dirs(m, d->builds, n_builds, d->runs, d->n_runs),
				  (uint32_t)first, d->n_runs);
		n += 2;
		if (*sim_text(s, "vplan", ""))
			sim_make_vplan(m, &jobs[n++], (uint32_t)(first + d->n_runs + 1));
	}
	if (!m->is_wrong)
		maker_add_jobs(m, jobs, n);
}

void sim_deploy_begin(struct sim *s, struct plan *plan)
{
	s->deploy = arena_zalloc(s->reader.mem, sizeof(*s->deploy));
	maker_init(&s->deploy->m, s, plan);
	if (!sim_is_on_coverage(s))
		begin_runs(s->deploy, s);
}

void sim_deploy_end(struct sim *s)
{
	struct sim_deploy *d = s->deploy;

	if (!d)
		return;
	if (sim_is_on_coverage(s))
		deploy_on_coverage(&d->m);
	else
		deploy_runs(d);
	maker_done(&d->m);
}
