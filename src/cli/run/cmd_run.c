/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `dvsched run`: the only file that uses every module. Load, plan, build, subscribe, run, report.
 *
 * In cli/run/: the options of a run, its backends, signals, deadline and observers. Entry:
 * cmd_run().
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/args/cmd.h"
#include "cli/dvsim/dvsim_env.h"
#include "cli/dvsim/tool_versions.h"
#include "cli/headroom/expected.h"
#include "cli/headroom/headroom.h"
#include "cli/load/load.h"
#include "cli/load/outcome.h"
#include "cli/output/final_out.h"
#include "cli/output/metrics_page.h"
#include "cli/run/assign.h"
#include "cli/run/engines.h"
#include "cli/run/guard.h"
#include "cli/run/purge.h"
#include "cli/run/rerun.h"
#include "cli/resume/resumed.h"
#include "cli/run/run.h"
#include "cli/run/signals.h"
#include "cli/resume/skip_passed.h"
#include "cli/run/watchers.h"
#include "dvsim/dv_block.h"
#include "dvsim/dv_files.h"
#include "io/loop.h"
#include "job/job_command.h"
#include "observers/instrument.h"
#include "observers/rows.h"
#include "report/ending/ending.h"
#include "report/reports.h"
#include "resume/sources.h"
#include "resume/survivors.h"
#include "run/past_run.h"
#include "scheduler/loop_host.h"

/* How long the clerk may empty the trash at the end: a part of the duration of the run. */
#define TRASH_PART    0.05
#define TRASH_LEAST_S 0.5
#define TRASH_MOST_S  10.0

/* Everything of one run, in the order of creation. */
struct run {
	const struct args *args;
	struct resumed *resumed; /* the run that is resumed; NULL: none */
	struct sources sources;	 /* at the start of the jobs; empty for a rehearsal */
	struct run_options options;
	int guard_fd; /* -1: none */
	struct loaded loaded;
	struct ev_loop *loop;
	struct signals signals;
	struct engines engines;
	struct loop_host *host;
	struct sched *sched;
	struct run_dir *dir;
	struct watchers watchers;
	struct observer publisher;
	struct expected expected;
	struct headroom headroom;
	struct str notes, backends_json; /* reports of backends at the end */
	char *report_path;		 /* of a report's index.html; NULL: none was written */
	struct report *report;		 /* after the jobs; NULL: the plan has none */
	bool has_results, lost_pages;	 /* results.json was written; reports were not */
};

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

static void on_suspend(void *ctx, bool is_suspended)
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

/* How long a job waits before that is reported; never in the virtual time of a rehearsal. */
static double waits_after_s(const struct run *r)
{
	if (log_level() >= LOG_VERBOSE)
		return 0;
	return engines_clock(&r->engines) == clock_real() ? 10 : INFINITY;
}

/* Decides what depends on the options of the run: the backend of each job, and whether any job is
 * really run. Nothing else writes these members of a plan. Creates the backends. */
static int finish_plan(struct run *r)
{
	struct plan *plan = r->loaded.plan;
	struct diags *diags = &r->loaded.diags;

	r->engines.terminal = (struct backend_terminal){on_terminal, on_job_suspends, on_unread, r};
	assign_backends(plan, &r->options, diags);
	if (engines_make(&r->engines, &r->options, plan, r->loop, diags) < 0)
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
		options.waits_after_s = waits_after_s(r);
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
	log_error("%s%s%s", err.pos.file ? err.pos.file : "", err.pos.file ? ": " : "", err.msg);
	error_done(&err);
	return EXIT_INFRA;
}

/* DVSim writes these files as early. Nothing depends on them, so a failure is a warning. */
static void write_dv_files(const struct run *r)
{
	struct error err = {0};

	if (dv_files_write(r->loaded.plan, dvsim_env_wants_dump(), &err) < 0) {
		log_warning("%s", err.msg);
		error_done(&err);
	}
}

static void make_watchers(struct run *r)
{
	const struct dv_plan *dv = r->loaded.plan->dv;
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
	};

	if (dv) {
		options.timestamp = dv->timestamp;
		options.branch = dv->n_blocks ? dv->blocks[0]->revision.branch : NULL;
	}
	watchers_make(&r->watchers, &options);
	watchers_subscribe(&r->watchers, r->sched);
	sched_subscribe(r->sched, &r->publisher);
}

