/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text at the end of a run. It is rendered twice: first without lines of the logs, to count the
 * remaining lines, then with as many log lines as fit. So a single failure is shown with its whole
 * context, and 10,000 failures still fit on one or two screens.
 */
#include "report/ending/ending.h"

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "report/ending/buckets.h"

enum {
	WIDTH = 100,
	LINES = 60,   /* usual limit of the text */
	BUCKETS = 5,  /* shown in full */
	JOBS = 2,     /* shown in full, of one bucket */
	CONTEXT = 10, /* lines of the log for one job */
	NAMES = 3,    /* names of flaky or leaky jobs in a line */
};

static const char *stopped_text(enum job_reason reason)
{
	switch (reason) {
	case REASON_MAX_FAILURES:
		return "stopped: --max-failures was reached";
	case REASON_RUN_DEADLINE:
		return "stopped at the run deadline";
	default:
		return "stopped because the run was ended";
	}
}

static bool ending_add_stopped(struct ending_writer *w)
{
	const struct causes *c = &w->causes;
	bool has_any = false;

	for (int i = 0; i < REASON_COUNT; i++) {
		if (!c->stopped[i])
			continue;
		has_any = true;
		ending_text_n_jobs(w->out, c->stopped[i]);
		str_printf(w->out, " %s", stopped_text((enum job_reason)i));
		if (c->stopped_more[i])
			str_printf(w->out, ", %u cancelled because of that", c->stopped_more[i]);
		str_addc(w->out, '\n');
	}
	if (c->n_unexplained) {
		has_any = true;
		ending_text_n_jobs(w->out, c->n_unexplained);
		str_add(w->out, " cancelled\n");
	}
	return has_any;
}

/* Appends "3 flaky: a, b, c" on one line, with as many names as fit. */
static void add_marked(struct ending_writer *w, uint32_t mark, uint32_t n, const char *what)
{
	_cleanup_(str_done) struct str text = {0};
	unsigned n_named = 0;

	if (!n)
		return;
	str_printf(&text, "%u %s:", n, what);
	for (size_t i = 0; i < w->plan->n_jobs && n_named < NAMES; i++) {
		struct result_row row;

		w->next(w->ctx, i, &row);
		if (!(row.marks & mark))
			continue;
		str_add(&text, n_named++ ? ", " : " ");
		ending_text_printable(&text, row.spec->id);
		if (mark == MARK_FALLBACK && row.n_attempts)
			str_printf(&text, " (%s)", row.attempts[row.n_attempts - 1].stage);
	}
	if (n > n_named)
		str_add(&text, ", …");
	ending_text_color(w, YELLOW);
	ending_text_cut(w->out, text.s, w->width);
	ending_text_color(w, PLAIN);
	str_addc(w->out, '\n');
}

static void ending_add_count(struct str *b, uint32_t n, const char *what)
{
	if (n)
		str_printf(b, ", %u %s", n, what);
}

/* " (2 on a fallback only, 1 flaky)" */
static void add_remarks(struct str *b, const struct causes *c)
{
	const char *before = " (";

	if (c->n_fallback) {
		str_printf(b, "%s%u on a fallback only", before, c->n_fallback);
		before = ", ";
	}
	if (c->n_flaky) {
		str_printf(b, "%s%u flaky", before, c->n_flaky);
		before = ", ";
	}
	if (*before == ',')
		str_addc(b, ')');
}

static void add_outcome(struct ending_writer *w)
{
	const struct causes *c = &w->causes;
	bool is_good = c->n_passed == w->plan->n_jobs;

	ending_text_color(w, BOLD);
	ending_text_color(w, is_good ? GREEN : RED);
	ending_text_n_jobs(w->out, (uint32_t)w->plan->n_jobs);
	str_printf(w->out, ": %u passed", c->n_passed);
	add_remarks(w->out, c);
	ending_add_count(w->out, c->n_failed, "failed");
	ending_add_count(w->out, c->n_killed, "killed");
	ending_add_count(w->out, c->n_cancelled, "cancelled");
	ending_add_count(w->out, c->n_stopped, "stopped");
	str_add(w->out, " in ");
	duration_add(w->out, w->head->duration_s);
	ending_text_color(w, PLAIN);
	str_addc(w->out, '\n');
}

