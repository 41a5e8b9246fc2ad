/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/run_options.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/dvsim/dvsim_env.h"
#include "cli/load/limits.h"
#include "cli/args/deadline.h"
#include "observers/observers.h"

static const struct src_pos nowhere;
static const double default_grace_s = 10, job_waits_s = 10;

enum { MOST_PARALLEL = 100000 };

static void choose_backend(const struct args *args, struct run_options *o)
{
	const char *variable, *name;

	o->backend = "local";
	if (opt_has(args, OPT_BACKEND))
		o->backend = opt_word(args, OPT_BACKEND, "local");
	else if (opt_has(args, OPT_FAKE) && !opt_has(args, OPT_LOCAL))
		o->backend = "fake";
	if (opt_has(args, OPT_BACKEND) || opt_has(args, OPT_LOCAL) || opt_has(args, OPT_FAKE) ||
	    opt_has(args, OPT_LIST))
		return;
	name = dvsim_env_backend(&variable);
	if (!name)
		return;
	o->backend = name;
	o->backend_variable = variable;
}

static void read_backends(const struct args *args, struct run_options *o, struct diags *diags)
{
	const struct opt_value *v = &args->opt[OPT_BACKEND_FOR];

	choose_backend(args, o);
	o->backend_for = arena_array(args->mem, v->n + 1, sizeof(*o->backend_for));
	for (size_t i = 0; i < v->n; i++) {
		char *glob, *name;

		if (!opt_split_pair(args->mem, v->words[i], &glob, &name)) {
			diag_error(diags, nowhere, "'--backend-for' must be GLOB=NAME, not '%s'",
				   v->words[i]);
			continue;
		}
		o->backend_for[o->n_backend_for++] = (struct backend_for){glob, name, 0, false};
	}
}

static void refuse_observer(const char *name, struct diags *diags)
{
	_cleanup_(str_done) struct str names = {0};
	struct diag *e = diag_error(diags, nowhere, "'--without': there is no observer called '%s'",
				    name);

	for (size_t i = 0; observer_types[i]; i++)
		str_printf(&names, "%s%s", i ? ", " : "", observer_types[i]->name);
	diag_hint(e, "there are: %s", names.s);
}

static void read_without(const struct args *args, struct run_options *o, struct diags *diags)
{
	o->without = opt_words(args, OPT_WITHOUT);
	for (const char *const *w = o->without; w && *w; w++) {
		const struct observer_type *const *t = observer_types;

		while (*t && strcmp((*t)->name, *w) != 0)
			t++;
		if (!*t)
			refuse_observer(*w, diags);
	}
}

static void read_instrument(const struct args *args, struct run_options *o, struct diags *diags)
{
	static const char *const kinds[] = {"all", "meta", "timing", "compute"};

	o->instrument = opt_words(args, OPT_INSTRUMENT);
	for (const char *const *w = o->instrument; w && *w; w++) {
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
			is_known |= strcmp(*w, kinds[i]) == 0;
		if (!is_known)
			diag_error(
				diags, nowhere,
				"'--instrument' must be of all, meta, timing and compute, not '%s'",
				*w);
	}
}

static unsigned read_show_failures(const struct args *args, struct diags *diags)
{
	const char *word = opt_word(args, OPT_SHOW_FAILURES, NULL);

	if (word && strcmp(word, "all") == 0)
		return UINT_MAX;
	return opt_uint(args, OPT_SHOW_FAILURES, 0, UINT_MAX - 1, 0, diags);
}

static struct watermark_limits read_watermarks(const struct args *args, struct diags *diags)
{
	return (struct watermark_limits){
		.space = opt_size(args, OPT_MIN_FREE_SPACE, WATERMARK_DEFAULT, diags),
		.memory = opt_size(args, OPT_MIN_FREE_MEMORY, WATERMARK_DEFAULT, diags),
		.inodes = opt_has(args, OPT_MIN_FREE_INODES)
				  ? opt_uint(args, OPT_MIN_FREE_INODES, 0, UINT_MAX, 0, diags)
				  : WATERMARK_DEFAULT,
	};
}

void run_options_read(const struct args *args, struct run_options *ret, struct diags *diags)
{
	static const char *const missing[] = {"ignore", "warn", "error", "fatal", NULL};
	static const enum opt of_skip[] = {OPT_EXPLAIN, OPT_ACCEPT};
	static const char *const views[] = {"auto", "curses", "tty", "plain", "none", NULL};
	const char *deadline = opt_word(args, OPT_RUN_DEADLINE, NULL);

	*ret = (struct run_options){
		.max_parallel = opt_uint(args, OPT_MAX_PARALLEL, 1, MOST_PARALLEL, 0, diags),
		.max_failures = opt_uint(args, OPT_MAX_FAILURES, 1, UINT_MAX, 0, diags),
		.on_missing = (enum missing_resource)opt_choice(args, OPT_ON_MISSING, missing, 0,
								diags),
		.deadline_in_s = deadline ? deadline_parse(deadline, diags) : 0,
		.grace_s = opt_duration(args, OPT_GRACE, default_grace_s, diags),
		.view = views[opt_choice(args, OPT_VIEW, views, 0, diags)],
		.interval_s = opt_duration(args, OPT_PRINT_INTERVAL, -1, diags),
		.show_failures = read_show_failures(args, diags),
		.keep_runs = opt_has(args, OPT_KEEP_RUNS)
				     ? (int64_t)opt_uint(args, OPT_KEEP_RUNS, 0, 1000000, 0, diags)
				     : -1,
		.is_dry_run = opt_has(args, OPT_DRY_RUN),
	};
	if (!ret->max_parallel && !opt_has(args, OPT_MAX_PARALLEL))
		ret->max_parallel = dvsim_env_max_parallel(MOST_PARALLEL, args->mem, diags);
	for (size_t i = 0; i < ARRAY_LEN(of_skip); i++)
		if (opt_has(args, of_skip[i]) && !opt_has(args, OPT_SKIP_PASSED))
			diag_error(diags, nowhere,
				   "--%s goes with --skip-passed: without it, all jobs run",
				   option_table[of_skip[i]].name);
	ret->watermarks = read_watermarks(args, diags);
	ret->n_limits = limits_read(args, &ret->limits, diags);
	read_backends(args, ret, diags);
	read_without(args, ret, diags);
	read_instrument(args, ret, diags);
}

double run_waits_after_s(bool is_real_time)
{
	if (log_level() >= LOG_VERBOSE)
		return 0;
	return is_real_time ? job_waits_s : INFINITY;
}
