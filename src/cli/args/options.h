/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. The parser, --help and the check of the man page use one table of options
 * (option_table.c). The syntax is that of argparse, which DVSim's users know: -i takes many words,
 * a unique prefix of a long option is enough, short options may have two letters.
 *
 * In cli/args/: the table of options, its parser, and help.
 */
#ifndef CLI_ARGS_OPTIONS_H
#define CLI_ARGS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"

enum opt {
	OPT_HELP,
	OPT_VERSION,
	OPT_ITEMS,
	OPT_EXCLUDE,
	OPT_FAILED,
	OPT_DEFINE,
	OPT_STRICT,
	OPT_MAX_PARALLEL,
	OPT_RESOURCE,
	OPT_ON_MISSING,
	OPT_MAX_FAILURES,
	OPT_MIN_FREE_SPACE,
	OPT_MIN_FREE_INODES,
	OPT_MIN_FREE_MEMORY,
	OPT_RUN_DEADLINE,
	OPT_GRACE,
	OPT_TIMEOUT,
	OPT_RETRIES,
	OPT_LIMIT,
	OPT_DRY_RUN,
	OPT_BACKEND,
	OPT_BACKEND_FOR,
	OPT_LOCAL,
	OPT_FAKE,
	OPT_SCRATCH_ROOT,
	OPT_PROJ_ROOT,
	OPT_BRANCH,
	OPT_KEEP_RUNS,
	OPT_TOOL,
	OPT_VIEW,
	OPT_PRINT_INTERVAL,
	OPT_COLOR,
	OPT_SHOW_FAILURES,
	OPT_WITHOUT,
	OPT_LOG_LEVEL,
	OPT_LOG_FILE,
	OPT_VERBOSE,
	OPT_JSON,
	OPT_NUL,
	OPT_FORMAT,
	OPT_RAW,
	OPT_BUILD_OPTS,
	OPT_RUN_OPTS,
	OPT_BUILD_MODES,
	OPT_RUN_MODES,
	OPT_BUILD_ONLY,
	OPT_RUN_ONLY,
	OPT_BUILD_UNIQUE,
	OPT_SEEDS,
	OPT_FIXED_SEED,
	OPT_BUILD_SEED,
	OPT_SEED_BASE,
	OPT_RESEED,
	OPT_RESEED_MULTIPLIER,
	OPT_WAVES,
	OPT_COV,
	OPT_PROFILE,
	OPT_XPROP_OFF,
	OPT_VERBOSITY,
	OPT_JOB_PREFIX,
	OPT_BUILD_TIMEOUT,
	OPT_RUN_TIMEOUT,
	OPT_RUN_TIMEOUT_MULTIPLIER,
	OPT_MAX_ODIRS,
	OPT_DUMP_SCRIPT,
	OPT_SELECT_CFGS,
	OPT_LIST,
	OPT_PURGE,
	OPT_REMOTE,
	OPT_GUI,
	OPT_GUI_DEBUG,
	OPT_INTERACTIVE,
	OPT_MAX_WAVES,
	OPT_COV_MERGE_PREVIOUS,
	OPT_COV_UNR,
	OPT_COV_ANALYZE,
	OPT_MAP_FULL_TESTPLAN,
	OPT_DVSIM_CONFIG,
	OPT_FUSESOC_MAPPING,
	OPT_FUSESOC_ROOT,
	OPT_INSTRUMENT,
	OPT_BASE_URL,
	OPT_DETAIL,
	OPT_DRIVER,
	OPT_DRIVER_OPTIONS,
	OPT_DEVICE,
	OPT_SAMPLE,
	OPT_WHY,
	OPT_FOR,
	OPT_DEVICES,
	OPT_DEVICES_ENV,
	OPT_QUEUE_TIMEOUT,
	OPT_POOLS,
	OPT_RUN,
	OPT_EXPLAIN,
	OPT_ACCEPT,
	OPT_KEEP_FAILED,
	OPT_SKIP_PASSED,
	OPT_FOLLOW,
	OPT_SINCE,
	OPT_ONLY_FAILED,
	OPT_ONLY_RUNNING,
	OPT_ONLY_FLAKY,
	OPT_BUCKET,
	OPT_ATTEMPT,
	OPT_AROUND,
	OPT_COUNT,
};

enum opt_kind {
	OPT_FLAG,
	OPT_WORD,   /* one value; the last one given counts */
	OPT_MAYBE,  /* one value or none */
	OPT_REPEAT, /* one value each time */
	OPT_WORDS,  /* all words up to the next option */
};

#define CMD_RUN	     1u
#define CMD_LIST     2u
#define CMD_PLAN     4u
#define CMD_CONFIG   8u
#define CMD_REPORT   16u
#define CMD_BOARD    32u
#define CMD_CHIPS    64u
#define CMD_RESUME   128u
#define CMD_EVENTS   256u
#define CMD_LS	     512u
#define CMD_SHOW     1024u
#define CMD_LOG	     2048u
#define CMD_BACKENDS 4096u
#define CMD_PAST     (CMD_EVENTS | CMD_LS | CMD_SHOW | CMD_LOG)	  /* reads the record of a run */
#define CMD_LOAD     (CMD_RUN | CMD_LIST | CMD_PLAN | CMD_CONFIG) /* reads a configuration */
#define CMD_ALL \
	(CMD_LOAD | CMD_REPORT | CMD_BOARD | CMD_CHIPS | CMD_RESUME | CMD_PAST | CMD_BACKENDS)