/* Gives the run its name. The journal has done so with its first record; this is for runs without a
 * journal. */
static void publish(struct observer *o, const struct sched *sched)
{
	struct run *r = container_of(o, struct run, publisher);
	struct error err = {0};

	(void)sched;
	if (run_dir_publish(r->dir, &err) < 0) {
		log_warning("%s", err.msg);
		error_done(&err);
	}
	guard_set_path(r->guard_fd, run_dir_path(r->dir));
}

static unsigned output_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return 0;
}

/* DVSim's tables contain no path. */
static void say_where(const struct run *r)
{
	log_info("scratch path: %s", ending_logs_path(r->loaded.plan));
	if (r->report_path)
		log_info("report: %s", r->report_path);
}

/* After DVSim's tables, which replace the ending of dvsched. */
static void end_as_dvsim(const struct run *r, int exit_code)
{
	const uint32_t *n = sched_tally(r->sched);
	_cleanup_(str_done) struct str line = {0}, command = {0};

	say_where(r);
	if (exit_code != EXIT_PASSED)
		log_error("Errors were encountered in this run.");
	if (n[JOB_PASSED] == sched_n_jobs(r->sched))
		return;
	rerun_add_command(&command, r->args, r->loaded.plan, run_dir_id(r->dir));
	if (command.len)
		ending_add_line(&line, "rerun", command.s);
	final_write_ending(line.s ? line.s : "", line.len);
}

/* Appends the ending to the log file, without colours. */
static void log_ending(struct run *r, const struct results_head *head,
		       struct ending_options options)
{
	struct rows rows = {.sched = r->sched};
	struct str text = {0};

	options.color = false;
	ending_write(&text, r->loaded.plan, head, rows_next, &rows, &options);
	log_file_add(text.s, text.len);
	str_done(&text);
	rows_done(&rows);
}

static void print_ending(struct run *r, const struct results_head *head)
{
	_cleanup_(freep) char *results_path = xasprintf("%s/results.json", run_dir_path(r->dir));
	struct rows rows = {.sched = r->sched};
	struct str text = {0}, rerun = {0};
	struct ending_options options = {
		.color = load_wants_color(r->args, STDOUT_FILENO),
		.width = output_width(),
		.show_failures = r->options.show_failures,
		.report_path = r->report_path,
		.run_path = run_dir_path(r->dir),
		.results_path = r->has_results ? results_path : NULL,
	};

	rerun_add_command(&rerun, r->args, r->loaded.plan, run_dir_id(r->dir));
	options.rerun_command = rerun.s;
	ending_write(&text, r->loaded.plan, head, rows_next, &rows, &options);
	final_write_ending(text.s, text.len);
	if (log_has_file())
		log_ending(r, head, options);
	str_done(&rerun);
	str_done(&text);
	rows_done(&rows);
}

/* NULL: no signal. */
static const char *signal_name(int signum)
{
	return signum == SIGINT	   ? "SIGINT"
	       : signum == SIGTERM ? "SIGTERM"
	       : signum == SIGHUP  ? "SIGHUP"
	       : signum == SIGQUIT ? "SIGQUIT"
				   : NULL;
}

/* Findings of passed jobs may fail the run. If the run was stopped, versions of tools are not
 * determined. */
static void make_report(struct run *r, struct outcome *outcome)
{
	struct rows rows = {.sched = r->sched};

	r->report = report_new(&(struct report_source){
		.plan = r->loaded.plan,
		.next = rows_next,
		.ctx = &rows,
		.version = DVSCHED_VERSION,
		.signal_name = signal_name(r->signals.requests.first),
		.ask_version = outcome->exit_code > EXIT_INFRA ? NULL : tool_version_ask,
	});
	rows_done(&rows);
	if (r->report && outcome->exit_code == EXIT_PASSED && report_n_findings(r->report))
		*outcome = (struct outcome){"failed", EXIT_SOME_FAILED};
}