void ending_add_line(struct str *out, const char *what, const char *text)
{
	str_printf(out, "%-8s ", what);
	ending_text_printable(out, text);
	str_addc(out, '\n');
}

static void ending_add_path(struct ending_writer *w, const char *what, const char *path)
{
	if (path)
		ending_add_line(w->out, what, path);
}

const char *ending_logs_path(const struct plan *plan)
{
	const char *path = plan->n_jobs ? plan->jobs[0].block->scratch_path : NULL;

	for (size_t i = 1; i < plan->n_jobs; i++)
		if (!str_eq(plan->jobs[i].block->scratch_path, path))
			return plan->scratch_root;
	return path;
}

/* Jobs that did not pass in the parent run and were not run now still count as failed. */
static void add_left(struct ending_writer *w)
{
	size_t n = w->plan->n_left;

	if (n)
		str_printf(w->out,
			   "left     %zu job%s that did not pass in the run %s; --failed without "
			   "-i and -x runs what is left\n",
			   n, n == 1 ? "" : "s", w->plan->parent);
}

static void add_last_lines(struct ending_writer *w)
{
	bool has_failed = w->causes.n_passed < w->plan->n_jobs;

	add_outcome(w);
	add_left(w);
	ending_add_path(w, "note", w->head->note);
	if (w->head->notes)
		str_add(w->out, w->head->notes);
	ending_add_path(w, "logs", ending_logs_path(w->plan));
	ending_add_path(w, "report", w->options->report_path);
	ending_add_path(w, "run", w->options->run_path);
	ending_add_path(w, "results", w->options->results_path);
	ending_add_path(w, "rerun", has_failed ? w->options->rerun_command : NULL);
}

static void ending_render(struct ending_writer *w)
{
	w->n_first = w->n_more = 0;
	ending_buckets_add(w);
	if (ending_add_stopped(w))
		str_addc(w->out, '\n');
	add_marked(w, MARK_FALLBACK, w->causes.n_fallback, "passed on a fallback only");
	add_marked(w, MARK_FLAKY, w->causes.n_flaky, "flaky");
	add_marked(w, MARK_LEAKY, w->causes.n_leaky, "left processes behind (killed)");
	add_last_lines(w);
}

static void set_limits(struct ending_writer *w)
{
	uint32_t asked = w->options->show_failures, n = (uint32_t)w->causes.n_buckets;

	w->n_buckets = BUCKETS;
	w->n_per_bucket = JOBS;
	w->n_jobs = BUCKETS * JOBS;
	if (!asked)
		return;
	w->n_buckets = UINT32_MAX;
	w->n_jobs = asked;
	if (asked == UINT_MAX)
		w->n_per_bucket = UINT32_MAX;
	else if (n && asked / n > JOBS)
		w->n_per_bucket = asked / n;
}

static unsigned ending_share(unsigned *left, unsigned n)
{
	unsigned each = n ? *left / n : 0;

	if (each > CONTEXT)
		each = CONTEXT;
	*left -= each * n;
	return each;
}

/* Sets the numbers of log lines that fit; the first job of each bucket gets them first. */
static void set_context(struct ending_writer *w)
{
	struct str *out = w->out;
	struct str draft = {0};
	unsigned left, taken;

	w->context_first = w->context_more = CONTEXT;
	if (w->options->show_failures)
		return;
	w->context_first = w->context_more = 0;
	w->out = &draft;
	ending_render(w);
	w->out = out;
	taken = ending_text_count_lines(draft.s);
	left = taken < LINES ? LINES - taken : 0;
	w->context_first = ending_share(&left, w->n_first);
	w->context_more = ending_share(&left, w->n_more);
	str_done(&draft);
}

void ending_write(struct str *out, const struct plan *plan, const struct results_head *head,
		  results_next *next, void *ctx, const struct ending_options *options)
{
	struct ending_writer w = {
		.out = out,
		.plan = plan,
		.head = head,
		.options = options,
		.next = next,
		.ctx = ctx,
		.width = options->width ? options->width : WIDTH,
	};

	causes_find(&w.causes, plan->n_jobs, next, ctx);
	set_limits(&w);
	set_context(&w);
	ending_render(&w);
	causes_done(&w.causes);
}
