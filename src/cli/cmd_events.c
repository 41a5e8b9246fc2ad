/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `dvsched events`: the records of a run's journal, line by line as they are in the file, for other
 * programs. With --follow until the run has ended.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/load/load.h"
#include "cli/load/past_scratch.h"
#include "cli/output/final_out.h"
#include "run/journal.h"
#include "run/results.h"
#include "run/run_dir.h"

/* How often the file is read where inotify reports no changes (network file systems). */
enum { LOOK_MS = 1000 };
/* Finding out whether a silent run still goes means reading its plan: done after 1 s, 2 s, … */
enum { MOST_LOOKS_BETWEEN = 32 };

static const struct src_pos nowhere;

struct events {
	const struct args *args;
	struct diags *diags;
	char *run_path;
	struct journal_reader *reader;
	uint64_t since;	  /* records up to this one are not printed */
	struct str text;  /* lines that were not written yet */
	bool has_end;	  /* the last record was printed */
	int watch;	  /* inotify; -1: not available */
	unsigned n_quiet; /* looks in a row that found nothing */
};

static int events_fail(struct events *e, struct error *err)
{
	diag_from_error(e->diags, err);
	return -1;
}

static int events_have_none(struct events *e, struct error *err)
{
	struct diag *d = diag_error(e->diags, nowhere, "%s", err->msg);

	if (err->errnum == ENOENT)
		diag_hint(d,
			  "a run --without journal has no events; %s/results.json has the results "
			  "of its jobs",
			  e->run_path);
	error_done(err);
	return -1;
}

/* ---- which run ---- */

static int events_open(struct events *e)
{
	const struct args *args = e->args;
	const char *which = args->n_words ? args->words[0] : "latest";
	const char *root = past_scratch_find(args, NULL, args->mem);
	_cleanup_(freep) char *path = NULL;
	struct error err = {0};

	if (args->n_words > 1 || args->n_after) {
		diag_error(e->diags, nowhere, "'events' takes one run, and nothing more");
		return -1;
	}
	e->run_path = run_dir_find(root, which, &err);
	if (!e->run_path) {
		diag_hint(diag_error(e->diags, nowhere, "%s", err.msg),
			  "-sr DIR says where to look; RUN is an id, a prefix of one, or a "
			  "directory");
		error_done(&err);
		return -1;
	}
	path = xasprintf("%s/%s", e->run_path, JOURNAL_NAME);
	e->reader = journal_open(path, &err);
	if (!e->reader)
		return events_have_none(e, &err);
	e->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (e->watch >= 0)
		inotify_add_watch(e->watch, path, IN_MODIFY);
	return 0;
}

/* ---- records ---- */

static bool events_take(void *ctx, const struct journal_record *record)
{
	struct events *e = ctx;

	e->n_quiet = 0;
	e->has_end = strcmp(record->ev, JOURNAL_END_EV) == 0;
	if (record->seq <= e->since)
		return true;
	str_addn(&e->text, record->line, record->len);
	str_addc(&e->text, '\n');
	final_part(&e->text);
	return !final_reader_is_gone();
}

/* Prints new records. -1: the journal is damaged, or the reader of the output is gone. */
static int events_print(struct events *e)
{
	struct error err = {0};
	bool is_torn;
	int rc = journal_read_on(e->reader, events_take, e, &is_torn, &err);

	if (e->text.len)
		final_write(e->text.s, e->text.len);
	str_clear(&e->text);
	if (rc < 0)
		return events_fail(e, &err);
	return final_reader_is_gone() ? -1 : 0;
}

/* ---- following ---- */

static void forget_changes(int watch)
{
	char buf[4096];

	while (read(watch, buf, sizeof(buf)) > 0)
		;
}

/* Waits until the file changes, a second is over, or the reader of the output is gone. */
static void events_wait(struct events *e)
{
	struct pollfd p[] = {{STDOUT_FILENO, 0, 0}, {e->watch, POLLIN, 0}};

	poll(p, ARRAY_LEN(p), LOOK_MS);
	if (p[0].revents & POLLERR)
		final_reader_left();
	if (p[1].revents & POLLIN)
		forget_changes(e->watch);
	else
		e->n_quiet++;
}

/* Has the run its results, was it killed, or was its record removed? */
static bool run_is_over(struct events *e)
{
	if (!e->n_quiet || (e->n_quiet & (e->n_quiet - 1) && e->n_quiet % MOST_LOOKS_BETWEEN))
		return false;
	return !fs_is_dir(e->run_path) || results_are_final(e->run_path);
}

static int events_follow(struct events *e)
{
	bool is_over = false;

	while (!e->has_end && !is_over) {
		events_wait(e);
		is_over = run_is_over(e); /* before reading, so that all of its records are read */
		if (events_print(e) < 0)
			return final_reader_is_gone() ? 0 : -1;
	}
	if (e->has_end)
		return 0;
	diag_hint(diag_error(e->diags, nowhere, "the run %s was killed: its journal has no end",
			     path_base(e->run_path)),
		  "`dvsched resume --run %s` goes on with it", e->run_path);
	return -1;
}

/* ---- all of it ---- */

static int events_read_options(struct events *e)
{
	const char *word = opt_word(e->args, OPT_SINCE, NULL);
	char *end;

	if (!word)
		return 0;
	e->since = strtoull(word, &end, 10);
	if (*word >= '0' && *word <= '9' && !*end)
		return 0;
	diag_error(e->diags, nowhere, "'--since %s': the number of a record is wanted (its 'seq')",
		   word);
	return -1;
}

static int events_exit_code(const struct events *e, int rc)
{
	if (rc == 0 || final_reader_is_gone())
		return EXIT_PASSED;
	return e->reader ? EXIT_INFRA : EXIT_USAGE;
}

int cmd_events(const struct args *args)
{
	struct diags diags;
	struct events e = {.args = args, .diags = &diags, .watch = -1};
	int rc;

	diags_init(&diags);
	rc = load_common(args, &diags) < 0 || events_read_options(&e) < 0 ? -1 : events_open(&e);
	if (rc == 0)
		rc = events_print(&e);
	if (rc == 0 && opt_has(args, OPT_FOLLOW))
		rc = events_follow(&e);
	diags_print(&diags, stderr, load_wants_color(args, STDERR_FILENO), false);
	rc = events_exit_code(&e, rc);
	journal_close(e.reader);
	if (e.watch >= 0)
		close(e.watch);
	free(e.run_path);
	str_done(&e.text);
	diags_done(&diags);
	return rc;
}
