/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dvsim/dv_options.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "base/str.h"
#include "cli/dvsim/dvsim_env.h"
#include "flow/seeds.h"

static const struct src_pos nowhere;

static const char *const wave_formats[] = {"fsdb", "shm", "vpd", "vcd", "evcd", "fst", NULL};
static const char *const profiles[] = {"time", "mem", NULL};
static const char *const verbosities[] = {"n", "l", "m", "h", "f", "d", NULL};

static const char *check_seed(const struct args *args, enum opt o, const char *word,
			      struct diags *diags)
{
	const char *number = seed_number(args->mem, word);

	if (!number)
		diag_error(diags, nowhere, "'--%s' must be digits, not '%s'", option_table[o].name,
			   word);
	return number;
}

/* DVSim converts these to numbers, so 007 is 7 in names, too. NULL: not given, or wrong. */
static const char *read_seed(const struct args *args, enum opt o, struct diags *diags)
{
	const char *word = opt_word(args, o, NULL);

	return word ? check_seed(args, o, word, diags) : NULL;
}

static void read_seeds(const struct args *args, const char *seed_base, struct dv_options *o,
		       struct diags *diags)
{
	o->seeds = opt_words(args, OPT_SEEDS);
	o->fixed_seed = read_seed(args, OPT_FIXED_SEED, diags);
	o->seed_base = opt_word(args, OPT_SEED_BASE, seed_base);
	if (!o->seed_base)
		o->seed_base = seeds_new_base(args->mem);
	for (const char *const *s = o->seeds; s && *s; s++)
		check_seed(args, OPT_SEEDS, *s, diags);
	if (o->fixed_seed)
		o->reseed = 1;
	if (opt_word(args, OPT_BUILD_SEED, NULL)) {
		o->build_seed = read_seed(args, OPT_BUILD_SEED, diags);
	} else if (opt_has(args, OPT_BUILD_SEED)) {
		struct seeds random = {.base = o->seed_base, .mem = args->mem};

		o->build_seed = seeds_next(&random, seeds_of_test(&random, "", "build"), 0);
	}
}

static const char *read_word(const struct args *args, enum opt o, const char *const *words,
			     const char *otherwise, struct diags *diags)
{
	return opt_has(args, o) && opt_word(args, o, NULL)
		       ? words[opt_choice(args, o, words, 0, diags)]
	       : opt_has(args, o) ? otherwise
				  : NULL;
}

/* In minutes; as a text, since DVSim shows it. */
static const char *read_minutes(const struct args *args, enum opt o, struct diags *diags)
{
	const char *word = opt_word(args, o, NULL);

	opt_uint(args, o, 0, INT_MAX, 0, diags);
	return word ? number_int(args->mem, word) : NULL;
}

/* 0: not given. As in DVSim, the value 0 means 1. */
static unsigned read_count(const struct args *args, enum opt o, struct diags *diags)
{
	unsigned n = opt_uint(args, o, 0, INT_MAX, 0, diags);

	return opt_word(args, o, NULL) && n == 0 ? 1 : n;
}

static void set_timestamps(const struct args *args, struct dv_options *o)
{
	char brief[32], full[64];
	time_t now = args->recorded && args->recorded->when ? args->recorded->when : time(NULL);
	struct tm utc;

	o->when = now;
	gmtime_r(&now, &utc);
	strftime(brief, sizeof(brief), "%Y%m%d_%H%M%S", &utc);
	strftime(full, sizeof(full), "%A %B %d %Y %H:%M:%S UTC", &utc);
	o->timestamp = arena_strdup(args->mem, brief);
	o->timestamp_long = arena_strdup(args->mem, full);
}

int dv_options_read(const struct args *args, const char *seed_base, struct dv_options *o,
		    struct diags *diags)
{
	unsigned n_before = diags->n_errors;

	*o = (struct dv_options){
		.build_opts = opt_words(args, OPT_BUILD_OPTS),
		.run_opts = opt_words(args, OPT_RUN_OPTS),
		.build_modes = opt_words(args, OPT_BUILD_MODES),
		.run_modes = opt_words(args, OPT_RUN_MODES),
		.select_cfgs = opt_words(args, OPT_SELECT_CFGS),
		.branch = opt_word(args, OPT_BRANCH, NULL),
		.tool = opt_word(args, OPT_TOOL, NULL),
		.job_prefix = opt_word(args, OPT_JOB_PREFIX, NULL),
		.dump_script = opt_word(args, OPT_DUMP_SCRIPT, NULL),
		.build_timeout_mins = read_minutes(args, OPT_BUILD_TIMEOUT, diags),
		.run_timeout_mins = read_minutes(args, OPT_RUN_TIMEOUT, diags),
		.run_timeout_multiplier = opt_real(args, OPT_RUN_TIMEOUT_MULTIPLIER, 0, 0, diags),
		.reseed_multiplier = opt_real(args, OPT_RESEED_MULTIPLIER, 0, 0, diags),
		.reseed = read_count(args, OPT_RESEED, diags),
		.max_odirs = read_count(args, OPT_MAX_ODIRS, diags),
		.max_waves = opt_uint(args, OPT_MAX_WAVES, 0, INT_MAX, 5, diags),
		.waves = read_word(args, OPT_WAVES, wave_formats, NULL, diags),
		.profile = read_word(args, OPT_PROFILE, profiles, "time", diags),
		.verbosity = read_word(args, OPT_VERBOSITY, verbosities, NULL, diags),
		.cov = opt_has(args, OPT_COV),
		.xprop_off = opt_has(args, OPT_XPROP_OFF),
		.build_only = opt_has(args, OPT_BUILD_ONLY),
		.run_only = opt_has(args, OPT_RUN_ONLY),
		.build_unique = opt_has(args, OPT_BUILD_UNIQUE),
		.gui = opt_has(args, OPT_GUI),
		.gui_debug = opt_has(args, OPT_GUI_DEBUG),
		.is_dry_run = args->is_dvsim && opt_has(args, OPT_DRY_RUN),
		.cov_merge_previous = opt_has(args, OPT_COV_MERGE_PREVIOUS),
		.cov_unr = opt_has(args, OPT_COV_UNR),
		.cov_analyze = opt_has(args, OPT_COV_ANALYZE),
		.map_full_testplan = opt_has(args, OPT_MAP_FULL_TESTPLAN),
	};
	if (args->recorded)
		o->cov_merges = &args->recorded->cov_merges;
	if (opt_has(args, OPT_INTERACTIVE))
		o->reseed = 1;
	read_seeds(args, seed_base, o, diags);
	set_timestamps(args, o);
	return diags->n_errors == n_before ? 0 : -1;
}
