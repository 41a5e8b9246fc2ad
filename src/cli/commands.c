/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cmd.h"

const struct command commands[] = {
	{"run", CMD_RUN, "CONFIG [options]  |  dvsched run [options] -- COMMAND [ARG …]",
	 "run the jobs of a configuration, or one command",
	 "Runs the jobs of CONFIG in the order of their dependencies, as many at a time as there "
	 "is room for, and "
	 "leaves results.json in the run's directory. With -- it runs one command as a job: with "
	 "limits, a log and a "
	 "record, without a configuration.",
	 cmd_run},
	{"list", CMD_LIST, "CONFIG [options]", "the names of the jobs that would run",
	 "Prints the names of the jobs that `dvsched run` would run with the same options, one a "
	 "line. Runs the "
	 "configuration's eval_cmds, and nothing else.",
	 cmd_list},
	{"plan", CMD_PLAN, "CONFIG [options]", "the graph of jobs: text, JSON or Graphviz",
	 "Prints every job with its command and what it needs. Runs the configuration's eval_cmds, "
	 "and nothing else.",
	 cmd_plan},
	{"config", CMD_CONFIG, "dump FILE | show CONFIG | keys",
	 "what was read, and what it came to",
	 "dump prints one file as it was understood, as JSON. show prints the merged "
	 "configuration, each value with "
	 "the place it came from (and runs its eval_cmds, unless --raw). keys lists the keys of "
	 "the native flow.",
	 cmd_config},
	{"report", CMD_REPORT,
	 "gen INDEX.json | instrumentation METRICS.json | dashboard INDEX.json  DIR",
	 "pages of results that are there",
	 "gen makes the pages of a run's reports again, of index.json and the blocks' files beside "
	 "it, which dvsched or DVSim wrote. instrumentation draws a metrics.json. dashboard makes "
	 "one page of all blocks with a badge for each number, for another site.",
	 cmd_report},
	{"dashboard", CMD_BOARD, "gen INDEX.json DIR", "the same as `report dashboard`",
	 "Makes dashboard.html, dashboard.json and badge/BLOCK/*.svg of a run's index.json.",
	 cmd_dashboard},
	{"chips", CMD_CHIPS,
	 "[list [CONFIG]] | drivers | check | probe|clear|quarantine DEVICE … [CONFIG]",
	 "devices and their drivers, by hand",
	 "list (or no word) shows the devices of a configuration's pools, of --driver, or of all "
	 "drivers: what they are, how they are, who has them. drivers shows dvsched's own. A "
	 "DEVICE is one of that table, or some: npu/3, npu/0-7, npu. probe opens it in a process "
	 "of its own "
	 "and says how long that took; clear forgets what is remembered of its health, after a "
	 "repair; quarantine keeps jobs from it, with --why. check opens a device in a process of "
	 "its own and goes through every call of "
	 "dvsched/driver.h, one line for each check. Exit code 1: some failed; 3: the driver is "
	 "missing, of another ABI, crashed or never returned. docs/reference/drivers.md says how "
	 "to write "
	 "one.",
	 cmd_chips},
	{0},
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
