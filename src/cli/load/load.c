/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/load.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/backends.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "cli/args/limit_option.h"
#include "cli/args/list_items.h"
#include "cli/args/selection.h"
#include "cli/dvsim/dv_options.h"
#include "cli/dvsim/dvsim_env.h"
#include "cli/load/failed.h"
#include "cli/load/here.h"
#include "cli/load/limits.h"
#include "cli/load/outcome.h"
#include "cli/load/past_choice.h"
#include "cli/load/place.h"
#include "cli/load/pools.h"
#include "flow/flow.h"
#include "judge/pattern.h"
#include "scheduler/sched.h"

static const struct src_pos nowhere;

bool load_wants_color(const struct args *args, int fd)
{
	const char *when = opt_word(args, OPT_COLOR, "auto"), *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

static int read_level(const struct args *args, struct diags *diags)
{
	static const char *const levels[] = {"error", "warning", "info", "verbose", "debug", NULL};
	const char *given = opt_word(args, OPT_LOG_LEVEL, NULL);
	int otherwise = LOG_INFO;

	/* A level of DVSim; the highest level here is error. */
	if (given && strcmp(given, "CRITICAL") == 0)
		return LOG_ERROR;
	for (int i = 0; given && levels[i]; i++)
		if (strcasecmp(given, levels[i]) == 0)
			return i;

	if (opt_has(args, OPT_VERBOSE)) {
		const char *word = opt_word(args, OPT_VERBOSE, "default");

		otherwise = strcmp(word, "debug") == 0 ? LOG_DEBUG : LOG_VERBOSE;
	}
	return opt_choice(args, OPT_LOG_LEVEL, levels, otherwise, diags);
}

int load_common(const struct args *args, struct diags *diags)
{
	static const char *const colors[] = {"auto", "always", "never", NULL};
	const char *file = opt_word(args, OPT_LOG_FILE, NULL);

	log_set_level((enum log_level)read_level(args, diags));
	opt_choice(args, OPT_COLOR, colors, 0, diags);
	log_set_color(load_wants_color(args, STDERR_FILENO));
	here_check(args, diags);
	if (file && !diags->n_errors && log_open_file(file) < 0)
		diag_error(diags, nowhere, "--log-file %s: %s", file, strerror(errno));
	return diags->n_errors ? -1 : 0;
}

/* As in DVSim, `-i smoke cfg.hjson` takes the configuration as an item, and `--failed cfg.hjson` as
 * a run: the hint says so. */
static void report_missing_cfg(const struct args *args, struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "no configuration given");
	static const enum opt lists[] = {OPT_ITEMS, OPT_EXCLUDE};
	const char *run = opt_word(args, OPT_FAILED, "");

	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		const struct opt_value *items = &args->opt[lists[k]];

		for (size_t i = 0; i < items->n; i++) {
			if (!str_ends(items->words[i], ".hjson"))
				continue;
			diag_hint(e,
				  "-%s took '%s' as one of its words; put the configuration first",
				  option_table[lists[k]].shorts, items->words[i]);
			return;
		}
	}
	if (str_ends(run, ".hjson")) {
		diag_hint(e,
			  "--failed took '%s' for the name of a run; put the configuration first",
			  run);
		return;
	}
	diag_hint(e, "dvsched %s %s", args->command->name, args->command->usage);
}

/* The only positional word, or NULL after an error. */
static const char *load_path_of(const struct args *args, struct diags *diags)
{
	if (args->n_words == 0 || !*args->words[0]) {
		report_missing_cfg(args, diags);
		return NULL;
	}
	if (args->n_words > 1) {
		struct diag *e = diag_error(diags, nowhere,
					    "one configuration at a time: '%s' is one too many",
					    args->words[1]);

		diag_hint(e, "to choose jobs: -i %s", args->words[1]);
		return NULL;
	}
	return args->words[0];
}

struct cfg *load_cfg(const struct args *args, struct diags *diags)
{
	const char *path = load_path_of(args, diags);
	struct place place;

	if (!path || place_find(args, path, &place, diags) < 0)
		return NULL;
	return place_load(&place, diags);
}