/* Returns the exit code. */
static int write_results(struct run *r, struct results_head *ret_head)
{
	struct outcome outcome = outcome_of(r->sched, r->signals.requests.first,
					    r->signals.is_past_deadline);
	struct rows rows = {.sched = r->sched};
	struct error err = {0};

	make_report(r, &outcome);
	engines_tell(&r->engines, &r->notes, &r->backends_json);
	*ret_head = (struct results_head){
		.start_wall_s = sched_started_wall_s(r->sched),
		.duration_s = clock_now(sched_clock(r->sched)) - sched_started_s(r->sched),
		.outcome = outcome.name,
		.exit_code = outcome.exit_code,
		.backends = r->backends_json.s,
		.notes = r->notes.len ? r->notes.s : NULL,
		.argv = r->args->argv,
	};
	r->has_results = results_write(r->dir, r->loaded.plan, ret_head, rows_next, &rows, &err) ==
			 0;
	if (!r->has_results) {
		log_error("%s", err.msg);
		error_done(&err);
		if (outcome.exit_code == EXIT_PASSED)
			outcome.exit_code = EXIT_INFRA;
	}
	rows_done(&rows);
	return outcome.exit_code;
}

static void lose_pages(struct run *r, struct error *err)
{
	r->lost_pages = true;
	log_error("the reports could not be written: %s%s%s", err->pos.file ? err->pos.file : "",
		  err->pos.file ? " " : "", err->msg);
	error_done(err);
}

/* DVSim's tables of blocks are messages of level info. */
static void show_blocks(const struct str *blocks)
{
	if (log_level() >= LOG_INFO)
		fwrite(blocks->s, 1, blocks->len, stderr);
}

static void note_report(struct run *r)
{
	const char *dir = report_dir(r->report);

	if (dir && !r->lost_pages)
		r->report_path = xasprintf("%s/index.html", dir);
}

/* Under the name dvsim the summary replaces the ending of dvsched. */
static void show_report(const struct run *r, const struct str *blocks, const struct str *summary)
{
	const struct str *shown = r->args->is_dvsim || summary->len ? summary : blocks;

	fflush(stdout);
	if (r->args->is_dvsim)
		show_blocks(blocks);
	final_write_ending(shown->s ? shown->s : "", shown->len);
}

static void log_findings(const struct run *r)
{
	const char *dir = r->lost_pages ? NULL : report_dir(r->report);
	size_t n = report_n_findings(r->report);

	if (n && !r->args->is_dvsim)
		log_error("%zu finding%s fail%s this run%s%s%s", n, n == 1 ? "" : "s",
			  n == 1 ? "s" : "", dir ? ": " : "", dir ? dir : "",
			  dir ? "/index.json" : "");
}

static void write_report(struct run *r)
{
	bool is_always_shown = report_is_always_shown(r->report);
	struct str blocks = {0}, summary = {0};
	struct error err = {0};

	if (report_write(r->report, &err) < 0)
		lose_pages(r, &err);
	if (r->args->is_dvsim || is_always_shown || log_has_file())
		report_show(r->report, !r->lost_pages, &blocks, &summary);
	log_file_add(blocks.s, blocks.len); /* DVSim's log file has no summary of simulations */
	if (is_always_shown)
		log_file_add(summary.s, summary.len);
	note_report(r);
	if (r->args->is_dvsim || is_always_shown)
		show_report(r, &blocks, &summary);
	log_findings(r);
	str_done(&blocks);
	str_done(&summary);
}

/* Called before the reports are written, which link to the page. */
static void write_metrics_page(const struct run *r)
{
	_cleanup_(freep) char *dir = instrument_dir(r->loaded.plan, r->dir);
	_cleanup_(freep) char *path = xasprintf("%s/metrics.json", dir);
	struct error err = {0};

	if (!r->options.instrument || !fs_exists(path))
		return;
	if (metrics_page_write(path, dir, METRICS_NORMAL, &err) < 0)
		log_warning("no page of the metrics: %s", err.msg);
	error_done(&err);
}

/* Called before the clerk ends, since it empties the trash. */
static void remove_older_records(const struct run *r)
{
	uint32_t keep = r->options.keep_runs < 0 ? r->loaded.plan->keep_runs
						 : (uint32_t)r->options.keep_runs;
	struct error err = {0};

	if (past_runs_remove(r->loaded.plan, run_dir_id(r->dir), keep, &err) < 0) {
		log_warning("older records of runs could not be removed: %s", err.msg);
		error_done(&err);
	}
}

