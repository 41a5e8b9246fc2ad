/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/backends.h"
#include "base/fs.h"
#include "base/log.h"
#include "cli/dv_options.h"
#include "cli/outcome.h"
#include "exec/pattern.h"
#include "flow/flow.h"
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

	/* DVSim's words; there is nothing above an error here. */
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
	if (file && log_open_file(file) < 0)
		diag_error(diags, nowhere, "--log-file %s: %s", file, strerror(errno));
	return diags->n_errors ? -1 : 0;
}

/* `-i smoke cfg.hjson` swallows the configuration, as it does in DVSim: say so. */
static void say_what_is_missing(const struct args *args, struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "no configuration given");
	const struct opt_value *items = &args->opt[OPT_ITEMS];

	for (size_t i = 0; i < items->n; i++) {
		if (!str_ends(items->words[i], ".hjson"))
			continue;
		diag_hint(e, "-i took '%s' as one of its words; put the configuration first",
			  items->words[i]);
		return;
	}
	diag_hint(e, "dvsched %s %s", args->command->name, args->command->usage);
}

const char *load_path(const struct args *args, struct diags *diags)
{
	if (args->n_words == 0 || !*args->words[0]) {
		say_what_is_missing(args, diags);
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

/* A configuration of ours says `flow: jobs` itself; DVSim's get their flow by an import. */
static bool is_native(const char *path)
{
	struct hjson_node *flow = NULL;
	struct diags diags;
	struct cfg *c;
	bool is;

	diags_init(&diags);
	c = cfg_parse(path, &diags);
	if (c && cfg_root(c)->type == HJSON_OBJECT)
		flow = hjson_get(cfg_root(c), "flow");
	is = !c || (flow && flow->type == HJSON_STRING &&
		    strcmp(hjson_cstr(cfg_doc(c), flow), "jobs") == 0);
	cfg_free(c);
	diags_done(&diags);
	return is;
}

/* DVSim's place for output: scratch/ in the project's root. NULL: there is no project. */
static const char *project_scratch(const struct args *args)
{
	const char *given = opt_word(args, OPT_PROJ_ROOT, NULL);
	const char *root = given ? path_absolute(args->mem, given) : cfg_proj_root(args->mem);

	return root ? path_join(args->mem, root, "scratch") : NULL;
}

/* -sr, else $SCRATCH_ROOT, else scratch/ beside the configuration (here, where there is none). */
static const char *find_scratch_root(const struct args *args, const char *cfg_path)
{
	const char *given = opt_word(args, OPT_SCRATCH_ROOT, NULL), *env = getenv("SCRATCH_ROOT");
	const char *found;

	if (given && *given)
		return path_absolute(args->mem, given);
	if (env && *env)
		return path_absolute(args->mem, env);
	if (cfg_path && !is_native(cfg_path) && (found = project_scratch(args)))
		return found;
	return path_absolute(
		args->mem,
		path_join(args->mem, cfg_path ? path_dir(args->mem, cfg_path) : ".", "scratch"));
}

struct cfg *load_cfg(const struct args *args, struct diags *diags)
{
	const char *path = load_path(args, diags);
	const char *root = opt_word(args, OPT_PROJ_ROOT, NULL);
	struct cfg_options options = {
		.proj_root = root ? path_absolute(args->mem, root) : NULL,
		.branch = opt_word(args, OPT_BRANCH, NULL),
		.tool = opt_word(args, OPT_TOOL, NULL),
	};

	if (!path)
		return NULL;
	options.scratch_root = find_scratch_root(args, path);
	options.ret_eval_status = args->facts ? &args->facts->eval_status : NULL;
	return cfg_load(path, &options, diags);
}

/* Name=value pairs and items are checked by the flow, which knows what there is. */
static struct plan *plan_cfg(const struct args *args, struct cfg *cfg, struct diags *diags)
{
	struct dv_options dv;
	struct flow_options options = {
		.scratch_root = find_scratch_root(args, cfg_path(cfg)),
		.items = opt_words(args, OPT_ITEMS),
		.defines = opt_words(args, OPT_DEFINE),
		.is_backend = backend_type_exists,
		.dv = &dv,
	};
	struct plan *plan;

	if (dv_options_read(args, &dv, diags) < 0)
		return NULL;
	if (opt_has(args, OPT_FAILED)) {
		options.items = load_failed(args->mem, options.scratch_root,
					    opt_word(args, OPT_FAILED, "latest"), diags);
		if (!options.items)
			return NULL;
	}
	plan = flow_plan(cfg, &options, diags);
	if (!plan && args->facts)
		args->facts->eval_status = cfg_eval_status(cfg);
	return plan;
}

static struct plan *plan_command(const struct args *args, struct diags *diags)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct flow_command cmd = {
		.argv = args->after,
		.timeout_s = opt_duration(args, OPT_TIMEOUT, 0, diags),
		.cwd = path_absolute(mem, "."),
	};

	if (args->n_words) {
		diag_error(diags, nowhere,
			   "a configuration and a command after -- do not go together");
		return NULL;
	}
	if (args->n_after == 0) {
		diag_error(diags, nowhere, "no command after --");
		return NULL;
	}
	return flow_plan_command(&cmd, find_scratch_root(args, NULL), diags);
}

int load_report(const struct args *args, struct loaded *l)
{
	bool is_strict = opt_has(args, OPT_STRICT);
	unsigned n_errors = l->diags.n_errors + (is_strict ? l->diags.n_warnings : 0);

	diags_print(&l->diags, stderr, load_wants_color(args, STDERR_FILENO), is_strict);
	diags_done(&l->diags);
	return n_errors ? EXIT_USAGE : EXIT_PASSED;
}

int load_plan(const struct args *args, struct loaded *l)
{
	*l = (struct loaded){0};
	diags_init(&l->diags);
	if (load_common(args, &l->diags) == 0) {
		if (args->after && (args->command->bit & CMD_RUN)) {
			l->plan = plan_command(args, &l->diags);
		} else {
			if (args->after)
				diag_error(&l->diags, nowhere,
					   "a command after -- goes with 'run' only");
			if (opt_has(args, OPT_TIMEOUT))
				diag_error(&l->diags, nowhere,
					   "'--timeout' is for `run -- CMD`; a configuration says "
					   "its own");
			l->cfg = load_cfg(args, &l->diags);
			if (l->cfg)
				l->plan = plan_cfg(args, l->cfg, &l->diags);
			if (l->plan && !(args->command->bit & CMD_RUN))
				sched_check(l->plan, &l->diags); /* run: with its backends */
		}
	}
	if (l->plan)
		pattern_check_plan(l->plan, &l->diags);
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