#define CMD_GRAPH (CMD_RUN | CMD_LIST | CMD_PLAN) /* commands that make a plan of it */

struct option {
	const char *name;   /* without the dashes */
	const char *shorts; /* one or more, separated by blanks; NULL: none */
	enum opt_kind kind;
	unsigned commands;
	const char *metavar; /* NULL for flags */
	const char *group;   /* heading in --help */
	const char *help;
};

extern const struct option option_table[OPT_COUNT];
/* The help text under the name dvsim of an option that has no short name there; NULL: the option is
 * the same there. */
const char *option_dvsim_help(const struct option *o);
/* The help text of o for command (one of CMD_…). */
const char *option_help(const struct option *o, unsigned command);

/* Pages of the help of run, list and plan; the other commands have one page. */
enum help_page {
	HELP_MOST_USED,
	HELP_ALL,
	HELP_DVSIM,
	HELP_CHIPS,
};

bool option_is_on_page(const struct option *o, enum help_page page);

struct args;
struct outcome_facts;

struct command {
	const char *name;
	unsigned bit;
	const char *usage; /* after "dvsched NAME" */
	const char *help;  /* one line */
	const char *more;  /* paragraphs for `dvsched NAME --help` */
	int (*run)(const struct args *args);
};

extern const struct command commands[]; /* the last one has the name NULL */
const struct command *command_find(const char *name);

struct opt_value {
	const char *const *words; /* NULL-terminated, never NULL once is_set */
	size_t n;
	bool is_set;
};

/* What the run that is resumed has recorded, in addition to its command line. */
struct args_recorded {
	const char *seed_base; /* NULL: none */
	time_t when;	       /* the time in its timestamps; 0: none */
	const char *cwd;       /* where it was started; NULL: in the current directory */
	struct map cov_merges; /* of DVSim's flows: see dv_options.cov_merges */
};

/* A parsed command line. Everything is in mem, or points into argv. */
struct args {
	struct arena *mem;
	const struct command *command;
	struct opt_value opt[OPT_COUNT];
	const char *const *words; /* positional, after the command's name; NULL-terminated */
	size_t n_words;
	const char *const *after; /* after "--": NULL if there was none */
	size_t n_after;
	const char *const *argv; /* the whole command line, for records; NULL-terminated */
	enum opt *owners;	 /* the option of each word of argv; OPT_COUNT: none */
	bool is_dvsim;		 /* called as dvsim: DVSim's command line and exit codes */
	const struct args_recorded *recorded; /* of the run that is resumed; NULL: none */
	struct outcome_facts *facts; /* to be filled in, for exit codes; NULL: not needed */
	bool is_admin;		     /* called as dvsim-admin: reports only, its exit codes */
};

/* Returns 0, or -1 after errors (exit code 2). Values of options are checked when they are read. */
int args_parse(struct args *args, int argc, char **argv, struct diags *diags);
void args_done(struct args *args);
/* "dvsched", "dvsim" or "dvsim-admin": the name of the program, for commands in texts. */
const char *args_program(const struct args *args);
/* For parsers: allocates args->owners for argc words. */
void args_set_owners(struct args *args, int argc);

bool opt_has(const struct args *a, enum opt o);
/* The last value; otherwise: if there is none. */
const char *opt_word(const struct args *a, enum opt o, const char *otherwise);
/* Sets the option to this one word; NULL: to not given. */
void opt_set(struct args *a, enum opt o, const char *word);
/* All values, NULL-terminated; NULL if not given. */
const char *const *opt_words(const struct args *a, enum opt o);
/* Typed values; a bad one is an error that names the option. */
unsigned opt_uint(const struct args *a, enum opt o, unsigned least, unsigned most,
		  unsigned otherwise, struct diags *diags);
double opt_real(const struct args *a, enum opt o, double least, double otherwise,
		struct diags *diags);
uint64_t opt_size(const struct args *a, enum opt o, uint64_t otherwise, struct diags *diags);
double opt_duration(const struct args *a, enum opt o, double otherwise, struct diags *diags);
/* Index of the value in choices (NULL-terminated). */
int opt_choice(const struct args *a, enum opt o, const char *const *choices, int otherwise,
	       struct diags *diags);

/* "NAME=VALUE", blanks around '=' allowed. false: no '=' or an empty side. */
bool opt_split_pair(struct arena *mem, const char *word, char **ret_name, char **ret_value);

/* The long option of this name or unique prefix; OPT_COUNT after an error. */
enum opt opt_resolve(const char *name, unsigned command, struct diags *diags);

/* program: args_program(). c: NULL: the text about the program itself. topic: the page, "all",
 * "dvsim" or "chips"; any other word and NULL mean the options that are used most. */
void help_print(const char *program, const struct command *c, const char *topic);
void help_print_dvsim(void);
void help_print_admin(void);
void version_print(void);

#endif
