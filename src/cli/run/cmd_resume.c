/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `dvsched resume`: finds a run, takes over its command line together with options that are given
 * anew, and runs that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/load/load.h"
#include "cli/load/past_args.h"
#include "cli/load/past_choice.h"
#include "cli/load/past_scratch.h"
#include "cli/run/run.h"
#include "config/config.h"
#include "run/past_run.h"
#include "run/results.h"

static const struct src_pos nowhere;

/* Everything of one resume. */
struct resuming {
	const struct args *args; /* of `dvsched resume` */
	struct arena *mem;
	struct diags *diags;
	const char *cfg_path; /* absolute; NULL: not given */
	struct past_run past;
	struct resumed resumed;
	struct args then; /* of the run, with options that were given anew */
	struct args_recorded recorded;
};

/* ---- which run ---- */

static int resume_identify_run(struct resuming *x, const char *which)
{
	const struct past_query q = {
		.scratch_root = past_scratch_find(x->args, x->cfg_path, x->mem),
		.which = which,
		.cfg_path = x->cfg_path,
	};
	struct error err = {0};
	enum past_found found = past_query_run(&q, x->mem, &x->past, &err);
	struct diag *e;

	if (found == PAST_FOUND)
		return 0;
	e = diag_error(x->diags, nowhere, "%s", err.msg);
	error_done(&err);
	if (found == PAST_OF_ANOTHER)
		diag_hint(e, "`dvsched resume --run %s` resumes it with its own", x->past.id);
	else
		diag_hint(e, "-sr DIR says where to look; %s",
			  strcmp(which, "latest") == 0 ? "`dvsched run` begins a run"
						       : "without --run the newest run is resumed");
	return -1;
}

/*
 * The command line of the run runs with the rights of this user. In a directory that all may write
 * to, another user may have left a scratch/ with a run: it must be named.
 */
static int resume_check_owner(struct resuming *x)
{
	const char *env = getenv("SCRATCH_ROOT");
	struct stat st;
	struct diag *e;

	if (opt_has(x->args, OPT_RUN) || opt_has(x->args, OPT_SCRATCH_ROOT) || (env && *env) ||
	    stat(x->past.path, &st) < 0 || st.st_uid == geteuid())
		return 0;
	e = diag_error(x->diags, nowhere,
		       "the run %s in %s belongs to another user (uid %u), and its command line "
		       "would run with your rights",
		       x->past.id, path_dir(x->mem, x->past.path), (unsigned)st.st_uid);
	diag_hint(e, "--run %s resumes it nevertheless", x->past.id);
	return -1;
}

/* How the run ended. If its results cannot be read, that is not known, and its journal is enough.
 */
static int resume_read_outcome(struct resuming *x, struct error *err)
{
	if (past_run_read_head(x->past.path, x->mem, &x->past, err) == 0)
		return 0;
	if (err->errnum == EBUSY || !results_are_final(x->past.path))
		return -1;
	diag_warning(x->diags, nowhere, "%s; the journal of the run is used instead", err->msg);
	error_done(err);
	return 0;
}

/* Completes the results of a run that was killed. A run that still goes is an error. */
static int resume_read_run(struct resuming *x)
{
	struct resumed *r = &x->resumed;
	struct error err = {0};

	if (x->past.is_rehearsal) {
		diag_error(x->diags, nowhere,
			   "the run %s was a rehearsal: no job has really run, so nothing can be "
			   "taken over",
			   x->past.id);
		return -1;
	}
	if (resume_read_outcome(x, &err) < 0 || resume_open(&r->resume, x->past.path, &err) < 0) {
		struct diag *e = diag_error(x->diags, nowhere, "%s", err.msg);

		diag_hint(e, err.errnum == EBUSY
				     ? "wait until it has ended: `dvsched ls` shows its jobs"
				     : "--run RUN resumes another one; `dvsched run` begins anew");
		error_done(&err);
		return -1;
	}
	r->id = x->past.id;
	r->is_over = str_eq(x->past.outcome, "passed") || str_eq(x->past.outcome, "failed");
	r->exit_code = x->past.exit_code;
	return 0;
}

static int resume_find_run(struct resuming *x)
{
	if (x->args->n_words > 1) {
		diag_error(x->diags, nowhere, "one configuration at a time: '%s' is one too many",
			   x->args->words[1]);
		return -1;
	}
	if (x->args->n_words)
		x->cfg_path = path_absolute(x->mem, x->args->words[0]);
	if (resume_identify_run(x, opt_word(x->args, OPT_RUN, "latest")) < 0 ||
	    resume_check_owner(x) < 0)
		return -1;
	return resume_read_run(x);
}

/* ---- its command line ---- */

static int resume_refuse(struct resuming *x, enum opt o, const char *hint)
{
	struct diag *e = diag_error(x->diags, nowhere,
				    "the run %s was made with --%s: such a run cannot be resumed",
				    x->past.id, option_table[o].name);

	diag_hint(e, "%s", hint);
	return -1;
}

/* Its first record, with the command line, is missing: the disk was full, or had an error. */
static int resume_refuse_headless(struct resuming *x)
{
	const struct run_record *record = x->resumed.resume.chain.at[0].record;
	struct diag *e = diag_error(x->diags, nowhere,
				    "the run %s cannot be resumed: its journal has no first "
				    "record, which has the command line%s%s",
				    x->past.id, record->note.len ? "; " : "",
				    record->note.len ? record->note.s : "");

	diag_hint(e, "`dvsched run CONFIG --failed` runs what has not passed in it");
	return -1;
}

