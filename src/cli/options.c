/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define WHAT  "What to run"
#define HOW   "How to run it"
#define WHERE "Where"
#define SHOW  "What is shown"

const struct option option_table[OPT_COUNT] = {
	[OPT_HELP] = {"help", "h", OPT_FLAG, CMD_ALL, NULL, SHOW, "this text"},
	[OPT_VERSION] = {"version", NULL, OPT_FLAG, CMD_ALL, NULL, SHOW, "the version"},
	[OPT_ITEMS] = {"items", "i", OPT_WORDS, CMD_GRAPH, "ITEM", WHAT,
		       "jobs by name, glob or @tag, with everything they need; default: all"},
	[OPT_FAILED] = {"failed", NULL, OPT_MAYBE, CMD_GRAPH, "RUN", WHAT,
			"the jobs that did not pass in an earlier run; default: latest"},
	[OPT_DEFINE] = {"define", "D", OPT_REPEAT, CMD_GRAPH, "NAME=VALUE", WHAT,
			"set a variable, or the values of a sweep (seed=1..50, mode=fast,slow)"},
	[OPT_STRICT] = {"strict", NULL, OPT_FLAG, CMD_LOAD, NULL, WHAT,
			"warnings about the configuration are errors"},
	[OPT_MAX_PARALLEL] = {"max-parallel", "j mp", OPT_WORD, CMD_RUN, "N", HOW,
			      "jobs at a time, over all backends; default: the CPUs we may use"},
	[OPT_RESOURCE] = {"resource", "R", OPT_REPEAT, CMD_RUN, "NAME=N", HOW,
			  "at most N of a resource (a licence) in use at a time, or 'unlimited'"},
	[OPT_ON_MISSING] = {"on-missing-resource", NULL, OPT_WORD, CMD_RUN,
			    "ignore|warn|error|fatal", HOW,
			    "a job asks for a resource that has no limit; default: ignore"},
	[OPT_MAX_FAILURES] = {"max-failures", NULL, OPT_WORD, CMD_RUN, "N", HOW,
			      "launch nothing more after N failures; what runs goes on"},
	[OPT_RUN_DEADLINE] =
		{"run-deadline", NULL, OPT_WORD, CMD_RUN, "600s|07:00", HOW,
		 "end the whole run after this time, or at this time of day; exit code 124"},
	[OPT_GRACE] = {"grace", NULL, OPT_WORD, CMD_RUN, "10s", HOW,
		       "between TERM and KILL when a job must end"},
	[OPT_TIMEOUT] = {"timeout", NULL, OPT_WORD, CMD_RUN, "5m", HOW,
			 "for `run -- CMD`: the command's time limit"},
	[OPT_DRY_RUN] = {"dry-run", "n", OPT_FLAG, CMD_RUN, NULL, HOW,
			 "show the commands in the order of the plan; run nothing"},
	[OPT_BACKEND] = {"backend", NULL, OPT_WORD, CMD_RUN, "NAME", WHERE,
			 "the backend of all jobs that name none; default: local"},
	[OPT_BACKEND_FOR] = {"backend-for", NULL, OPT_REPEAT, CMD_RUN, "GLOB=NAME", WHERE,
			     "the backend of jobs or targets that match; the first match counts"},
	[OPT_LOCAL] = {"local", NULL, OPT_FLAG, CMD_RUN, NULL, WHERE, "--backend local"},
	[OPT_FAKE] = {"fake", NULL, OPT_FLAG, CMD_RUN, NULL, WHERE,
		      "--backend fake: nothing is really run"},
	[OPT_SCRATCH_ROOT] =
		{"scratch-root", "sr", OPT_WORD, CMD_LOAD, "DIR", WHERE,
		 "all output; default: $SCRATCH_ROOT, else scratch/ beside the configuration"},
	[OPT_PROJ_ROOT] =
		{"proj-root", "pr", OPT_WORD, CMD_LOAD, "DIR", WHERE,
		 "value of {proj_root}; default: the git work tree around the current directory"},
	[OPT_BRANCH] = {"branch", "br", OPT_WORD, CMD_LOAD, "NAME", WHERE,
			"value of {branch}; default: of the git work tree"},
	[OPT_TOOL] = {"tool", "t", OPT_WORD, CMD_LOAD, "NAME", WHERE,
		      "value of {tool}, whatever the files say"},
	[OPT_VIEW] = {"view", NULL, OPT_WORD, CMD_RUN, "auto|curses|tty|plain|none", SHOW,
		      "how a run is shown; default: auto (tty on a terminal, else plain)"},
	[OPT_PRINT_INTERVAL] = {"print-interval", "pi", OPT_WORD, CMD_RUN, "SECONDS", SHOW,
				"least time between two status prints; 0: every change"},
	[OPT_COLOR] = {"color", NULL, OPT_WORD, CMD_ALL, "auto|always|never", SHOW,
		       "colours; auto: on a terminal, unless NO_COLOR is set"},
	[OPT_SHOW_FAILURES] = {"show-failures", NULL, OPT_WORD, CMD_RUN, "N|all", SHOW,
			       "failed jobs shown in full at the end; default: 5 kinds of 2"},
	[OPT_WITHOUT] = {"without", NULL, OPT_REPEAT, CMD_RUN, "OBSERVER", SHOW,
			 "switch an observer off (links, journal)"},
	[OPT_LOG_LEVEL] = {"log-level", NULL, OPT_WORD, CMD_ALL, "error|warning|info|verbose|debug",
			   SHOW, "default: info"},
	[OPT_LOG_FILE] = {"log-file", NULL, OPT_WORD, CMD_ALL, "FILE", SHOW,
			  "append messages to this file too"},
	[OPT_VERBOSE] = {"verbose", NULL, OPT_MAYBE, CMD_ALL, "debug", SHOW,
			 "--log-level verbose, or debug"},
	[OPT_JSON] = {"json", NULL, OPT_FLAG, CMD_LIST | CMD_PLAN | CMD_CONFIG, NULL, SHOW, "JSON"},
	[OPT_NUL] = {"null", "0", OPT_FLAG, CMD_LIST, NULL, SHOW,
		     "names end in a NUL byte, for xargs -0"},
	[OPT_FORMAT] = {"format", NULL, OPT_WORD, CMD_PLAN, "text|json|dot", SHOW,
			"dot is for Graphviz; default: text"},
	[OPT_RAW] = {"raw", NULL, OPT_FLAG, CMD_CONFIG, NULL, SHOW,
		     "show: leave {wildcards} as they are"},
};

