/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run, from its options to its exit code.
 *
 * In cli/run/: `dvsched run` (cmd_run.c) and `dvsched resume` (cmd_resume.c), the options of a run,
 * its backends, signals and observers, and its end (finish.c). Entry: run_with().
 */
#ifndef CLI_RUN_RUN_H
#define CLI_RUN_RUN_H

#include "cli/headroom/expected.h"
#include "cli/headroom/headroom.h"
#include "cli/load/load.h"
#include "cli/resume/resumed.h"
#include "cli/run/engines.h"
#include "cli/run/run_options.h"
#include "cli/run/signals.h"
#include "cli/run/watchers.h"
#include "exec/cgroup_run.h"
#include "resume/sources.h"

struct report;

/* Everything of one run, in the order of creation. */
struct run {
	const struct args *args;
	struct resumed *resumed; /* the run that is resumed; NULL: none */
	struct sources sources;	 /* at the start of the jobs; empty for a rehearsal */
	struct run_options options;
	int guard_fd; /* -1: none */
	struct cgroup_run cgroups;
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

int cmd_run(const struct args *args);
int cmd_resume(const struct args *args);
/* Either of them. resumed: the run to go on with, or NULL. Returns the exit code. */
int run_with(const struct args *args, struct resumed *resumed);

/* finish.c: writes results and reports, shows how the run ended, and returns the exit code. The
 * jobs have ended, and the observers are finished here. */
int run_finish(struct run *r, double *began);
/* Logs the time since *since at level verbose, and sets *since to now. */
void run_log_time(double *since, const char *of_what);

#endif
