/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of one simulation, kind by kind. */
#ifndef FLOW_DV_SIM_JOBS_H
#define FLOW_DV_SIM_JOBS_H

#include "flow/dv/job/job.h"
#include "flow/dv/sim/sim.h"

struct job_template;

/* One run of a test. */
struct sim_run {
	const struct chosen_test *test;
	uint32_t index, build; /* which of its reseeds, from 0; the index of its build's job */
	const char *seed;
};

extern const struct job_kind sim_run_kind;

/* Makes the distinct builds and returns their number. build_of[i]: index of the job that builds for
 * s->sim->runs[i]. */
size_t sim_make_builds(struct job_maker *m, struct job_spec *jobs, uint32_t *build_of);
/* Is primary_build_mode, whose coverage comes first, one of the builds? If not, reports an error.
 */
bool sim_check_primary(struct dv_cfg *s, const struct job_spec *builds, size_t n);

/* runs.c: all runs in the order of their jobs, with new seeds; `build` is not set. */
struct sim_run *sim_list_runs(struct job_maker *m, size_t *ret_n);
/* How the runs of a test become jobs: by a template for all runs, or each run separately. */
struct test_jobs {
	const char *build;	       /* the {build_mode} of the test's runs */
	struct job_template *template; /* NULL: none */
	const char *template_build;    /* the build at the last try to make it; NULL: none */
	bool is_settled;	       /* another try with this build would end the same way */
	bool has_own_commands;	       /* an {eval_cmd} differs from run to run */
	const struct job_rules *rules; /* of the last run that was made separately; NULL: none */
};
/* Makes the templates that need no command, and starts the commands of all runs. */
void sim_begin_runs(struct job_maker *m, struct test_jobs *tests, const struct sim_run *runs,
		    size_t n);
void sim_make_runs(struct job_maker *m, struct test_jobs *tests, const struct sim_run *runs,
		   size_t n, struct job_spec *ret);
/*
 * again.c, for --failed: the runs that run again, with their earlier seeds; with coverage also the
 * others of the *n runs, because the databases of all runs are merged. Sets *n, and the marks of
 * the jobs in options->again.
 */
struct sim_run *sim_again_runs(struct job_maker *m, const struct sim_run *runs, size_t *n);
/* The test of job i in options->again, if that test is not selected; else NULL. */
struct mode *sim_again_missing(struct dv_cfg *s, size_t i);

/* The coverage databases of all runs: the primary build's first, the rest sorted. */
const char *sim_coverage_dirs(struct job_maker *m, const struct job_spec *builds, size_t n_builds,
			      const struct sim_run *runs, size_t n_runs);
/* Makes cov_merge and cov_report in merge[0] and merge[1]. */
void sim_make_coverage(struct job_maker *m, struct job_spec *merge, const char *dirs,
		       uint32_t first_run, size_t n_runs);
enum { SIM_MERGES_KEPT = 7 }; /* merged databases, the new one included: DVSim's number */
/* dirs, then the merged databases of earlier runs that this run keeps, newest first. */
const char *sim_add_merged(struct job_maker *m, const char *dirs);
void sim_make_vplan(struct job_maker *m, struct job_spec *job, uint32_t report);
/* Jobs that read the coverage databases of earlier runs. sim_make_unr(): the analysis of
 * unreachable code. sim_make_analyze(): the tool's viewer. */
void sim_make_unr(struct job_maker *m, struct job_spec *job);
void sim_make_analyze(struct job_maker *m, struct job_spec *job);

/* steps.c: add the steps of a job of this kind. Call them after job_maker_finish(). */
void sim_add_build_steps(struct job_maker *m, struct job_spec *job);
void sim_add_run_steps(struct job_maker *m, struct job_spec *job);
void sim_add_report_steps(struct job_maker *m, struct job_spec *job);
void sim_add_vplan_steps(struct job_maker *m, struct job_spec *job);

#endif