/*
 * DVSim 1.57's long options. A prefix that is unique among them keeps meaning that one, whatever we
 * add. Those that belong to a flow that this version does not have are known by name only.
 */
static const char *const dvsim_options[] = {
	"help",
	"version",
	"tool",
	"list",
	"log-level",
	"log-file",
	"items",
	"select-cfgs",
	"job-prefix",
	"local",
	"remote",
	"max-parallel",
	"gui",
	"gui-debug",
	"interactive",
	"resource",
	"on-missing-resource",
	"scratch-root",
	"proj-root",
	"branch",
	"max-odirs",
	"purge",
	"fusesoc-mapping",
	"fusesoc-extra-cores-root",
	"build-only",
	"build-unique",
	"build-opts",
	"build-modes",
	"build-timeout-mins",
	"run-only",
	"run-opts",
	"run-modes",
	"profile",
	"xprop-off",
	"run-timeout-mins",
	"run-timeout-multiplier",
	"verbosity",
	"build-seed",
	"seeds",
	"fixed-seed",
	"reseed",
	"reseed-multiplier",
	"waves",
	"max-waves",
	"dump-script",
	"cov",
	"cov-merge-previous",
	"cov-unr",
	"cov-analyze",
	"map-full-testplan",
	"dvsim-config",
	"instrument",
	"print-interval",
	"verbose",
	"dry-run",
	"fake",
};

static const struct src_pos nowhere;

static enum opt find_exact(const char *name)
{
	for (int i = 0; i < OPT_COUNT; i++)
		if (strcmp(option_table[i].name, name) == 0)
			return (enum opt)i;
	return OPT_COUNT;
}

/* The only one of names that starts with prefix; NULL if none or several do (*ret_n says). */
static const char *find_prefix(const char *prefix, const char *const *names, size_t n,
			       unsigned *ret_n)
{
	const char *found = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], prefix) == 0) {
			*ret_n = 1;
			return names[i];
		}
		if (!str_starts(names[i], prefix))
			continue;
		found = names[i];
		++*ret_n;
	}
	return *ret_n == 1 ? found : NULL;
}

/* Names of the options that go with command, for prefixes and suggestions. */
static size_t own_names(unsigned command, const char **ret_names)
{
	size_t n = 0;

	for (int i = 0; i < OPT_COUNT; i++)
		if (option_table[i].commands & command)
			ret_names[n++] = option_table[i].name;
	return n;
}

static enum opt foreign_option(const char *name, struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "option '--%s' belongs to DVSim's flows", name);

	diag_hint(e, "this version runs the native flow only (flow: jobs)");
	return OPT_COUNT;
}

static enum opt ambiguous_option(const char *name, const char *const *names, size_t n,
				 struct diags *diags)
{
	struct str list = {0};