struct cfg *load_cfg_settings(const struct args *args, const char *path, struct diags *diags)
{
	struct flow_options options = {.defines = opt_words(args, OPT_DEFINE)};
	struct place place = {0};
	struct cfg *cfg = place_find(args, path, &place, diags) == 0 ? place_load(&place, diags)
								     : NULL;
	unsigned n_before = diags->n_errors;

	if (cfg && cfg_override(cfg, diags) == 0) {
		options.scratch_root = place.scratch_root;
		flow_resolve(cfg, &options, diags);
		if (diags->n_errors == n_before)
			return cfg;
	}
	cfg_free(cfg);
	return NULL;
}

/* A run also has limits of resources. */
static void check_graph(const struct args *args, const struct plan *plan, struct diags *diags)
{
	struct sched_options options = {0};
	struct resource_limit *limits;
	struct diags ignored; /* run_options_read() reports errors of -R */

	if (!(args->command->bit & CMD_RUN)) {
		sched_check(plan, diags);
		return;
	}
	diags_init(&ignored);
	options.n_limits = limits_read(args, &limits, &ignored);
	options.limits = limits;
	diags_done(&ignored);
	sched_check_resources(plan, &options, diags);
}

/* Adds further errors of a plan that is refused. */
static void check_refused(void *ctx, const struct plan *plan, struct diags *diags)
{
	pattern_check_plan(plan, diags);
	check_graph(ctx, plan, diags);
}

static void load_say_progress(const char *text)
{
	log_info("%s", text);
}

static void log_planned(const struct plan *plan, const struct cfg *cfg, double began)
{
	size_t n = cfg_n_commands(cfg);

	if (n)
		log_verbose(
			"planning %zu jobs: %.2f s, of which %.2f s waiting for %zu commands of "
			"{eval_cmd}",
			plan->n_jobs, clock_now(clock_real()) - began, cfg_waited_s(cfg), n);
	else
		log_verbose("planning %zu jobs: %.2f s", plan->n_jobs,
			    clock_now(clock_real()) - began);
}

static int find_reused(const struct args *args, const struct place *place, struct loaded *l)
{
	const struct past_choice choice = {
		.option = OPT_SKIP_PASSED,
		.takes_any = true,
		.scratch_root = place->scratch_root,
		.cfg_path = cfg_path(l->cfg),
	};
	static const enum opt others[] = {OPT_FAILED, OPT_REMOTE, OPT_PURGE, OPT_LIST};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (opt_has(args, others[i])) {
			diag_error(&l->diags, nowhere, "--skip-passed and --%s do not go together",
				   option_table[others[i]].name);
			return -1;
		}
	if (past_choice_find(&choice, args, &l->reused, &l->diags) < 0)
		return -1;
	return past_choice_read(OPT_SKIP_PASSED, args->mem, &l->reused, &l->diags);
}

/* The base of the random seeds of an earlier run; NULL: a new one. */
static const char *seed_base_of(const struct args *args, const struct failed *failed,
				const struct loaded *l)
{
	if (args->recorded)
		return args->recorded->seed_base;
	return failed->seed_base ? failed->seed_base : l->reused.seed_base;
}

/* --failed and --skip-passed. Returns 0, or -1 after errors. */
static int read_past_runs(const struct args *args, const struct place *place, struct loaded *l,
			  struct failed *ret)
{
	if (opt_has(args, OPT_FAILED) &&
	    failed_find(ret, args, place->scratch_root, cfg_path(l->cfg), &l->diags) < 0)
		return -1;
	/* A resumed run takes over what it can anyway. */
	if (opt_has(args, OPT_SKIP_PASSED) && !args->recorded)
		return find_reused(args, place, l);
	return 0;
}

static int load_read_dv_options(const struct args *args, const struct place *place,
				const char *seed_base, struct dv_options *ret, struct diags *diags)
{
	if (dv_options_read(args, seed_base, ret, diags) < 0)
		return -1;
	ret->fusesoc_mappings = place->tool.mappings;
	ret->fusesoc_roots = place->tool.roots;
	ret->say = load_say_progress;
	if (place->branch)
		ret->branch = place->branch;
	return 0;
}

