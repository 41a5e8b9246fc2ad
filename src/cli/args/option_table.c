/* SPDX-License-Identifier: Apache-2.0 */
/* The table of all options. The parser, --help and the check of the man page use it. */
#include "base/attr.h"
#include "base/str.h"
#include "cli/args/options.h"

#define WHAT  "What to run"
#define HOW   "How to run it"
#define WHERE "Where"
#define SHOW  "What is shown"
#define SIM   "DVSim's flows"
#define LEND  "Commands on devices (run --devices N -- COMMAND)"

const struct option option_table[OPT_COUNT] = {
	[OPT_HELP] = {"help", "h", OPT_FLAG, CMD_ALL, NULL, SHOW, "show this text"},
	[OPT_VERSION] = {"version", NULL, OPT_FLAG, CMD_ALL, NULL, SHOW, "show the version"},
	[OPT_ITEMS] = {"items", "i", OPT_WORDS, CMD_GRAPH, "ITEM", WHAT,
		       "run names, globs or @tags, and their needs (default: all; sim: smoke)"},
	[OPT_EXCLUDE] = {"exclude", "x", OPT_WORDS, CMD_GRAPH, "ITEM", WHAT,
			 "leave these jobs out, unless others need them (default: none)"},
	[OPT_FAILED] = {"failed", NULL, OPT_MAYBE, CMD_GRAPH, "RUN", WHAT,
			"run what did not pass in RUN, with its seeds (default: newest run)"},
	[OPT_DEFINE] = {"define", "D", OPT_REPEAT,
			CMD_GRAPH | CMD_CONFIG | CMD_CHIPS | CMD_BACKENDS, "NAME=VALUE", WHAT,
			"set a variable, or a sweep as in seed=1..50 (default: CONFIG's)"},
	[OPT_STRICT] = {"strict", NULL, OPT_FLAG, CMD_LOAD, NULL, WHAT,
			"treat warnings about the configuration as errors"},
	[OPT_MAX_PARALLEL] = {"max-parallel", "j mp", OPT_WORD, CMD_RUN | CMD_RESUME, "N", HOW,
			      "run at most N jobs at a time (default: number of usable CPUs)"},
	[OPT_RESOURCE] = {"resource", "R", OPT_REPEAT, CMD_RUN | CMD_RESUME, "NAME=N", HOW,
			  "limit of a resource, or its units 60000-60015 (default: CONFIG's)"},
	[OPT_ON_MISSING] = {"on-missing-resource", NULL, OPT_WORD, CMD_RUN | CMD_RESUME,
			    "ignore|warn|error|fatal", HOW,
			    "what to do about a resource without a limit (default: ignore)"},
	[OPT_MAX_FAILURES] = {"max-failures", NULL, OPT_WORD, CMD_RUN | CMD_RESUME, "N", HOW,
			      "start no further jobs after N failures (default: no limit)"},
	[OPT_MIN_FREE_SPACE] = {"min-free-space", NULL, OPT_WORD, CMD_RUN | CMD_RESUME, "SIZE", HOW,
				"start no job while a disk has less (default: 1 %, at most 64M)"},
	[OPT_MIN_FREE_INODES] = {"min-free-inodes", NULL, OPT_WORD, CMD_RUN | CMD_RESUME, "N", HOW,
				 "the same for inodes; 0: off (default: 1 %, at most 1000)"},
	[OPT_MIN_FREE_MEMORY] =
		{"min-free-memory", NULL, OPT_WORD, CMD_RUN | CMD_RESUME, "SIZE", HOW,
		 "one job at a time below this; 0: off (default: 2 %, at most 256M)"},
	[OPT_RUN_DEADLINE] = {"run-deadline", NULL, OPT_WORD, CMD_RUN | CMD_RESUME, "600s|07:00",
			      HOW,
			      "end the run after or at this time, exit code 124 (default: never)"},
	[OPT_GRACE] = {"grace", NULL, OPT_WORD, CMD_RUN | CMD_RESUME, "10s", HOW,
		       "time from TERM to KILL when a job must end (default: 10s)"},
	[OPT_TIMEOUT] = {"timeout", NULL, OPT_WORD, CMD_RUN | CMD_RESUME | CMD_PLAN | CMD_CHIPS,
			 "5m", HOW, "time limit of each job; 0: none (default: CONFIG's)"},
	[OPT_RETRIES] = {"retries", NULL, OPT_WORD, CMD_RUN | CMD_RESUME | CMD_PLAN, "N", HOW,
			 "run each failed job up to N more times (default: CONFIG's)"},
	[OPT_LIMIT] = {"limit", NULL, OPT_REPEAT, CMD_RUN | CMD_RESUME | CMD_PLAN, "NAME=VALUE",
		       HOW, "limit each job, as memory=4G; 0: no limit (default: CONFIG's)"},
	[OPT_DRY_RUN] = {"dry-run", "n", OPT_FLAG, CMD_RUN | CMD_RESUME, NULL, HOW,
			 "show the commands and run nothing (as dvsim: run make -n)"},
	[OPT_BACKEND] = {"backend", NULL, OPT_WORD, CMD_RUN, "NAME", WHERE,
			 "backend of jobs that name none (default: local)"},
	[OPT_BACKEND_FOR] = {"backend-for", NULL, OPT_REPEAT, CMD_RUN, "GLOB=NAME", WHERE,
			     "backend of matching jobs or targets (default: that of --backend)"},
	[OPT_LOCAL] = {"local", NULL, OPT_FLAG, CMD_RUN, NULL, WHERE, "same as --backend local"},
	[OPT_FAKE] = {"fake", NULL, OPT_FLAG, CMD_RUN, NULL, WHERE,
		      "rehearse: same as --backend fake, no command is run"},
	[OPT_SCRATCH_ROOT] = {"scratch-root", "sr", OPT_WORD,
			      CMD_LOAD | CMD_RESUME | CMD_PAST | CMD_BACKENDS, "DIR", WHERE,
			      "directory of all output (default: $SCRATCH_ROOT, else scratch/)"},
	[OPT_PROJ_ROOT] = {"proj-root", "pr", OPT_WORD, CMD_LOAD, "DIR", SIM,
			   "value of {proj_root} (default: the git work tree here)"},
	[OPT_BRANCH] = {"branch", "br", OPT_WORD, CMD_LOAD, "NAME", SIM,
			"value of {branch} (default: the branch of the git work tree)"},
	[OPT_KEEP_RUNS] = {"keep-runs", NULL, OPT_WORD, CMD_RUN, "N", WHERE,
			   "keep N records of runs; 0: all (default: CONFIG's, else 20)"},
	[OPT_TOOL] = {"tool", "t", OPT_WORD, CMD_LOAD, "NAME", SIM,
		      "value of {tool} (default: CONFIG's)"},
	[OPT_VIEW] = {"view", NULL, OPT_WORD, CMD_RUN | CMD_RESUME, "auto|curses|tty|plain|none",
		      SHOW, "how the run is shown (default: auto: tty on a terminal, else plain)"},
	[OPT_PRINT_INTERVAL] =
		{"print-interval", "pi", OPT_WORD, CMD_RUN | CMD_RESUME, "SECONDS", SHOW,
		 "time between updates; 0: each change (default: the view's, 0.1 or 10)"},
	[OPT_COLOR] = {"color", NULL, OPT_WORD, CMD_ALL, "auto|always|never", SHOW,
		       "use colours (default: auto: on a terminal, unless NO_COLOR is set)"},
	[OPT_SHOW_FAILURES] = {"show-failures", NULL, OPT_WORD, CMD_RUN | CMD_RESUME, "N|all", SHOW,
			       "show N failed jobs in full at the end (default: 5 kinds, 2 each)"},
	[OPT_WITHOUT] = {"without", NULL, OPT_REPEAT, CMD_RUN, "OBSERVER", SHOW,
			 "switch off an observer: links, journal (default: none)"},
	[OPT_LOG_LEVEL] = {"log-level", NULL, OPT_WORD, CMD_ALL, "error|warning|info|verbose|debug",
			   SHOW, "show messages up to this level (default: info)"},
	[OPT_LOG_FILE] = {"log-file", NULL, OPT_WORD, CMD_ALL, "FILE", SHOW,
			  "also append messages and status lines to FILE (default: none)"},
	[OPT_VERBOSE] = {"verbose", NULL, OPT_MAYBE, CMD_ALL, "debug", SHOW,
			 "same as --log-level verbose, or debug (default: info)"},
	[OPT_JSON] = {"json", NULL, OPT_FLAG,
		      CMD_LIST | CMD_PLAN | CMD_CONFIG | CMD_CHIPS | CMD_LS | CMD_SHOW, NULL, SHOW,
		      "print JSON"},
	[OPT_NUL] = {"null", "0", OPT_FLAG, CMD_LIST, NULL, SHOW,
		     "end each name with a NUL byte, for xargs -0"},
	[OPT_FORMAT] = {"format", NULL, OPT_WORD, CMD_PLAN, "text|json|dot", SHOW,
			"form of the plan; dot is for Graphviz (default: text)"},
	[OPT_RAW] = {"raw", NULL, OPT_FLAG, CMD_CONFIG, NULL, SHOW,
		     "show: do not replace {wildcards}"},
	[OPT_SELECT_CFGS] = {"select-cfgs", NULL, OPT_WORDS, CMD_GRAPH, "NAME", SIM,
			     "these configurations of a list: NAME or NAME/VARIANT (default: all)"},
	[OPT_BUILD_ONLY] = {"build-only", "bu", OPT_FLAG, CMD_GRAPH, NULL, SIM,
			    "build, and run no tests"},
	[OPT_RUN_ONLY] = {"run-only", "ru", OPT_FLAG, CMD_GRAPH, NULL, SIM,
			  "run tests on existing builds"},
	[OPT_BUILD_UNIQUE] = {"build-unique", NULL, OPT_FLAG, CMD_GRAPH, NULL, SIM,
			      "put the time into the name of the build directory"},
	[OPT_BUILD_OPTS] = {"build-opts", "bo", OPT_WORDS, CMD_GRAPH, "OPT", SIM,
			    "more options of all builds, before CONFIG's (default: none)"},
	[OPT_RUN_OPTS] = {"run-opts", "ro", OPT_WORDS, CMD_GRAPH, "OPT", SIM,
			  "more options of all tests, before CONFIG's (default: none)"},
	[OPT_BUILD_MODES] = {"build-modes", "bm", OPT_WORDS, CMD_GRAPH, "MODE", SIM,
			     "enable build modes for all builds (default: CONFIG's)"},
	[OPT_RUN_MODES] = {"run-modes", "rm", OPT_WORDS, CMD_GRAPH, "MODE", SIM,
			   "enable run modes for all tests (default: CONFIG's)"},
	[OPT_BUILD_TIMEOUT] = {"build-timeout-mins", NULL, OPT_WORD, CMD_GRAPH, "MINUTES", SIM,
			       "time limit of each build (default: CONFIG's, else 60)"},
	[OPT_RUN_TIMEOUT] = {"run-timeout-mins", NULL, OPT_WORD, CMD_GRAPH, "MINUTES", SIM,
			     "time limit of each test (default: CONFIG's, else 60)"},
	[OPT_RUN_TIMEOUT_MULTIPLIER] = {"run-timeout-multiplier", NULL, OPT_WORD, CMD_GRAPH, "X",
					SIM, "multiply the time limits of tests (default: 1)"},
	[OPT_SEEDS] = {"seeds", "s", OPT_WORDS, CMD_GRAPH, "SEED", SIM,
		       "seeds of the first tests (default: random)"},
	[OPT_FIXED_SEED] = {"fixed-seed", "fs", OPT_WORD, CMD_GRAPH, "SEED", SIM,
			    "seed of all other tests; each runs once (default: random)"},
	[OPT_BUILD_SEED] = {"build-seed", NULL, OPT_MAYBE, CMD_GRAPH, "SEED", SIM,
			    "pass a seed to builds, too (default: a random one)"},
	[OPT_SEED_BASE] = {"seed-base", NULL, OPT_WORD, CMD_GRAPH, "TEXT", SIM,
			   "derive all random seeds from TEXT (default: new ones each time)"},
	[OPT_RESEED] = {"reseed", "r", OPT_WORD, CMD_GRAPH, "N", SIM,
			"run each test N times (default: CONFIG's)"},
	[OPT_RESEED_MULTIPLIER] = {"reseed-multiplier", "rx", OPT_WORD, CMD_GRAPH, "X", SIM,
				   "multiply the number of runs of each test (default: 1)"},
	[OPT_WAVES] = {"waves", "w", OPT_MAYBE, CMD_GRAPH, "FORMAT", SIM,
		       "write waves: fsdb, shm, vpd, vcd, evcd or fst (default: the tool's)"},
	[OPT_COV] = {"cov", "c", OPT_FLAG, CMD_GRAPH, NULL, SIM, "collect coverage"},
	[OPT_PROFILE] = {"profile", "p", OPT_MAYBE, CMD_GRAPH, "time|mem", SIM,
			 "profile tests (default: time)"},
	[OPT_XPROP_OFF] = {"xprop-off", NULL, OPT_FLAG, CMD_GRAPH, NULL, SIM,
			   "build without X propagation"},
	[OPT_VERBOSITY] = {"verbosity", "v", OPT_WORD, CMD_GRAPH, "n|l|m|h|f|d", SIM,
			   "none, low, medium, high, full or debug (default: CONFIG's)"},
	[OPT_JOB_PREFIX] = {"job-prefix", NULL, OPT_WORD, CMD_GRAPH, "TEXT", SIM,
			    "value of {job_prefix} (default: empty)"},
	[OPT_MAX_ODIRS] = {"max-odirs", "mo", OPT_WORD, CMD_GRAPH, "N", SIM,
			   "directories to keep of each test (default: 5)"},
	[OPT_DUMP_SCRIPT] = {"dump-script", "ds", OPT_WORD, CMD_GRAPH, "FILE", SIM,
			     "run script, relative to the project root (default: none)"},
	[OPT_LIST] = {"list", "l", OPT_WORDS, CMD_RUN, "CATEGORY", SIM,
		      "list build_modes, run_modes, tests, regressions only (default: all)"},
	[OPT_PURGE] = {"purge", NULL, OPT_FLAG, CMD_RUN, NULL, WHERE,
		       "first remove the content of the scratch paths of the configurations"},
	[OPT_REMOTE] = {"remote", NULL, OPT_FLAG, CMD_RUN, NULL, SIM,
			"copy the project into the scratch root and run it there"},
	[OPT_GUI] = {"gui", NULL, OPT_FLAG, CMD_GRAPH, NULL, SIM, "use the tool's graphical mode"},
	[OPT_GUI_DEBUG] = {"gui-debug", "gd", OPT_FLAG, CMD_GRAPH, NULL, SIM,
			   "the same, with the tool's debug features"},
	[OPT_INTERACTIVE] = {"interactive", NULL, OPT_FLAG, CMD_GRAPH, NULL, HOW,
			     "run one job on your terminal, after the jobs that it needs"},
	[OPT_MAX_WAVES] = {"max-waves", "mw", OPT_WORD, CMD_GRAPH, "N", SIM,
			   "accepted and ignored, as in DVSim (default: 5)"},
	[OPT_COV_MERGE_PREVIOUS] = {"cov-merge-previous", NULL, OPT_FLAG, CMD_GRAPH, NULL, SIM,
				    "with --cov: merge the coverage of the previous run, too"},
	[OPT_COV_UNR] = {"cov-unr", NULL, OPT_FLAG, CMD_GRAPH, NULL, SIM,
			 "only find unreachable coverage; no builds, no tests"},
	[OPT_COV_ANALYZE] = {"cov-analyze", NULL, OPT_FLAG, CMD_GRAPH, NULL, SIM,
			     "only open the coverage of the previous run; no builds, no tests"},
	[OPT_MAP_FULL_TESTPLAN] = {"map-full-testplan", NULL, OPT_FLAG, CMD_GRAPH, NULL, SIM,
				   "also report tests of the testplan that did not run"},
	[OPT_DVSIM_CONFIG] = {"dvsim-config", NULL, OPT_WORD, CMD_LOAD, "FILE", SIM,
			      "settings of the project (default: the nearest dvsim.hjson)"},
	[OPT_FUSESOC_MAPPING] = {"fusesoc-mapping", NULL, OPT_REPEAT, CMD_GRAPH, "[OLD=]NEW", SIM,
				 "add a --mapping for FuseSoC, or replace OLD (default: none)"},
	[OPT_FUSESOC_ROOT] = {"fusesoc-extra-cores-root", NULL, OPT_REPEAT, CMD_GRAPH, "DIR", SIM,
			      "add a --cores-root for FuseSoC (default: none)"},
	[OPT_BASE_URL] = {"base-url", NULL, OPT_WORD, CMD_REPORT | CMD_BOARD, "URL", SHOW,
			  "URL before the names of the blocks' pages (default: no links)"},
	[OPT_DETAIL] = {"profile", NULL, OPT_WORD, CMD_REPORT, "normal|high|full", SHOW,
			"instrumentation: how much is drawn (default: normal)"},
	[OPT_INSTRUMENT] = {"instrument", NULL, OPT_WORDS, CMD_RUN, "all|meta|timing|compute", SHOW,
			    "write metrics.json and metrics.html (default: neither)"},
	[OPT_DRIVER] = {"driver", NULL, OPT_WORD, CMD_CHIPS, "NAME|X.so", WHAT,
			"name of a driver, or a library (default: CONFIG's, or all)"},
	[OPT_DRIVER_OPTIONS] = {"options", NULL, OPT_WORD, CMD_CHIPS, "OBJECT|FILE", WHAT,
				"options of --driver, or a file with them (default: {})"},
	[OPT_DEVICE] = {"device", NULL, OPT_WORD, CMD_CHIPS, "N", WHAT,
			"check: device to open (default: 0)"},
	[OPT_SAMPLE] = {"sample", NULL, OPT_WORD, CMD_CHIPS, "OBJECT|FILE", WHAT,
			"check: keys of a short job that passes, or a file (default: {})"},
	[OPT_WHY] = {"why", NULL, OPT_WORD, CMD_CHIPS, "TEXT", WHAT,
		     "quarantine: reason, shown to users of the device (default: none)"},
	[OPT_FOR] = {"for", NULL, OPT_WORD, CMD_CHIPS, "2h", HOW,
		     "quarantine: how long (default: until it is cleared)"},
	[OPT_DEVICES] = {"devices", NULL, OPT_WORD, CMD_RUN, "[POOL:]N", LEND,
			 "borrow N devices for COMMAND (default POOL: the only one)"},
	[OPT_DEVICES_ENV] = {"devices-env", NULL, OPT_WORD, CMD_RUN, "NAME[,NAME]", LEND,
			     "variables that list the devices (default: the pool's)"},
	[OPT_QUEUE_TIMEOUT] = {"queue-timeout", NULL, OPT_WORD, CMD_RUN, "10m", LEND,
			       "longest wait for devices (default: the pool's)"},
	[OPT_POOLS] = {"pools", NULL, OPT_WORD, CMD_RUN | CMD_CHIPS, "FILE", LEND,
		       "file with pools (default: $DVSCHED_POOLS, else dvsched-pools.hjson)"},
	[OPT_RUN] = {"run", NULL, OPT_WORD, CMD_RESUME, "RUN", WHAT,
		     "run to resume: an id, a prefix or a directory (default: newest)"},
	[OPT_EXPLAIN] = {"explain", NULL, OPT_FLAG, CMD_RUN | CMD_RESUME, NULL, SHOW,
			 "say why jobs run again (with --verbose: of each job)"},
	[OPT_ACCEPT] = {"accept", NULL, OPT_REPEAT, CMD_RUN | CMD_RESUME, "FIELD", WHAT,
			"ignore changes of FIELD, as --explain names it (default: none)"},
	[OPT_KEEP_FAILED] = {"keep-failed", NULL, OPT_FLAG, CMD_RESUME, NULL, WHAT,
			     "take over jobs that failed by themselves, too"},
	[OPT_SKIP_PASSED] = {"skip-passed", NULL, OPT_MAYBE, CMD_RUN, "RUN", WHAT,
			     "leave out what passed in RUN and is unchanged (default: newest run)"},
	[OPT_FOLLOW] = {"follow", "f", OPT_FLAG, CMD_EVENTS | CMD_LOG, NULL, SHOW,
			"go on until the run has ended"},
	[OPT_SINCE] = {"since", NULL, OPT_WORD, CMD_EVENTS, "SEQ", SHOW,
		       "only records whose seq is greater than SEQ (default: all)"},
	[OPT_ONLY_FAILED] = {"failed", NULL, OPT_FLAG, CMD_LS, NULL, WHAT,
			     "only jobs that failed or were killed"},
	[OPT_ONLY_RUNNING] = {"running", NULL, OPT_FLAG, CMD_LS, NULL, WHAT, "only jobs that run"},
	[OPT_ONLY_FLAKY] = {"flaky", NULL, OPT_FLAG, CMD_LS, NULL, WHAT,
			    "only jobs that passed, but not at the first attempt"},
	[OPT_BUCKET] = {"bucket", NULL, OPT_WORD, CMD_LS, "N", WHAT,
			"only jobs of the N-th kind of failure (default: all)"},
	[OPT_ATTEMPT] = {"attempt", NULL, OPT_WORD, CMD_LOG, "N", WHAT,
			 "the log of attempt N (default: the last one)"},
	[OPT_AROUND] = {"around", NULL, OPT_FLAG, CMD_LOG, NULL, SHOW,
			"only the lines around the one that decided, with numbers"},
};

