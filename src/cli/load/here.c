/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/here.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

static const struct src_pos nowhere;

static bool is_relative(const char *path)
{
	return path && *path && *path != '/';
}

/* The word that names the run; NULL: none does. */
static const char *here_run_word(const struct args *args)
{
	if (args->command->bit & CMD_RESUME)
		return opt_word(args, OPT_RUN, NULL);
	if (!(args->command->bit & CMD_PAST) ||
	    args->n_words < (args->command->bit & (CMD_SHOW | CMD_LOG) ? 2u : 1u))
		return NULL;
	return args->words[0];
}

/* A run that is named by its directory, not by its id. */
static bool is_run_path(const char *run)
{
	return run && strchr(run, '/');
}

/* Is word i a path, not a subcommand or a device of `chips`? */
static bool is_path(const struct args *args, size_t i)
{
	const char *word = args->words[i];

	if (args->command->bit & CMD_PAST)
		return i == 0 && is_run_path(here_run_word(args));
	if (args->command->bit & (CMD_CHIPS | CMD_BACKENDS))
		return str_ends(word, ".hjson") || str_ends(word, ".json") ||
		       (i && strcmp(args->words[0], "list") == 0);
	return i || !(args->command->bit & (CMD_CONFIG | CMD_REPORT | CMD_BOARD));
}

static bool has_relative_word(const struct args *args)
{
	for (size_t i = 0; i < args->n_words; i++)
		if (is_path(args, i) && is_relative(args->words[i]))
			return true;
	return false;
}

static bool has_relative_option(const struct args *args)
{
	static const enum opt paths[] = {OPT_SCRATCH_ROOT, OPT_PROJ_ROOT, OPT_LOG_FILE,
					 OPT_DVSIM_CONFIG, OPT_POOLS};
	const char *driver = opt_word(args, OPT_DRIVER, NULL);

	static const enum opt runs[] = {OPT_RUN, OPT_FAILED, OPT_SKIP_PASSED};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (is_relative(opt_word(args, paths[i], NULL)))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		if (is_run_path(opt_word(args, runs[i], NULL)) &&
		    is_relative(opt_word(args, runs[i], NULL)))
			return true;
	if (is_relative(driver) && strchr(driver, '/'))
		return true;
	return !opt_has(args, OPT_SCRATCH_ROOT) && is_relative(getenv("SCRATCH_ROOT"));
}

/* Runs are looked for in scratch/ of the current directory. */
static bool looks_for_runs(const struct args *args)
{
	const char *env = getenv("SCRATCH_ROOT");

	if (!(args->command->bit & (CMD_PAST | CMD_RESUME)) || opt_has(args, OPT_SCRATCH_ROOT) ||
	    (env && *env))
		return false;
	return !is_run_path(here_run_word(args)) &&
	       !(args->command->bit & CMD_RESUME && args->n_words);
}

int here_require(struct diags *diags)
{
	_cleanup_(freep) char *here = path_cwd();
	struct diag *e;

	if (here)
		return 0;
	e = diag_error(diags, nowhere, "the current directory cannot be found: %s",
		       strerror(errno));
	diag_hint(e, errno == ENOENT ? "it was removed: go to one that exists, or give absolute "
				       "paths"
				     : "go to another one, or give absolute paths");
	return -1;
}

int here_check(const struct args *args, struct diags *diags)
{
	bool is_meant = args->after || has_relative_word(args) || has_relative_option(args) ||
			looks_for_runs(args);

	return is_meant ? here_require(diags) : 0;
}