/* --list, or what is to run instead. Returns 0, or -1 after errors. */
static int read_listing(const struct args *args, struct flow_options *options, struct diags *diags)
{
	if (opt_has(args, OPT_LIST))
		return list_begin(options, opt_words(args, OPT_LIST), diags);
	if (args->is_dvsim && opt_has(args, OPT_ITEMS) && args->opt[OPT_ITEMS].n == 0) {
		diag_error(diags, nowhere, "nothing to run: -i names no items");
		return -1;
	}
	return 0;
}

static struct plan *plan_cfg(const struct args *args, const struct place *place, struct loaded *l)
{
	struct cfg *cfg = l->cfg;
	struct diags *diags = &l->diags;
	struct dv_options dv;
	struct flow_options options = {
		.scratch_root = place->scratch_root,
		.defines = opt_words(args, OPT_DEFINE),
		.backend_types = backend_names,
		.check_backend = backend_check_settings,
		.job_keys = backend_job_keys,
		.check_refused = check_refused,
		.check_ctx = (void *)args,
		.is_interactive = opt_has(args, OPT_INTERACTIVE),
		.terminal_env = dvsim_env_interactive,
		.dv = &dv,
	};
	_cleanup_(failed_done) struct failed failed = {0};
	double began = clock_now(clock_real());
	struct plan *plan;

	if (read_past_runs(args, place, l, &failed) < 0 ||
	    selection_read(args, &options, diags) < 0 ||
	    load_read_dv_options(args, place, seed_base_of(args, &failed, l), &dv, diags) < 0 ||
	    read_listing(args, &options, diags) < 0)
		return NULL;
	if (opt_has(args, OPT_FAILED))
		options.again = &failed.again;
	if (options.again && failed.again.n == 0)
		return failed_nothing(&failed, cfg, &options);
	plan = flow_plan(cfg, &options, diags);
	if (plan)
		log_planned(plan, cfg, began);
	if (plan && options.again)
		failed_settle(&failed, args, plan, diags);
	if (!plan && args->facts)
		args->facts->eval_status = cfg_eval_status(cfg);
	return plan;
}

/* Refuses what does not go with a command after --. Returns 0, or -1 after errors. */
static int load_check_command(const struct args *args, const struct flow_command *cmd,
			      struct diags *diags)
{
	if (args->n_words)
		diag_error(diags, nowhere,
			   "a configuration and a command after -- do not go together");
	else if (cmd->is_interactive && opt_has(args, OPT_TIMEOUT))
		diag_error(diags, nowhere,
			   "--timeout and --interactive do not go together: you decide how long it "
			   "takes");
	else if (opt_has(args, OPT_FAILED) || opt_has(args, OPT_SKIP_PASSED))
		diag_error(diags, nowhere,
			   "--%s is for a configuration, not for a command after --",
			   opt_has(args, OPT_FAILED) ? "failed" : "skip-passed");
	else if (args->n_after == 0)
		diag_error(diags, nowhere, "no command after --");
	else if (opt_has(args, OPT_DEFINE) && !cmd->n_backend_keys)
		diag_error(diags, nowhere,
			   "-D is for a configuration, or for the pools of --devices");
	else
		return 0;
	return -1;
}

static struct plan *plan_command(const struct args *args, struct cfg **ret_pools,
				 struct diags *diags)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct flow_command cmd = {
		.argv = args->after,
		.timeout_s = opt_duration(args, OPT_TIMEOUT, 0, diags),
		.retries = opt_uint(args, OPT_RETRIES, 0, FLOW_MOST_RETRIES, 0, diags),
		.cwd = path_absolute(mem, "."),
		.is_interactive = opt_has(args, OPT_INTERACTIVE),
		.terminal_env = dvsim_env_interactive,
		.is_shown = !opt_has(args, OPT_INTERACTIVE) &&
			    !str_eq(opt_word(args, OPT_VIEW, NULL), "none"),
	};

	limit_option_read(args, &cmd.limits, diags);
	cmd.backend_keys = pools_keys(args, &cmd.n_backend_keys, diags);
	if (load_check_command(args, &cmd, diags) < 0)
		return NULL;
	if (cmd.n_backend_keys && !diags->n_errors && !opt_has(args, OPT_DRY_RUN))
		*ret_pools = pools_load(args, diags);
	return flow_plan_command(&cmd, place_scratch(args, "."), diags);
}

