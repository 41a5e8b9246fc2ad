/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched run`: load, plan, build, subscribe, run; then finish.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/dvsim/dvsim_run.h"
#include "cli/load/outcome.h"
#include "cli/load/past_choice.h"
#include "cli/output/final_out.h"
#include "cli/resume/skip_passed.h"
#include "cli/run/assign.h"
#include "cli/run/guard.h"
#include "cli/run/purge.h"
#include "cli/run/run.h"
#include "io/loop.h"
#include "job/job_command.h"
#include "report/reports.h"
#include "resume/survivors.h"
#include "scheduler/loop_host.h"

static void print_commands(const struct plan *plan)
{
	_cleanup_(str_done) struct str room = {0};
	struct str out = {0};

	for (size_t i = 0; i < plan->n_jobs; i++)
		str_printf(&out, "%s: %s\n", plan->jobs[i].id, job_command(&plan->jobs[i], &room));
	final_write(out.s ? out.s : "", out.len);
	str_done(&out);
}

/* A job takes the terminal, or gives it back. */
static void on_terminal(void *ctx, bool is_taken)
{
	struct run *r = ctx;

	if (r->watchers.printer)
		printer_hold(r->watchers.printer, is_taken);
}

static void on_run_suspend(void *ctx, bool is_suspended)
{
	struct run *r = ctx;

	engines_suspend(&r->engines, is_suspended);
	if (r->watchers.printer)
		printer_suspend(r->watchers.printer, is_suspended);
}

/* The job that has the terminal was stopped by Ctrl-Z. */
static void on_job_suspends(void *ctx)
{
	struct run *r = ctx;

	signals_suspend(&r->signals, true);
}

/* `dvsched run -- COMMAND | head` ends when the reader ends, as COMMAND alone does. */
static void on_unread(void *ctx)
{
	struct run *r = ctx;

	signals_unread(&r->signals);
}

/* In a DVSim flow all jobs are interactive or none. Interactive ones run one after another, since
 * there is one terminal. */
static bool is_one_at_a_time(const struct run *r)
{
	return opt_has(r->args, OPT_INTERACTIVE) && r->loaded.plan->dv;
}

/* Decides what depends on the options of the run: the backend of each job, and whether any job is
 * really run. Nothing else writes these members of a plan. Creates the backends. */
static int finish_plan(struct run *r)
{
	struct plan *plan = r->loaded.plan;
	struct diags *diags = &r->loaded.diags;

	r->engines.cgroup_dir = r->cgroups.dir;
	r->engines.terminal = (struct backend_terminal){on_terminal, on_job_suspends, on_unread, r};
	if (assign_backends(plan, &r->options, diags) < 0 ||
	    engines_make(&r->engines, &r->options, plan, r->loop, diags) < 0)
		return -1;
	plan->is_rehearsal = engines_only_rehearse(&r->engines, plan);
	return 0;
}

/* Creates backends and graph: the last step that can refuse the run before anything is written. */
static int make_graph(struct run *r)
{
	struct sched_options options = {
		.max_parallel = is_one_at_a_time(r) ? 1 : r->options.max_parallel,
		.max_failures = r->options.max_failures,
		.limits = r->options.limits,
		.n_limits = r->options.n_limits,
		.on_missing = r->options.on_missing,
		.expected_memory = expected_mib,
		.memory_ctx = &r->expected,
	};
	struct diags *diags = &r->loaded.diags;

	if (finish_plan(r) == 0) {
		r->host = loop_host_new(r->loop, engines_clock(&r->engines));
		options.waits_after_s = run_waits_after_s(engines_clock(&r->engines) ==
							  clock_real());
		if (engines_clock(&r->engines) == clock_real())
			expected_init(&r->expected, r->loaded.plan, options.max_parallel,
				      &r->options.watermarks);
		r->sched = sched_new(&options, loop_host_get(r->host));
		engines_add_to(&r->engines, r->sched);
		if (sched_load(r->sched, r->loaded.plan, diags) == 0)
			engines_check_terminal(r->sched, r->loop, diags);
		engines_warn_of_idle(&r->options, diags);
		if (r->loaded.plan->is_rehearsal && r->resumed && r->resumed->is_other)
			diag_error(diags, (struct src_pos){0},
				   "--skip-passed and a rehearsal do not go together");
	}
	return load_report(r->args, &r->loaded);
}

static int open_run_dir(struct run *r)
{
	struct error err = {0};

	r->loaded.plan->may_share &= !opt_has(r->args, OPT_PURGE);
	r->dir = run_dir_new(r->loaded.plan, sched_clock(r->sched), &err);
	if (r->dir) {
		setenv(RUN_VARIABLE, run_dir_id(r->dir), 1); /* slots and workers inherit it */
		if (run_dir_warning(r->dir))
			log_warning("%s", run_dir_warning(r->dir));
		return EXIT_PASSED;
	}
	log_error("%s%s%s%s", err.pos.file ? err.pos.file : "", err.pos.file ? ": " : "", err.msg,
		  err.errnum == EBUSY ? "; wait until it has ended, or give another -sr" : "");
	error_done(&err);
	return EXIT_INFRA;
}

static void make_watchers(struct run *r)
{
	struct dvsim_run_facts facts = dvsim_run_facts(r->loaded.plan);
	struct watchers_options options = {
		.run = &r->options,
		.loop = r->loop,
		.dir = r->dir,
		.scratch_root = r->loaded.plan->scratch_root,
		.argv = r->args->argv,
		.color = load_wants_color(r->args, STDERR_FILENO),
		.is_interactive = opt_has(r->args, OPT_INTERACTIVE),
		.is_all_interactive = is_one_at_a_time(r),
		.guard_fd = r->guard_fd,
		.timestamp = facts.timestamp,
		.branch = facts.branch,
	};

	watchers_make(&r->watchers, &options);
	watchers_subscribe(&r->watchers, r->sched);
	sched_subscribe(r->sched, &r->publisher);
}

/* Gives the run its name. The journal has done so with its first record; this is for runs without a
 * journal. */
static void cmd_run_publish(struct observer *o, const struct sched *sched)
{
	struct run *r = container_of(o, struct run, publisher);
	struct error err = {0};

	(void)sched;
	if (run_dir_publish(r->dir, &err) < 0) {
		watchers_warn(&r->watchers, err.errnum, err.msg);
		error_done(&err);
	}
	guard_set_path(r->guard_fd, run_dir_path(r->dir));
	engines_begin(&r->engines, run_dir_path(r->dir));
}

/* Records the sources for a later resume, at the last moment before a job may change them. */
static void take_sources(struct run *r)
{
	const struct plan *plan = r->loaded.plan;
	const char *project = dvsim_run_facts(plan).proj_root;
	_cleanup_(freep) char *here = plan->cfg_path ? NULL : path_cwd();
	double began = clock_now(clock_real());
	struct map files = {0};
	struct sources_scope scope = {
		.dir = project		? project
		       : plan->cfg_path ? path_dir(plan->mem, plan->cfg_path)
		       : here		? here
					: "/",
		.scratch_root = plan->scratch_root,
		.config_files = &files,
		.generated = plan->generated,
	};

	if (r->loaded.cfg)
		cfg_add_files(r->loaded.cfg, &files);
	sources_scope_add_own(&scope, STDOUT_FILENO);
	sources_scope_add_own(&scope, STDERR_FILENO);
	if (log_has_file())
		sources_scope_add_own(&scope, log_file_fd());
	sources_take(&r->sources, &scope);
	sources_take_inputs(&r->sources, &scope, plan);
	map_done(&files);
	run_log_time(&began, "looking at the sources");
}

/* Without a journal, which has its own warning, the run cannot be resumed anyway. */
static void warn_of_sources(struct run *r, struct error *err)
{
	_cleanup_(freep) char *text = NULL;

	if (!error_is_set(err))
		return;
	text = xasprintf("cannot record the sources of this run for resume: %s", err->msg);
	watchers_warn(&r->watchers, err->errnum, text);
	error_done(err);
}

static int run_graph(struct run *r)
{
	double began = clock_now(clock_real());
	struct error err = {0};
	int rc = open_run_dir(r);

	if (rc != EXIT_PASSED)
		return rc;
	if (opt_has(r->args, OPT_PURGE) && purge_blocks(r->loaded.plan) < 0)
		return EXIT_INFRA;
	dvsim_run_write_files(r->loaded.plan);
	if (r->sources.mem)
		sources_save(&r->sources, run_dir_path(r->dir), &err);
	run_log_time(&began, "writing the plan");
	make_watchers(r);
	warn_of_sources(r, &err);
	signals_attach(&r->signals, r->sched, r->watchers.printer, r->guard_fd);
	if (!r->loaded.plan->is_rehearsal)
		headroom_start(&r->headroom, &r->options.watermarks, r->loop, r->sched,
			       r->watchers.clerk);
	loop_host_run(r->host, r->sched);
	headroom_stop(&r->headroom, &r->notes);
	run_log_time(&began, "running the jobs");
	return run_finish(r, &began);
}

static int check_system(void)
{
	struct error err = {0};

	if (proc_check(&err) == 0)
		return EXIT_PASSED;
	log_error("%s", err.msg);
	error_done(&err);
	return EXIT_INFRA;
}

/* Ends everything that run_loaded() began. */
static void run_close(struct run *r)
{
	watchers_finish(&r->watchers);
	engines_close(&r->engines, r->loop, &r->signals.requests.n);
	watchers_free(&r->watchers);
	if (r->dir && r->sources.mem)
		sources_end(run_dir_path(r->dir));
	sched_free(r->sched);
	expected_done(&r->expected);
	engines_free(&r->engines);
	report_free(r->report);
	sources_done(&r->sources);
	free(r->report_path);
	str_done(&r->notes);
	str_done(&r->backends_json);
	if (r->dir && r->signals.is_past_deadline)
		run_dir_leave_locks(r->dir);
	run_dir_free(r->dir);
	loop_host_free(r->host);
	signals_stop(&r->signals);
	ev_loop_destroy(r->loop);
}

/* Jobs of the run that is resumed may still be in a batch system. */
static int run_end_leftovers(const struct run *r)
{
	_cleanup_(error_done) struct error err = {0};
	_cleanup_(freep) char *dir = NULL;

	if (r->resumed->is_other || r->resumed->is_dry_run)
		return EXIT_PASSED;
	dir = run_dir_find(r->loaded.plan->scratch_root, r->resumed->id, &err);
	if (dir && engines_end_leftovers(&r->engines, dir, &err) == 0)
		return EXIT_PASSED;
	log_error("%s", err.msg);
	return EXIT_INFRA;
}

static int run_loaded(struct run *r)
{
	int rc;

	/* DVSim's dry run is a real run: `make -n`, and every job passes. */
	if (r->options.is_dry_run && !r->resumed && !(r->args->is_dvsim && r->loaded.plan->dv)) {
		print_commands(r->loaded.plan);
		return EXIT_PASSED;
	}
	rc = check_system();
	if (rc != EXIT_PASSED)
		return rc;
	if (r->cgroups.note.len)
		log_verbose("%s", r->cgroups.note.s);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	r->loop = loop_new();
	signals_start(&r->signals, r->loop, r->args, &(struct signals_client){on_run_suspend, r});
	rc = make_graph(r);
	if (rc == EXIT_PASSED && !r->loaded.plan->is_rehearsal)
		take_sources(r);
	if (rc == EXIT_PASSED && r->resumed)
		rc = resumed_end_survivors(r->resumed);
	if (rc == EXIT_PASSED && r->resumed)
		rc = run_end_leftovers(r);
	if (rc == EXIT_PASSED &&
	    (!r->resumed || resumed_apply(r->resumed, &r->sources, r->sched, &rc)))
		rc = run_graph(r);
	run_close(r);
	return rc;
}

/* The cgroup that a job of another run is in is not delegated to a run that it starts. */
static void open_cgroups(struct cgroup_run *cgroups)
{
	if (past_is_nested())
		return;
	cgroup_run_open(cgroups, "/proc");
}

int run_with(const struct args *args, struct resumed *resumed)
{
	static const struct observer_ops publisher = {.name = "publisher",
						      .run_started = cmd_run_publish};
	struct run r = {
		.args = args,
		.resumed = resumed,
		.guard_fd = -1,
		.cgroups.lock_fd = -1,
		.publisher.ops = &publisher,
	};
	struct resumed reused = {0};
	int rc;

	proc_close_to_others(); /* also the guardian, which is forked below */
	diags_init(&r.loaded.diags);
	run_options_read(args, &r.options, &r.loaded.diags);
	rc = load_report(args, &r.loaded);
	if (rc != EXIT_PASSED)
		return rc;
	/* DVSim's dry run is a real run. */
	if ((!r.options.is_dry_run || args->is_dvsim) && !opt_has(args, OPT_LIST)) {
		open_cgroups(&r.cgroups);
		r.guard_fd = guard_split(r.options.deadline_in_s, r.options.grace_s, r.cgroups.dir,
					 &rc);
		if (r.guard_fd < 0) {
			cgroup_run_close(&r.cgroups);
			return rc;
		}
	}
	rc = load_plan(args, &r.loaded);
	if (rc == EXIT_PASSED && r.loaded.reused.id) {
		rc = skip_passed_open(args, &r.loaded, &reused);
		r.resumed = &reused;
	}
	if (rc == EXIT_PASSED && r.resumed)
		resumed_prepare(r.resumed, r.loaded.plan);
	/* With --failed there may be no jobs. */
	if (rc == EXIT_PASSED && !opt_has(args, OPT_LIST) && r.loaded.plan->n_jobs)
		rc = run_loaded(&r);
	cgroup_run_close(&r.cgroups);
	resume_done(&reused.resume);
	load_done(&r.loaded);
	return rc;
}

int cmd_run(const struct args *args)
{
	return run_with(args, NULL);
}
