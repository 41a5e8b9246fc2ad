/* SPDX-License-Identifier: Apache-2.0 */
/* After the jobs of a run: results, reports, and the last lines on the terminal. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/dvsim/dvsim_run.h"
#include "cli/dvsim/tool_versions.h"
#include "cli/load/outcome.h"
#include "cli/output/final_out.h"
#include "cli/output/metrics_page.h"
#include "cli/run/guard.h"
#include "cli/run/rerun.h"
#include "cli/run/run.h"
#include "observers/instrument.h"
#include "observers/rows.h"
#include "report/ending/ending.h"
#include "report/reports.h"
#include "run/past_run.h"

/* How long the clerk may empty the trash at the end: a part of the duration of the run. */
#define TRASH_PART    0.05
#define TRASH_LEAST_S 0.5
#define TRASH_MOST_S  10.0

static unsigned output_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return 0;
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

static void note_report(struct run *r)
{
	const char *dir = report_dir(r->report);

	if (dir && !r->lost_pages)
		r->report_path = xasprintf("%s/index.html", dir);
}

static void show_report(const struct str *blocks, const struct str *summary)
{
	const struct str *shown = summary->len ? summary : blocks;

	fflush(stdout);
	final_write_ending(shown->s ? shown->s : "", shown->len);
}

static void end_as_dvsim(const struct run *r, int exit_code, const struct str *blocks,
			 const struct str *summary)
{
	bool is_passed = sched_tally(r->sched)[JOB_PASSED] == sched_n_jobs(r->sched);
	_cleanup_(str_done) struct str command = {0};

	if (!is_passed)
		rerun_add_command(&command, r->args, r->loaded.plan, run_dir_id(r->dir));
	dvsim_run_show_ending(&(struct dvsim_run_ending){
		.plan = r->loaded.plan,
		.blocks = blocks,
		.summary = summary,
		.report_path = r->report_path,
		.rerun_command = command.len ? command.s : NULL,
		.has_errors = exit_code != EXIT_PASSED,
	});
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

static void write_report(struct run *r, int exit_code)
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
	if (r->args->is_dvsim)
		end_as_dvsim(r, exit_code, &blocks, &summary);
	else if (is_always_shown)
		show_report(&blocks, &summary);
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

void run_log_time(double *since, const char *of_what)
{
	double now = clock_now(clock_real());

	log_verbose("%s: %.2f s", of_what, now - *since);
	*since = now;
}

int run_finish(struct run *r, double *began)
{
	struct results_head head;
	int rc;

	/* Results are first, because the printer may have to wait for a stopped terminal. */
	rc = write_results(r, &head);
	remove_older_records(r);
	signals_attach(&r->signals, r->sched, NULL, r->guard_fd);
	set_patience(r, head.duration_s);
	watchers_finish(&r->watchers);
	write_metrics_page(r);
	if (r->report)
		write_report(r, rc);
	if (!r->report || !r->args->is_dvsim)
		print_ending(r, &head);
	run_log_time(began, "writing results and reports");
	if (r->lost_pages && rc == EXIT_PASSED)
		rc = EXIT_INFRA;
	if (r->args->facts)
		r->args->facts->is_formal_run = dvsim_run_facts(r->loaded.plan).is_formal;
	return rc;
}
