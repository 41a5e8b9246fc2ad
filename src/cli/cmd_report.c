/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `dvsched report`: makes pages from the JSON files of a run of dvsched or DVSim. Under the name
 * dvsim-admin it has the exit codes of that program: 2 for errors of the command line, such as
 * missing files, and 1 for errors in the files.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"
#include "cli/output/metrics_page.h"
#include "report/dv/remake.h"

static const struct src_pos nowhere;

/* State of one command. */
struct job_of_report {
	const struct args *args;
	const char *json, *dir;
	enum metrics_profile profile;
	struct diags *diags;
};

/* ---- verbs ---- */

/* Like DVSim, prints the table of all blocks, if there is one. */
static void cmd_report_gen(const struct job_of_report *w)
{
	_cleanup_(str_done) struct str shown = {0};

	if (remake_reports(w->json, w->dir, &shown, w->diags) == 0 && shown.len)
		final_write(shown.s, shown.len);
}

static void cmd_report_instrumentation(const struct job_of_report *w)
{
	struct error err = {0};
	struct diag *e;

	if (metrics_page_write(w->json, w->dir, w->profile, &err) == 0)
		return;
	e = diag_error(w->diags, err.pos, "%s", err.msg);
	if (err.pos.file)
		diag_hint(e, "give reports/metrics.json of a run with --instrument");
	error_done(&err);
}

static void cmd_report_dashboard(const struct job_of_report *w)
{
	remake_dashboard(w->json, w->dir, opt_word(w->args, OPT_BASE_URL, NULL), w->diags);
}

/* ---- the command line ---- */

static const struct verb {
	const char *name;
	unsigned command;
	void (*run)(const struct job_of_report *w);
} verbs[] = {{"gen", CMD_REPORT, cmd_report_gen},
	     {"instrumentation", CMD_REPORT, cmd_report_instrumentation},
	     {"dashboard", CMD_REPORT, cmd_report_dashboard},
	     {"gen", CMD_BOARD, cmd_report_dashboard}};

static const struct verb *cmd_report_find_verb(const struct args *args, struct diags *diags)
{
	const char *word = args->n_words ? args->words[0] : "", *names[ARRAY_LEN(verbs)], *near;
	struct diag *e;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (verbs[i].command != args->command->bit)
			continue;
		if (strcmp(verbs[i].name, word) == 0)
			return &verbs[i];
		names[n++] = verbs[i].name;
	}
	e = diag_error(diags, nowhere,
		       *word ? "unknown word '%s' after '%s'" : "%s'%s' needs a subcommand", word,
		       args->command->name);
	near = *word ? str_suggest(word, names, n) : NULL;
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	else
		diag_hint(e, "%s %s %s", args_program(args), args->command->name,
			  args->command->usage);
	return NULL;
}

/* Words after "--" count, too. */
static const char *cmd_report_word_at(const struct args *args, size_t i)
{
	return i < args->n_words ? args->words[i] : args->after[i - args->n_words];
}

/* Reads the words after the verb, in DVSim's order. */
static void check_files(struct job_of_report *w)
{
	const struct args *args = w->args;
	struct stat st;

	if (args->n_words + args->n_after != 3) {
		struct diag *e = diag_error(
			w->diags, nowhere,
			"'%s %s' takes a JSON file and a directory, and nothing "
			"more",
			args->command->name, args->words[0]);

		diag_hint(e, "%s %s %s", args_program(args), args->command->name,
			  args->command->usage);
		return;
	}
	w->json = cmd_report_word_at(args, 1);
	w->dir = cmd_report_word_at(args, 2);
	if (stat(w->json, &st) < 0)
		diag_error(w->diags, nowhere, "%s: %s", w->json, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		diag_hint(diag_error(w->diags, nowhere, "%s is a directory", w->json),
			  "give the file: %s/index.json", w->json);
	if (stat(w->dir, &st) == 0 && !S_ISDIR(st.st_mode))
		diag_error(w->diags, nowhere, "%s is not a directory: give one for the pages",
			   w->dir);
}

static void check_profile(struct job_of_report *w)
{
	static const char *const names[] = {"normal", "high", "full", NULL};
	const char *word = opt_word(w->args, OPT_DETAIL, "normal");

	for (int i = 0; names[i]; i++)
		if (strcasecmp(word, names[i]) == 0) {
			w->profile = (enum metrics_profile)i;
			return;
		}
	opt_choice(w->args, OPT_DETAIL, names, 0, w->diags);
}

int cmd_report(const struct args *args)
{
	struct loaded l = {0};
	struct job_of_report w = {.args = args, .diags = &l.diags};
	const struct verb *verb;
	int rc;

	diags_init(&l.diags);
	verb = load_common(args, &l.diags) == 0 ? cmd_report_find_verb(args, &l.diags) : NULL;
	if (verb) {
		check_files(&w);
		check_profile(&w);
	}
	rc = load_report(args, &l);
	if (rc == EXIT_PASSED) {
		verb->run(&w);
		rc = load_report(args, &l);
		if (rc != EXIT_PASSED && args->is_admin)
			rc = EXIT_SOME_FAILED;
	}
	load_done(&l);
	return rc;
}

int cmd_dashboard(const struct args *args)
{
	return cmd_report(args);
}