/* Both commands have it, and its meaning is the same. */
static bool is_given_anew(enum opt o)
{
	static const enum opt own[] = {OPT_DRY_RUN, OPT_EXPLAIN, OPT_ACCEPT, OPT_SCRATCH_ROOT,
				       OPT_RUN_DEADLINE};
	const unsigned both = CMD_RUN | CMD_RESUME;

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (o == own[i])
			return false;
	return (option_table[o].commands & both) == both;
}

static void take_anew(struct resuming *x)
{
	/* Options that were only for that run. --purge would remove its results. */
	static const enum opt gone[] = {OPT_RUN_DEADLINE, OPT_PURGE};

	for (int o = 0; o < OPT_COUNT; o++)
		if (is_given_anew((enum opt)o) && opt_has(x->args, (enum opt)o))
			x->then.opt[o] = x->args->opt[o];
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		opt_set(&x->then, gone[i], NULL);
	if (opt_has(x->args, OPT_RUN_DEADLINE))
		x->then.opt[OPT_RUN_DEADLINE] = x->args->opt[OPT_RUN_DEADLINE];
}

/* The scratch root, from the present path <scratch>/.dvsched/runs/ID: it may have been moved. */
static const char *scratch_of(struct resuming *x)
{
	return path_dir(x->mem, path_dir(x->mem, path_dir(x->mem, x->past.path)));
}

static int enter_directory(struct resuming *x)
{
	const struct run_record *record = x->resumed.resume.chain.at[0].record;
	_cleanup_(freep) char *here = path_cwd();
	struct diag *e;

	if (!record->cwd || str_eq(record->cwd, here))
		return 0; /* not recorded by an older dvsched: stay here */
	x->recorded.cwd = record->cwd;
	if (chdir(record->cwd) == 0)
		return 0;
	e = diag_error(x->diags, nowhere, "%s, where the run %s was started: %s", record->cwd,
		       x->past.id, strerror(errno));
	diag_hint(e, "resume needs it, since paths of the command line may be relative to it");
	return -1;
}

/* Of each merge of coverage, which databases it merges. */
static void take_cov_merges(struct resuming *x)
{
	static const char name[] = "cov_db_dirs=";
	const struct plan *plan = x->resumed.resume.chain.at[0].record->plan;

	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct job_spec *job = &plan->jobs[i];
		const char *const *e = job->rules->env;

		if (!str_eq(job->rules->target, "cov_merge"))
			continue;
		for (; e && *e; e++)
			if (str_starts(*e, name))
				map_set(&x->recorded.cov_merges, job->block->name,
					(void *)(*e + strlen(name)));
	}
}

static int read_command_line(struct resuming *x)
{
	const struct run_record *record = x->resumed.resume.chain.at[0].record;

	if (!record->argv)
		return resume_refuse_headless(x);
	if (!past_args_parse(record->argv, &x->then) || !x->then.command ||
	    !(x->then.command->bit & CMD_RUN)) {
		diag_error(x->diags, nowhere, "the command line of the run %s is not known",
			   x->past.id);
		return -1;
	}
	resumed_warn_of_damage(&x->resumed, x->diags);
	if (opt_has(&x->then, OPT_FAILED))
		return resume_refuse(
			x, OPT_FAILED,
			"`dvsched run CONFIG --failed` runs what has not passed in it");
	if (opt_has(&x->then, OPT_REMOTE))
		return resume_refuse(x, OPT_REMOTE,
				     "`dvsched run CONFIG --failed` goes on with it");
	if (record->argv && x->then.n_words && strcmp(x->then.words[0], "-") == 0) {
		diag_error(x->diags, nowhere,
			   "the configuration of the run %s came from standard input: it cannot be "
			   "read again",
			   x->past.id);
		return -1;
	}
	take_anew(x);
	opt_set(&x->then, OPT_SCRATCH_ROOT, scratch_of(x));
	if (record->branch && !opt_has(&x->then, OPT_BRANCH))
		opt_set(&x->then, OPT_BRANCH, record->branch);
	x->recorded.seed_base = record->plan->seed_base;
	x->recorded.when = record->timestamp;
	take_cov_merges(x);
	x->then.recorded = &x->recorded;
	return 0;
}

/* ---- all of it ---- */

static int resume_read_options(struct resuming *x)
{
	struct resumed *r = &x->resumed;

	r->wants_explanation = opt_has(x->args, OPT_EXPLAIN);
	r->is_dry_run = opt_has(x->args, OPT_DRY_RUN);
	r->options.keeps_failed = opt_has(x->args, OPT_KEEP_FAILED);
	resumed_read_accepted(x->args, r, x->diags);
	return x->diags->n_errors ? -1 : 0;
}

static int resume_prepare(struct resuming *x)
{
	if (load_common(x->args, x->diags) < 0 || resume_read_options(x) < 0 ||
	    resume_find_run(x) < 0 || enter_directory(x) < 0)
		return -1;
	return read_command_line(x);
}

int cmd_resume(const struct args *args)
{
	struct diags diags;
	struct resuming x = {.args = args, .mem = args->mem, .diags = &diags};
	int rc = EXIT_USAGE;

	diags_init(&diags);
	if (args->after)
		diag_error(&diags, nowhere, "a command after -- goes with 'run' only");
	else if (resume_prepare(&x) == 0)
		rc = EXIT_PASSED;
	diags_print(&diags, stderr, load_wants_color(args, STDERR_FILENO), false);
	if (diags.n_errors)
		rc = EXIT_USAGE;
	diags_done(&diags);
	if (rc == EXIT_PASSED)
		rc = run_with(&x.then, &x.resumed);
	args_done(&x.then);
	map_done(&x.recorded.cov_merges);
	resume_done(&x.resumed.resume);
	return rc;
}