	for (size_t i = 0; i < n; i++)
		if (str_starts(names[i], name))
			str_printf(&list, "%s--%s", list.len ? ", " : "", names[i]);
	diag_error(diags, nowhere, "option '--%s' is ambiguous: %s", name, list.s);
	str_done(&list);
	return OPT_COUNT;
}

static enum opt unknown_option(const char *name, const char *const *names, size_t n,
			       struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "unknown option '--%s'", name);
	const char *near = str_suggest(name, names, n);

	if (near)
		diag_hint(e, "did you mean '--%s'?", near);
	return OPT_COUNT;
}

enum opt opt_resolve(const char *name, unsigned command, struct diags *diags)
{
	const char *own[OPT_COUNT];
	size_t n_own = own_names(command, own);
	enum opt o = find_exact(name);
	unsigned n_found;
	const char *found;

	if (o == OPT_COUNT) {
		found = find_prefix(name, dvsim_options, ARRAY_LEN(dvsim_options), &n_found);
		if (!found)
			found = find_prefix(name, own, n_own, &n_found);
		if (!found && n_found > 1)
			return ambiguous_option(name, own, n_own, diags);
		if (!found)
			return unknown_option(name, own, n_own, diags);
		o = find_exact(found);
		if (o == OPT_COUNT)
			return foreign_option(found, diags);
	}
	if (!(option_table[o].commands & command)) {
		diag_error(diags, nowhere, "option '--%s' does not go with this command",
			   option_table[o].name);
		return OPT_COUNT;
	}
	return o;
}

/* The option whose shorts hold the n letters at name. */
static enum opt find_short(const char *name, size_t n)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		const char *s = option_table[i].shorts;

		for (; s && *s; s += strcspn(s, " "), s += *s == ' ')
			if (strcspn(s, " ") == n && memcmp(s, name, n) == 0)
				return (enum opt)i;
	}
	return OPT_COUNT;
}

/* A command line while it is read. */
struct reader {
	struct args *args;
	char **argv;
	int argc, at;
	const char **words[OPT_COUNT];
	const char **positional;
	struct diags *diags;
};

static void add_value(struct reader *r, enum opt o, const char *word)
{
	struct opt_value *v = &r->args->opt[o];

	if (!r->words[o]) {
		r->words[o] = arena_array(r->args->mem, (size_t)r->argc + 1, sizeof(char *));
		v->words = r->words[o];
	}
	v->is_set = true;
	if (word)
		r->words[o][v->n++] = word;
}

static bool is_value(const struct reader *r)
{
	const char *next = r->at < r->argc ? r->argv[r->at] : NULL;

	return next && (next[0] != '-' || next[1] == '\0');
}

static void take_values(struct reader *r, enum opt o, const char *shown, const char *attached)
{
	const struct option *row = &option_table[o];

	if (row->kind == OPT_FLAG) {
		if (attached)
			diag_error(r->diags, nowhere, "option '%s' takes no value", shown);
		add_value(r, o, NULL);
		return;
	}
	if (attached) {
		add_value(r, o, attached);
		return;
	}
	add_value(r, o, NULL);
	if (row->kind == OPT_WORDS) {
		while (is_value(r))
			add_value(r, o, r->argv[r->at++]);
	} else if (is_value(r)) {
		add_value(r, o, r->argv[r->at++]);
		return;
	}
	if (r->args->opt[o].n == 0 && row->kind != OPT_MAYBE) {
		struct diag *e = diag_error(r->diags, nowhere, "option '%s' needs a value: %s %s",
					    shown, shown, row->metavar);

		diag_hint(e, "a value that starts with '-' is written --%s=VALUE", row->name);
	}
}

static void read_long(struct reader *r, const char *word)
{
	const char *equals = strchr(word, '=');
	char *name = equals ? arena_strndup(r->args->mem, word + 2, (size_t)(equals - word) - 2)
			    : arena_strdup(r->args->mem, word + 2);
	enum opt o = opt_resolve(name, r->args->command->bit, r->diags);

	if (o != OPT_COUNT)
		take_values(r, o, arena_printf(r->args->mem, "--%s", option_table[o].name),
			    equals ? equals + 1 : NULL);
}

