/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of one simulation, kind by kind. */
#ifndef FLOW_DV_SIM_JOBS_H
#define FLOW_DV_SIM_JOBS_H

#include "flow/dv/job/job.h"
#include "flow/dv/sim/sim.h"

struct job_template;

/* One run of a test: which of its reseeds, and the number of its build's job. */
struct sim_run {
	const struct sim_test *test;
	uint32_t index, build;
	const char *seed;
};

extern const struct job_kind sim_run_kind;

/* Distinct builds into jobs; build_of[i]: the job of run i's build. Returns how many. */
size_t sim_make_builds(struct job_maker *m, struct job_spec *jobs, uint32_t *build_of);
/* Is primary_build_mode, whose coverage comes first, one of them? False after an error. */
bool sim_check_primary(struct dv_cfg *s, const struct job_spec *builds, size_t n);

/* runs.c: all runs, in the order in which they are made, without their builds; draws their
 * seeds. */
struct sim_run *sim_list_runs(struct job_maker *m, size_t *ret_n);
/* How the runs of a test become jobs: by a template for all of them, or each by itself. */
struct test_jobs {
	const char *build;	       /* the {build_mode} of the test's runs */
	struct job_template *template; /* NULL: none */
	const char *template_build;    /* the build when it was tried last; NULL: it was not */
	bool is_settled;	       /* with this build, there is no need to try again */
	bool has_own_commands;	       /* an {eval_cmd} differs from run to run */
	const struct job_rules *rules; /* of the last run that was made by itself; NULL: none */
};
/* Makes the templates that wait for no command, and has the commands of all runs begin. */
void sim_begin_runs(struct job_maker *m, struct test_jobs *tests, const struct sim_run *runs,
		    size_t n);
void sim_make_runs(struct job_maker *m, struct test_jobs *tests, const struct sim_run *runs,
		   size_t n, struct job_spec *ret);
/*
 * again.c: with --failed, the runs that are to run again, with the seeds that they had, and of
 * the n others those that their coverage is merged with. What is there is marked.
 */
struct sim_run *sim_again_runs(struct job_maker *m, const struct sim_run *runs, size_t *n);
/* The test of job i of those that are to run again, if nothing selects it any more; or NULL. */
struct mode *sim_again_missing(struct dv_cfg *s, size_t i);

/* The coverage databases of all runs: the primary build's first, the rest sorted. */
const char *sim_coverage_dirs(struct job_maker *m, const struct job_spec *builds, size_t n_builds,
			      const struct sim_run *runs, size_t n_runs);
/* cov_merge and cov_report into merge[0] and merge[1]. */
void sim_make_coverage(struct job_maker *m, struct job_spec *merge, const char *dirs,
		       uint32_t first_run, size_t n_runs);
enum { SIM_MERGES_KEPT = 7 }; /* merged databases, the new one included: DVSim's number */
/* dirs and, newest first, the merged databases of earlier runs that will still be there. */
const char *sim_add_merged(struct job_maker *m, const char *dirs);
void sim_make_vplan(struct job_maker *m, struct job_spec *job, uint32_t report);
/* One job on the coverage databases of earlier runs: unreachable code, and the tool's viewer. */
void sim_make_unr(struct job_maker *m, struct job_spec *job);
void sim_make_analyze(struct job_maker *m, struct job_spec *job);

/* steps.c: after job_maker_finish() of a job of this kind. */
void sim_add_build_steps(struct job_maker *m, struct job_spec *job);
void sim_add_run_steps(struct job_maker *m, struct job_spec *job);
void sim_add_report_steps(struct job_maker *m, struct job_spec *job);
void sim_add_vplan_steps(struct job_maker *m, struct job_spec *job);

#endif
