/* SPDX-License-Identifier: Apache-2.0 */
/* main(): finds the command and calls it. */
#include <hjson.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "backends/farm/agent.h"
#include "backends/farm/node_file.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "clerk/clerk.h"
#include "cli/dvsim/args.h"
#include "cli/load/load.h"
#include "cli/load/outcome.h"
#include "cli/output/final_out.h"
#include "cli/run/signals.h"
#include "device/probe/probe.h"
#include "device/worker/worker.h"
#include "exec/slot.h"
#include "flow/flow.h"

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

/* Handles dvsched, dvsched --help and dvsched --version. Returns < 0 for any other command line. */
static int run_without_command(int argc, char **argv)
{
	if (argc < 2) {
		help_print("dvsched", NULL, NULL);
		return EXIT_USAGE;
	}
	if (is_one_of(argv[1], "--version", "version", "-V")) {
		version_print();
		return EXIT_PASSED;
	}
	if (is_one_of(argv[1], "--help", "help", "-h")) {
		if (argc > 2)
			return -1;
		help_print("dvsched", NULL, NULL);
		return EXIT_PASSED;
	}
	return -1;
}

static bool program_is_called(char **argv, const char *name)
{
	return argv[0] && strcmp(path_base(argv[0]), name) == 0;
}

static int run_command(int argc, char **argv)
{
	struct diags diags;
	struct args args;
	int rc = EXIT_USAGE;

	diags_init(&diags);
	if (args_parse(&args, argc, argv, &diags) == 0)
		rc = EXIT_PASSED;
	args.is_admin = program_is_called(argv, "dvsim-admin");
	diags_print(&diags, stderr, load_wants_color(&args, 2), false);
	diags_done(&diags);
	if (rc == EXIT_PASSED && opt_has(&args, OPT_HELP))
		help_print(args_program(&args), args.command, args.words[0]);
	else if (rc == EXIT_PASSED && opt_has(&args, OPT_VERSION))
		version_print();
	else if (rc == EXIT_PASSED)
		rc = args.command->run(&args);
	args_done(&args);
	return rc;
}

/* Runs a correct command line under the name dvsim. */
static int run_as_dvsim(struct args *args)
{
	struct outcome_facts facts = {0};

	if (opt_has(args, OPT_HELP)) {
		help_print_dvsim();
		return EXIT_PASSED;
	}
	if (opt_has(args, OPT_VERSION)) {
		version_print();
		return EXIT_PASSED;
	}
	if (opt_has(args, OPT_INTERACTIVE) && opt_has(args, OPT_REMOTE)) {
		log_error("--interactive and --remote do not go together");
		return EXIT_PASSED; /* as in DVSim */
	}
	args->facts = &facts;
	return outcome_shell_code(args, args->command->run(args));
}

static int dvsim_main(int argc, char **argv)
{
	struct str fault = {0};
	struct args args;
	int rc = EXIT_USAGE;

	if (dvsim_args_parse(&args, argc, argv, &fault) < 0)
		fprintf(stderr, "usage: dvsim <cfg-hjson-file> [-h] [options]\ndvsim: error: %s\n",
			fault.s);
	else
		rc = run_as_dvsim(&args);
	str_done(&fault);
	args_done(&args);
	return rc;
}

/* The program under the name dvsim-admin: reports and dashboards only. */
static int admin_main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (strcmp(word, "report") == 0 || strcmp(word, "dashboard") == 0)
		return run_command(argc, argv);
	if (is_one_of(word, "--help", "-h", "help")) {
		help_print_admin();
		return EXIT_PASSED;
	}
	if (strcmp(word, "--version") == 0)
		return run_without_command(argc, argv);
	fprintf(stderr,
		"dvsim-admin: error: %s%s\n  hint: `dvsim-admin --help` shows the commands\n",
		*word ? "there is no command " : "a command is missing", word);
	return EXIT_USAGE;
}

/* The program under the name dvsched. */
static int dvsched_main(int argc, char **argv)
{
	int rc = run_without_command(argc, argv);

	if (rc >= 0)
		return rc;
	if (is_one_of(argv[1], "help", "--help", "-h")) {
		char option[] = "--help", *as_option[] = {argv[0], argv[2], option, argv[3], NULL};

		return run_command(argc > 3 ? 4 : 3, as_option);
	}
	return run_command(argc, argv);
}

static void on_out_of_memory(void)
{
	mem_exhausted(0);
}

int main(int argc, char **argv)
{
	hjson_set_out_of_memory(on_out_of_memory);
	proc_hold_streams();
	proc_expect_children();
	/* Helper processes: this program in another mode (base/proc.h). */
	if (argc == 2 && strcmp(argv[1], "__slot") == 0)
		return slot_main(flow_reader);
	if (argc == 2 && strcmp(argv[1], "__clerk") == 0)
		return clerk_main();
	if (argc == 2 && strcmp(argv[1], "__device") == 0)
		return worker_main();
	if (argc == 2 && strcmp(argv[1], "__probe") == 0)
		return probe_main();
	if (argc == 2 && strcmp(argv[1], "__agent") == 0)
		return agent_main();
	if (argc == 4 && strcmp(argv[1], "__runner") == 0) /* on a node of a cluster */
		return runner_main(argv[2], argv[3]);
	setlocale(LC_CTYPE, "");
	signals_before_run();
	if (program_is_called(argv, "dvsim"))
		return signals_leave(final_code(dvsim_main(argc, argv), EXIT_SOME_FAILED));
	if (program_is_called(argv, "dvsim-admin"))
		return final_code(admin_main(argc, argv), EXIT_SOME_FAILED);
	return signals_leave(final_code(dvsched_main(argc, argv), EXIT_INFRA));
}