const char *option_dvsim_help(const struct option *o)
{
	return o == &option_table[OPT_EXCLUDE] ? "leave out what -i selects, unless others need it"
					       : NULL;
}

const char *option_help(const struct option *o, unsigned command)
{
	if ((command & (CMD_RESUME | CMD_PAST)) && o == &option_table[OPT_SCRATCH_ROOT])
		return "where to look for the run (default: $SCRATCH_ROOT, else scratch/)";
	if (command == CMD_BACKENDS && o == &option_table[OPT_SCRATCH_ROOT])
		return "check: a directory that the nodes see, too (default: scratch/)";
	if (command == CMD_RESUME && o == &option_table[OPT_DRY_RUN])
		return "say what would run, as --explain does, and run nothing";
	if (command == CMD_RUN && o == &option_table[OPT_ACCEPT])
		return "with --skip-passed: ignore changes of FIELD (default: none)";
	if (command == CMD_RUN && o == &option_table[OPT_EXPLAIN])
		return "with --skip-passed: say why jobs run again";
	if (command == CMD_CHIPS && o == &option_table[OPT_TIMEOUT])
		return "time limit of each step or open (default: check 10s, probe 60s)";
	return o->help;
}

bool option_is_on_page(const struct option *o, enum help_page page)
{
	static const enum opt most_used[] = {
		OPT_ITEMS,	   OPT_EXCLUDE,	     OPT_FAILED,       OPT_DEFINE,
		OPT_MAX_PARALLEL,  OPT_RESOURCE,     OPT_TIMEOUT,      OPT_RETRIES,
		OPT_DRY_RUN,	   OPT_MAX_FAILURES, OPT_RUN_DEADLINE, OPT_INTERACTIVE,
		OPT_SCRATCH_ROOT,  OPT_FAKE,	     OPT_DEVICES,      OPT_VIEW,
		OPT_SHOW_FAILURES, OPT_LOG_FILE,     OPT_VERBOSE,      OPT_HELP,
	};

	if (o->commands & CMD_RESUME && !(o->commands & CMD_RUN))
		return true; /* resume has one page */
	if (page == HELP_DVSIM)
		return str_eq(o->group, SIM);
	if (page == HELP_CHIPS)
		return str_eq(o->group, LEND) || o == &option_table[OPT_BACKEND] ||
		       o == &option_table[OPT_BACKEND_FOR];
	for (size_t i = 0; i < ARRAY_LEN(most_used); i++)
		if (o == &option_table[most_used[i]])
			return true;
	return page == HELP_ALL || !(o->commands & CMD_RUN);
}