static void read_short(struct reader *r, const char *word)
{
	size_t n = strcspn(word + 1, "=");
	const char *attached = word[1 + n] ? word + 1 + n + 1 : NULL;
	enum opt o = find_short(word + 1, n);
	struct diag *e;

	if (o == OPT_COUNT) {
		/* -j8, -DNAME=VALUE: one letter, the value glued to it */
		o = find_short(word + 1, 1);
		attached = word + 2;
		n = 1;
	}
	if (o != OPT_COUNT && (option_table[o].commands & r->args->command->bit) &&
	    (n > 1 || option_table[o].kind != OPT_FLAG || !attached)) {
		take_values(r, o, arena_printf(r->args->mem, "-%.*s", (int)n, word + 1), attached);
		return;
	}
	if (o != OPT_COUNT && !(option_table[o].commands & r->args->command->bit)) {
		diag_error(r->diags, nowhere, "option '%s' does not go with '%s'", word,
			   r->args->command->name);
		return;
	}
	e = diag_error(r->diags, nowhere, "unknown option '%s'", word);
	diag_hint(e, "`dvsched %s --help` lists them; long options start with two dashes",
		  r->args->command->name);
}

static void read_words(struct reader *r)
{
	while (r->at < r->argc) {
		const char *word = r->argv[r->at++];

		if (strcmp(word, "--") == 0) {
			r->args->after = (const char *const *)r->argv + r->at;
			r->args->n_after = (size_t)(r->argc - r->at);
			return;
		}
		if (word[0] == '-' && word[1] == '-')
			read_long(r, word);
		else if (word[0] == '-' && word[1])
			read_short(r, word);
		else
			r->positional[r->args->n_words++] = word;
	}
}

static int unknown_command(const char *word, struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "unknown command '%s'", word);
	const char *names[16], *near;
	size_t n = 0;

	for (const struct command *c = commands; c->name; c++)
		names[n++] = c->name;
	near = str_suggest(word, names, n);
	if (near)
		diag_hint(e, "did you mean 'dvsched %s'?", near);
	else if (str_ends(word, ".hjson"))
		diag_hint(e, "to run a configuration: dvsched run %s", word);
	else
		diag_hint(e, "`dvsched --help` lists the commands");
	return -1;
}

int args_parse(struct args *args, int argc, char **argv, struct diags *diags)
{
	struct reader r = {.args = args, .argv = argv, .argc = argc, .at = 2, .diags = diags};

	*args = (struct args){.mem = arena_new(), .argv = (const char *const *)argv};
	if (argc < 2)
		return 0;
	args->command = command_find(argv[1]);
	if (!args->command)
		return unknown_command(argv[1], diags);
	r.positional = arena_array(args->mem, (size_t)argc + 1, sizeof(char *));
	args->words = r.positional;
	read_words(&r);
	return diags->n_errors ? -1 : 0;
}

void args_done(struct args *args)
{
	arena_free(args->mem);
	args->mem = NULL;
}

bool opt_has(const struct args *a, enum opt o)
{
	return a->opt[o].is_set;
}

const char *opt_word(const struct args *a, enum opt o, const char *otherwise)
{
	return a->opt[o].n ? a->opt[o].words[a->opt[o].n - 1] : otherwise;
}

const char *const *opt_words(const struct args *a, enum opt o)
{
	return a->opt[o].is_set ? a->opt[o].words : NULL;
}

unsigned opt_uint(const struct args *a, enum opt o, unsigned least, unsigned most,
		  unsigned otherwise, struct diags *diags)
{
	const char *word = opt_word(a, o, NULL);
	unsigned long v;
	char *end;

	if (!word)
		return otherwise;
	v = strtoul(word, &end, 10);
	if (*word < '0' || *word > '9' || *end || v < least || v > most) {
		if (most == UINT_MAX)
			diag_error(diags, nowhere,
				   "'--%s' must be a whole number of at least %u, not '%s'",
				   option_table[o].name, least, word);
		else
			diag_error(diags, nowhere,
				   "'--%s' must be a whole number from %u to %u, not '%s'",
				   option_table[o].name, least, most, word);
		return otherwise;
	}
	return (unsigned)v;
}

double opt_duration(const struct args *a, enum opt o, double otherwise, struct diags *diags)
{
	const char *word = opt_word(a, o, NULL);
	double s;

	if (!word)
		return otherwise;
	if (duration_parse(word, &s))
		return s;
	diag_error(diags, nowhere, "'--%s' must be a duration such as 90s, 5m or 0.5, not '%s'",
		   option_table[o].name, word);
	return otherwise;
}

int opt_choice(const struct args *a, enum opt o, const char *const *choices, int otherwise,
	       struct diags *diags)
{
	const char *word = opt_word(a, o, NULL), *near;
	struct diag *e;
	int n = 0;

	if (!word)
		return otherwise;
	for (; choices[n]; n++)
		if (strcmp(choices[n], word) == 0)
			return n;
	e = diag_error(diags, nowhere, "'--%s' must be one of %s, not '%s'", option_table[o].name,
		       option_table[o].metavar, word);
	near = str_suggest(word, choices, (size_t)n);
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	return otherwise;
}
