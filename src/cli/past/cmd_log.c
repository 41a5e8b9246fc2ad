/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched log`: prints the log of a job; with --follow until the job has ended. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"
#include "cli/past/log_text.h"
#include "cli/past/past.h"
#include "cli/past/past_view.h"
#include "run/job_record.h"
#include "run/journal.h"

static const struct src_pos nowhere;

enum {
	LOG_PART = 1 << 16,
	LINES_AROUND = 20,
	LOG_LOOK_MS = 200,   /* how often a growing log is read */
	LOOKS_PER_CHECK = 5, /* then: does the run still go on? */
};

struct log_view {
	struct past_view view;
	uint32_t job, attempt; /* attempt: its index */
	struct result_row row;
	char *path;
	int fd;
	bool is_terminal;
};

/* ---- which log ---- */

static int find_attempt(struct log_view *l)
{
	unsigned number;

	if (l->row.n_attempts == 0) {
		diag_hint(diag_error(l->view.diags, nowhere, "'%s' has no log: it %s",
				     l->row.spec->id,
				     job_status_is_final(l->row.status) ? "did not run"
									: "has not started"),
			  "`dvsched show` says what it needs, and why it did not run");
		return -1;
	}
	l->attempt = l->row.n_attempts - 1;
	if (!opt_has(l->view.args, OPT_ATTEMPT))
		return 0;
	number = opt_uint(l->view.args, OPT_ATTEMPT, 1, UINT32_MAX, 1, l->view.diags);
	for (l->attempt = 0; l->attempt < l->row.n_attempts; l->attempt++)
		if (l->row.attempts[l->attempt].number == number)
			return 0;
	diag_error(l->view.diags, nowhere, "'%s' has no attempt %u: its last one is %" PRIu32,
		   l->row.spec->id, number, l->row.attempts[l->row.n_attempts - 1].number);
	return -1;
}

/* Directories are used again: another run may have written the log since. */
static void warn_of_other_run(const struct log_view *l)
{
	uint64_t stamp = l->row.attempts[l->attempt].result.log_stamp;
	struct stat st;

	if (stamp && fstat(l->fd, &st) == 0 && job_log_stamp(&st) != stamp)
		diag_warning(l->view.diags, nowhere,
			     "%s was changed after this attempt, for example by a later run",
			     l->path);
}

static int open_log(struct log_view *l)
{
	struct str path = {0}, begin = {0};

	results_add_log(&path, &l->row, l->attempt);
	l->path = str_take(&path);
	l->fd = fs_open_begin(AT_FDCWD, l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
			      &begin, 1);
	str_done(&begin);
	if (l->fd < 0 || lseek(l->fd, 0, SEEK_SET) < 0) {
		diag_error(l->view.diags, nowhere, "%s: %s", l->path, strerror(errno));
		return -1;
	}
	warn_of_other_run(l);
	return 0;
}

/* ---- output ---- */

/* Prints what was written since the last call. */
static void print_rest(struct log_view *l)
{
	char part[LOG_PART];
	ssize_t n;

	while (!final_reader_is_gone() && (n = read(l->fd, part, sizeof(part))) > 0) {
		struct str text = {0};

		if (!l->is_terminal) {
			final_write(part, (size_t)n);
			continue;
		}
		log_text_add(&text, part, (size_t)n);
		final_write(text.s, text.len);
		str_done(&text);
	}
}

static void print_numbered(const struct log_view *l, uint32_t number, const char *line, size_t n)
{
	struct str text = {0};
	bool decided = number == l->row.attempts[l->attempt].result.line;

	str_printf(&text, "%c%7" PRIu32 "  ", decided ? '>' : ' ', number);
	if (l->is_terminal)
		log_text_add(&text, line, n);
	else
		str_addn(&text, line, n);
	if (n == 0 || line[n - 1] != '\n')
		str_addc(&text, '\n');
	final_write(text.s, text.len);
	str_done(&text);
}

static int print_around(struct log_view *l)
{
	uint32_t line = l->row.attempts[l->attempt].result.line, at = 0;
	FILE *file = line ? fdopen(l->fd, "r") : NULL;
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!file) {
		diag_hint(diag_error(l->view.diags, nowhere,
				     "no line of this log decided the result"),
			  "`dvsched show` says what did");
		return -1;
	}
	l->fd = -1;
	while (at < line + LINES_AROUND && (n = getline(&text, &cap, file)) > 0)
		if (++at + LINES_AROUND >= line)
			print_numbered(l, at, text, (size_t)n);
	free(text);
	fclose(file);
	return 0;
}

/* ---- following ---- */

struct log_follow {
	uint32_t job;
	bool has_ended;
};

static bool follow_take(void *ctx, const struct journal_record *record)
{
	struct log_follow *f = ctx;
	struct job_record job;
	struct job_result result;

	if (strcmp(record->ev, JOURNAL_END_EV) == 0)
		f->has_ended = true;
	else if (strcmp(record->ev, JOB_RECORD_EV) == 0 &&
		 job_record_read(record->json, &job, &result) && job.n == f->job)
		f->has_ended = job_status_is_final(job.status);
	return true;
}

/* The next attempt has a log of its own at the same path, or the same file from its start. */
static void go_to_next_attempt(struct log_view *l)
{
	struct stat st, open_st;
	int fd;

	if (stat(l->path, &st) < 0 || fstat(l->fd, &open_st) < 0)
		return;
	if (st.st_ino == open_st.st_ino && st.st_dev == open_st.st_dev) {
		if (lseek(l->fd, 0, SEEK_CUR) > st.st_size)
			(void)lseek(l->fd, 0, SEEK_SET);
		return;
	}
	fd = fs_open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return;
	close(l->fd);
	l->fd = fd;
}

/* Also if the journal is damaged, after an error. */
static bool log_has_ended(struct log_view *l, struct log_follow *f, struct journal_reader *journal,
			  unsigned n_looks)
{
	struct error err = {0};
	bool is_torn;

	if (journal_read_on(journal, follow_take, f, &is_torn, &err) < 0) {
		diag_from_error(l->view.diags, &err);
		return true;
	}
	return f->has_ended ||
	       (n_looks % LOOKS_PER_CHECK == 0 && results_are_final(l->view.record.path));
}

static int follow_log(struct log_view *l)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", l->view.record.path, JOURNAL_NAME);
	struct log_follow f = {.job = l->job};
	struct error err = {0};
	struct journal_reader *journal = journal_open(path, &err);
	struct pollfd out = {STDOUT_FILENO, 0, 0};
	bool is_over = false;

	if (!journal) {
		diag_from_error(l->view.diags, &err);
		return -1;
	}
	for (unsigned n = 1; !is_over && !final_reader_is_gone(); n++) {
		is_over = log_has_ended(l, &f, journal, n);
		print_rest(l); /* after the check, so that all of it is printed */
		if (is_over)
			break;
		go_to_next_attempt(l);
		print_rest(l);
		if (poll(&out, 1, LOG_LOOK_MS) > 0 && out.revents & POLLERR)
			final_reader_left();
	}
	journal_close(journal);
	return l->view.diags->n_errors ? -1 : 0;
}

static int log_run(struct log_view *l)
{
	const struct args *a = l->view.args;

	if (load_common(a, l->view.diags) < 0 || past_view_open_job(&l->view, &l->job) < 0)
		return EXIT_USAGE;
	l->row = past_view_row(&l->view, l->job);
	if (find_attempt(l) < 0)
		return EXIT_USAGE;
	if (open_log(l) < 0)
		return EXIT_INFRA;
	if (opt_has(a, OPT_AROUND))
		return print_around(l) < 0 ? EXIT_USAGE : EXIT_PASSED;
	if (opt_has(a, OPT_FOLLOW) && l->view.is_live && !job_status_is_final(l->row.status))
		return follow_log(l) < 0 ? EXIT_INFRA : EXIT_PASSED;
	print_rest(l);
	return EXIT_PASSED;
}

int cmd_log(const struct args *args)
{
	struct diags diags;
	struct log_view l = {.view = {.args = args, .diags = &diags}, .fd = -1};
	int rc;

	diags_init(&diags);
	l.is_terminal = isatty(STDOUT_FILENO);
	rc = log_run(&l);
	diags_print(&diags, stderr, load_wants_color(args, STDERR_FILENO), false);
	if (l.fd >= 0)
		close(l.fd);
	free(l.path);
	past_view_done(&l.view);
	diags_done(&diags);
	return rc;
}
