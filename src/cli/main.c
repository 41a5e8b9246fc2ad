/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/proc.h"
#include "cli/cmd.h"
#include "cli/load.h"
#include "cli/signals.h"
#include "clerk/clerk.h"
#include "exec/slot.h"

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

/* What needs no command: dvsched, dvsched --help, dvsched --version. Returns < 0
 * if it is none of them. */
static int run_without_command(int argc, char **argv)
{
	if (argc < 2) {
		help_print(NULL);
		return EXIT_USAGE;
	}
	if (is_one_of(argv[1], "--version", "version", "-V")) {
		version_print();
		return EXIT_PASSED;
	}
	if (is_one_of(argv[1], "--help", "help", "-h")) {
		if (argc > 2)
			return -1;
		help_print(NULL);
		return EXIT_PASSED;
	}
	return -1;
}

static int run_command(int argc, char **argv)
{
	struct diags diags;
	struct args args;
	int rc = EXIT_USAGE;

	diags_init(&diags);
	if (args_parse(&args, argc, argv, &diags) == 0)
		rc = EXIT_PASSED;
	diags_print(&diags, stderr, load_wants_color(&args, 2), false);
	diags_done(&diags);
	if (rc == EXIT_PASSED && opt_has(&args, OPT_HELP))
		help_print(args.command);
	else if (rc == EXIT_PASSED && opt_has(&args, OPT_VERSION))
		version_print();
	else if (rc == EXIT_PASSED)
		rc = args.command->run(&args);
	args_done(&args);
	return rc;
}

int main(int argc, char **argv)
{
	int rc;

	proc_hold_streams();
	/* Our own processes: this program in another mode (base/proc.h). */
	if (argc == 2 && strcmp(argv[1], "__slot") == 0)
		return slot_main();
	if (argc == 2 && strcmp(argv[1], "__clerk") == 0)
		return clerk_main();
	setlocale(LC_CTYPE, "");
	signals_before_run();
	rc = run_without_command(argc, argv);
	if (rc >= 0)
		return rc;
	if (is_one_of(argv[1], "help", "--help", "-h")) {
		char option[] = "--help", *as_option[] = {argv[0], argv[2], option, NULL};

		return run_command(3, as_option);
	}
	return run_command(argc, argv);
}
