/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/backends/backends_cmd.h"
#include "cli/chips/chips_cmd.h"
#include "cli/commands.h"
#include "cli/past/past.h"
#include "cli/run/run.h"

const struct command commands[] = {
	{"run", CMD_RUN, "CONFIG [options]  |  dvsched run [options] -- COMMAND [ARG …]",
	 "run the jobs of a configuration, or one command",
	 "Runs the jobs of CONFIG in parallel, each after the jobs that it needs, and writes "
	 "results.json. With -- it runs one command as a job, without a configuration.",
	 cmd_run},
	{"resume", CMD_RESUME, "[CONFIG] [--run RUN] [options]",
	 "go on with a run that was interrupted or had failures",
	 "Goes on with the newest run (of CONFIG), with its directory, command line and seeds. "
	 "Jobs "
	 "that have passed there are not run again, as long as their command, their environment, "
	 "what they need, their sources and their logs are unchanged. The results cover all jobs. "
	 "docs/reference/resume.md has the rules.",
	 cmd_resume},
	{"ls", CMD_LS, "[RUN] [options]", "list the jobs of a run",
	 "Prints the jobs of a run, one per line, with their status, time and reason: by default "
	 "of "
	 "the newest run, one that goes on included. RUN is an id, a prefix of one, or a "
	 "directory. "
	 "`show` and `log` take the numbers of the list as %N.",
	 cmd_ls},
	{"show", CMD_SHOW, "[RUN] JOB [options]", "show all that is known of one job",
	 "Prints why the job has its status, its command to be pasted into a shell, what it needs, "
	 "its attempts, and the lines of its log that decided. JOB is an id, a name, a part of an "
	 "id that no other job has, or %N, a number of the last `ls`.",
	 cmd_show},
	{"log", CMD_LOG, "[RUN] JOB [options]", "print the log of a job",
	 "Prints the log of the job's last attempt. JOB is as for `show`.", cmd_log},
	{"events", CMD_EVENTS, "[RUN] [--follow] [--since SEQ]",
	 "print the events of a run as JSON lines",
	 "Prints the records of the run's journal, one JSON object per line: by default of the "
	 "newest run, one that goes on included. RUN is an id, a prefix of one, or a directory. "
	 "docs/reference/results.md describes the records.",
	 cmd_events},
	{"list", CMD_LIST, "CONFIG [options]", "list the jobs that would run",
	 "Prints the names of the jobs that `dvsched run` would run with the same options, one per "
	 "line. Runs the {eval_cmd} commands of the configuration, and nothing else.",
	 cmd_list},
	{"plan", CMD_PLAN, "CONFIG [options]", "print the graph of jobs: text, JSON or Graphviz",
	 "Prints every job with its command and the jobs that it needs. Runs the {eval_cmd} "
	 "commands of the configuration, and nothing else.",
	 cmd_plan},
	{"config", CMD_CONFIG, "dump FILE | show CONFIG | keys",
	 "show the parsed or merged configuration",
	 "dump prints one parsed file as JSON. show prints the merged configuration, each value "
	 "with its place, and runs {eval_cmd} commands (not with --raw). keys lists the keys of "
	 "flow: jobs.",
	 cmd_config},
	{"report", CMD_REPORT,
	 "gen INDEX.json | instrumentation METRICS.json | dashboard INDEX.json  DIR",
	 "render reports of finished runs",
	 "gen writes the pages of a run's reports again, from index.json and the files of the "
	 "blocks beside it. instrumentation draws a metrics.json. dashboard writes one page of all "
	 "blocks, with a badge for each number. Reads files of dvsched and of DVSim.",
	 cmd_report},
	{"dashboard", CMD_BOARD, "gen INDEX.json DIR", "same as `report dashboard`",
	 "Writes dashboard.html, dashboard.json and badge/BLOCK/*.svg from a run's index.json.",
	 cmd_dashboard},
	{"chips", CMD_CHIPS,
	 "[list [CONFIG]] | drivers | check | probe|clear|quarantine DEVICE … [CONFIG]",
	 "list devices: model, health, lock owner; test and quarantine them",
	 "list (the default) lists the devices of a configuration, of --driver, or of all drivers. "
	 "drivers lists the drivers. A DEVICE is named as in the list: npu/3, npu/0-7, npu. probe "
	 "opens devices, each in a process of its own, and prints how long that took. clear "
	 "forgets the stored health of devices, after a repair. quarantine keeps jobs from them. "
	 "check opens a device and tests every call of dvsched/driver.h, one line per check. Exit "
	 "code 1: a check failed; 3: the driver is missing, has another ABI, crashed or hung. "
	 "docs/reference/drivers.md describes how to write a driver.",
	 cmd_chips},
	{"backends", CMD_BACKENDS, "[list [CONFIG]] | check NAME [CONFIG]",
	 "list backends; check one with a small job",
	 "list (the default) lists the types of backends, and the backends of CONFIG. check runs "
	 "small jobs on the backend NAME, in each way in which it can run jobs, and prints what is "
	 "good, what is not, and what to do: whether the nodes see the scratch root, their clocks, "
	 "limits, versions, who may submit. Exit code 3: something does not work.",
	 cmd_backends},
	{0},
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