static void load_and_plan(const struct args *args, struct loaded *l)
{
	const char *path = load_path_of(args, &l->diags);
	struct place place;

	if (!path || place_find(args, path, &place, &l->diags) < 0)
		return;
	if (opt_has(args, OPT_REMOTE) && opt_has(args, OPT_INTERACTIVE)) {
		diag_error(&l->diags, nowhere, "--interactive and --remote do not go together");
		return;
	}
	if (opt_has(args, OPT_REMOTE) && !opt_has(args, OPT_DRY_RUN) && !opt_has(args, OPT_LIST) &&
	    place_go_remote(&place, &l->diags) < 0)
		return;
	l->cfg = place_load(&place, &l->diags);
	if (l->cfg && place.is_native && opt_has(args, OPT_LIST)) {
		struct diag *e = diag_error(&l->diags, nowhere, "'--list' is for DVSim's flows");

		diag_hint(e, "dvsched list %s", path);
		return;
	}
	if (l->cfg)
		l->plan = plan_cfg(args, &place, l);
}

static void log_diags(const struct diags *d, bool is_strict)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return;
	diags_print(d, f, false, is_strict);
	if (fclose(f) == 0)
		log_file_add(text, n);
	free(text);
}

int load_report(const struct args *args, struct loaded *l)
{
	bool is_strict = opt_has(args, OPT_STRICT);
	unsigned n_errors = l->diags.n_errors + (is_strict ? l->diags.n_warnings : 0);
	bool is_infra = n_errors == l->diags.n_infra;

	diags_print(&l->diags, stderr, load_wants_color(args, STDERR_FILENO), is_strict);
	if (l->diags.first && log_has_file())
		log_diags(&l->diags, is_strict);
	diags_done(&l->diags);
	if (n_errors == 0)
		return EXIT_PASSED;
	return is_infra ? EXIT_INFRA : EXIT_USAGE;
}

static void refuse_of_commands(const struct args *args, struct diags *diags)
{
	static const enum opt of_commands[] = {OPT_DEVICES, OPT_DEVICES_ENV, OPT_QUEUE_TIMEOUT,
					       OPT_POOLS};

	for (size_t i = 0; i < ARRAY_LEN(of_commands); i++)
		if (opt_has(args, of_commands[i]))
			diag_error(diags, nowhere,
				   "'--%s' is for `run -- CMD`; a configuration has keys for it",
				   option_table[of_commands[i]].name);
}

int load_plan(const struct args *args, struct loaded *l)
{
	*l = (struct loaded){0};
	diags_init(&l->diags);
	if (load_common(args, &l->diags) == 0) {
		if (args->after && (args->command->bit & CMD_RUN)) {
			l->plan = plan_command(args, &l->cfg, &l->diags);
		} else {
			if (args->after)
				diag_error(&l->diags, nowhere,
					   "a command after -- goes with 'run' only");
			refuse_of_commands(args, &l->diags);
			load_and_plan(args, l);
		}
	}
	if (l->plan && !l->plan->roster) /* flows that do not read `backends` */
		l->plan->roster = roster_read(l->plan->mem, l->cfg, backend_names);
	if (l->plan)
		l->plan->is_nested = past_is_nested();
	if (l->plan)
		pattern_check_plan(l->plan, &l->diags);
	/* A run without errors so far checks the graph together with its backends. */
	if (l->plan && (!(args->command->bit & CMD_RUN) || l->diags.n_errors))
		check_graph(args, l->plan, &l->diags);
	if (load_report(args, l) != EXIT_PASSED)
		return EXIT_USAGE;
	return l->plan ? EXIT_PASSED : EXIT_OUR_BUG;
}

void load_done(struct loaded *l)
{
	plan_free(l->plan);
	cfg_free(l->cfg);
	diags_done(&l->diags);
}