/* A run that was stopped leaves the trash to a later run. */
static void set_patience(const struct run *r, double duration_s)
{
	double trash_s = duration_s * TRASH_PART;

	if (!r->watchers.clerk)
		return;
	if (r->signals.is_past_deadline)
		clerk_hurry(r->watchers.clerk);
	if (r->signals.requests.n == 0 && trash_s > TRASH_LEAST_S)
		clerk_give_to_trash(r->watchers.clerk,
				    trash_s < TRASH_MOST_S ? trash_s : TRASH_MOST_S);
}

static void log_time(double *since, const char *of_what)
{
	double now = clock_now(clock_real());

	log_verbose("%s: %.2f s", of_what, now - *since);
	*since = now;
}

/* Records the sources for a later resume, at the last moment before a job may change them. */
static void take_sources(struct run *r)
{
	const struct plan *plan = r->loaded.plan;
	_cleanup_(freep) char *here = plan->cfg_path ? NULL : getcwd(NULL, 0);
	double began = clock_now(clock_real());
	struct map files = {0};
	struct sources_scope scope = {
		.dir = plan->dv && plan->dv->proj_root ? plan->dv->proj_root
		       : plan->cfg_path		       ? path_dir(plan->mem, plan->cfg_path)
		       : here			       ? here
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
	log_time(&began, "looking at the sources");
}

static void save_sources(const struct run *r)
{
	_cleanup_(error_done) struct error err = {0};

	if (r->sources.mem && sources_save(&r->sources, run_dir_path(r->dir), &err) < 0)
		log_warning("cannot record the sources of this run for resume: %s", err.msg);
}

static int run_graph(struct run *r)
{
	double began = clock_now(clock_real());
	struct results_head head;
	int rc = open_run_dir(r);

	if (rc != EXIT_PASSED)
		return rc;
	if (opt_has(r->args, OPT_PURGE) && purge_blocks(r->loaded.plan) < 0)
		return EXIT_INFRA;
	write_dv_files(r);
	save_sources(r);
	log_time(&began, "writing the plan");
	make_watchers(r);
	signals_attach(&r->signals, r->sched, r->watchers.printer, r->guard_fd);
	if (!r->loaded.plan->is_rehearsal)
		headroom_start(&r->headroom, &r->options.watermarks, r->loop, r->sched);
	loop_host_run(r->host, r->sched);
	headroom_stop(&r->headroom, &r->notes);
	log_time(&began, "running the jobs");
	/* Results are first, because the printer may have to wait for a stopped terminal. */
	rc = write_results(r, &head);
	remove_older_records(r);
	signals_attach(&r->signals, r->sched, NULL, r->guard_fd);
	set_patience(r, head.duration_s);
	watchers_finish(&r->watchers);
	write_metrics_page(r);
	if (r->report)
		write_report(r);
	if (r->report && r->args->is_dvsim)
		end_as_dvsim(r, rc);
	else
		print_ending(r, &head);
	log_time(&began, "writing results and reports");
	if (r->lost_pages && rc == EXIT_PASSED)
		rc = EXIT_INFRA;
	if (r->args->facts)
		r->args->facts->is_formal_run = r->loaded.plan->dv &&
						r->loaded.plan->dv->kind == DV_FORMAL;
	return rc;
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
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	r->loop = loop_new();
	signals_start(&r->signals, r->loop, r->args, &(struct signals_client){on_suspend, r});
	rc = make_graph(r);
	if (rc == EXIT_PASSED && !r->loaded.plan->is_rehearsal)
		take_sources(r);
	if (rc == EXIT_PASSED && r->resumed)
		rc = resumed_end_survivors(r->resumed);
	if (rc == EXIT_PASSED &&
	    (!r->resumed || resumed_apply(r->resumed, &r->sources, r->sched, &rc)))
		rc = run_graph(r);
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
	run_dir_free(r->dir);
	loop_host_free(r->host);
	signals_stop(&r->signals);
	ev_loop_destroy(r->loop);
	return rc;
}

int run_with(const struct args *args, struct resumed *resumed)
{
	static const struct observer_ops publisher = {.name = "publisher", .run_started = publish};
	struct run r = {
		.args = args,
		.resumed = resumed,
		.guard_fd = -1,
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
		r.guard_fd = guard_split(r.options.deadline_in_s, r.options.grace_s, &rc);
		if (r.guard_fd < 0)
			return rc;
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
	resume_done(&reused.resume);
	load_done(&r.loaded);
	return rc;
}

int cmd_run(const struct args *args)
{
	return run_with(args, NULL);
}
