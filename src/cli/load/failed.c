/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --failed RUN. A run that was made with --failed records the earlier run as its parent. Jobs that
 * failed in the parent and have not run since still count as failed.
 */
#include "cli/load/failed.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cli/load/past_args.h"
#include "cli/load/past_choice.h"

enum { NAMES_SHOWN = 5 };

static const struct src_pos nowhere;

struct finder {
	const struct args *args;
	struct arena *mem;
	struct diags *diags;
	struct failed *f;
	struct map judged;		 /* ids of jobs that have a result in a newer run */
	VEC(struct flow_again_job) jobs; /* in mem; becomes f->again->jobs */
};

/* ---- jobs that did not pass ---- */

static void add_job(struct finder *x, const struct past_job *job)
{
	struct flow_again *again = &x->f->again;

	vec_push_in(x->mem, &x->jobs, (struct flow_again_job){.id = job->id, .seed = job->seed});
	again->jobs = x->jobs.at;
	again->n = x->jobs.n;
	map_set(&again->by_id, job->id, (void *)(uintptr_t)again->n);
}

static void judge_jobs(struct finder *x, const struct past_run *run)
{
	for (size_t i = 0; i < run->n_jobs; i++) {
		const struct past_job *job = &run->jobs[i];

		if (map_has(&x->judged, job->id))
			continue;
		map_set(&x->judged, job->id, x);
		if (job->status != JOB_PASSED)
			add_job(x, job);
		else
			map_set(&x->f->again.passed, job->id,
				(void *)(uintptr_t)(job->seed ? job->seed : ""));
	}
}

/* Adds results of the parents of run, up to the first run, which selected the jobs. *run: the last
 * one read. */
static void judge_parents(struct finder *x, struct past_run *run)
{
	const char *runs = path_dir(x->mem, run->path);
	struct map seen = {0};

	while (run->parent && !map_set(&seen, run->parent, x)) {
		const char *path = arena_printf(x->mem, "%s/%s", runs, run->parent);
		_cleanup_(error_done) struct error err = {0};
		struct past_run parent;

		if (past_run_read(path, x->mem, &parent, &err) < 0) {
			diag_warning(x->diags, nowhere,
				     "--failed: %s continues %s, but what failed there and has "
				     "not run since is not known: %s",
				     run->id, run->parent, err.msg);
			break;
		}
		judge_jobs(x, &parent);
		*run = parent;
	}
	map_done(&seen);
}

static int failed_read_run(struct finder *x)
{
	struct past_run first;

	if (past_choice_read(OPT_FAILED, x->mem, &x->f->run, x->diags) < 0)
		return -1;
	judge_jobs(x, &x->f->run);
	first = x->f->run;
	judge_parents(x, &first);
	x->f->seed_base = x->f->run.seed_base;
	x->f->again.items = past_args_items(x->mem, &first);
	return 0;
}

int failed_find(struct failed *f, const struct args *args, const char *scratch_root,
		const char *cfg_path, struct diags *diags)
{
	struct past_choice choice = {
		.option = OPT_FAILED, .scratch_root = scratch_root, .cfg_path = cfg_path};
	struct finder x = {args, args->mem, diags, f, {0}, {0}};
	int rc = past_choice_find(&choice, args, &f->run, diags);

	if (rc == 0)
		rc = failed_read_run(&x);
	if (rc == 0 && f->again.n)
		past_args_compare_defines(args, &f->run, diags);
	map_done(&x.judged);
	return rc;
}

void failed_done(struct failed *f)
{
	map_done(&f->again.by_id);
	map_done(&f->again.passed);
}

/* ---- the new plan ---- */

struct plan *failed_nothing(const struct failed *f, const struct cfg *cfg,
			    const struct flow_options *options)
{
	struct plan *plan = plan_new();

	plan->name = plan->flow = "";
	plan->cfg_path = arena_strdup(plan->mem, cfg_path(cfg));
	plan->scratch_root = arena_strdup(plan->mem, options->scratch_root);
	if (str_eq(f->run.outcome, "failed"))
		log_info("--failed: nothing to do: every job passed in the run %s, which failed by "
			 "what its jobs found",
			 f->run.id);
	else
		log_info("--failed: nothing to do: every job passed in the run %s", f->run.id);
	return plan;
}

static size_t list_gone(const struct flow_again *again, struct str *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < again->n; i++) {
		if (again->jobs[i].is_there)
			continue;
		if (n < NAMES_SHOWN) {
			str_add(ret, n ? ", " : "");
			str_add_printable(ret, again->jobs[i].id, strlen(again->jobs[i].id));
		}
		n++;
	}
	if (n > NAMES_SHOWN)
		str_printf(ret, " and %zu more", n - NAMES_SHOWN);
	return n;
}

static size_t count_again(const struct flow_again *again, const struct plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_jobs; i++)
		n += map_has(&again->by_id, plan->jobs[i].id);
	return n;
}

void failed_settle(const struct failed *f, const struct args *args, struct plan *plan,
		   struct diags *diags)
{
	_cleanup_(str_done) struct str names = {0};
	size_t n_gone = list_gone(&f->again, &names), n = f->again.n;

	plan->parent = arena_strdup(plan->mem, f->run.id);
	plan->n_left = n - n_gone - count_again(&f->again, plan);
	if (n_gone == n) {
		diag_error(diags, nowhere,
			   "--failed: what did not pass in the run %s is not part of the plan any "
			   "more: %s",
			   f->run.id, names.s);
		return;
	}
	if (n_gone)
		diag_warning(diags, nowhere,
			     "--failed: %zu of the %zu jobs that did not pass in the run %s %s not "
			     "part of the plan any more: %s",
			     n_gone, n, f->run.id, n_gone == 1 ? "is" : "are", names.s);
	if (plan->n_jobs == 0)
		diag_error(diags, nowhere,
			   "--failed: %s none of the jobs that did not pass in the run %s",
			   opt_has(args, OPT_ITEMS) ? "-i selects" : "this command line selects",
			   f->run.id);
}
