/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text at the end of a run. It is made twice: once without lines of the logs, to see how much
 * room there is, and then with as many of those as fit. So one failure is shown with all that is
 * known, and 10,000 still fit on a screen or two.
 */
#include "report/ending.h"

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "report/causes.h"

enum {
	WIDTH = 100,
	LINES = 60,   /* at most, unless more was asked for */
	BUCKETS = 5,  /* shown in full */
	JOBS = 2,     /* shown in full, of one bucket */
	CONTEXT = 10, /* lines of the log with one job */
	NAMES = 3,    /* of flaky and leaky jobs */
};

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define DIM    "\033[2m"
#define PLAIN  "\033[0m"

struct writer {
	struct str *out;
	const struct plan *plan;
	const struct results_head *head;
	const struct ending_options *options;
	results_next *next;
	void *ctx;
	struct causes causes;
	unsigned width;
	/* Limits of this rendering. */
	uint32_t n_buckets, n_jobs, n_per_bucket;
	unsigned context_first, context_more; /* lines with a bucket's first job, with the others */
	/* What it came to. */
	unsigned n_first, n_more; /* jobs shown that have context */
};

/* ---- small pieces ---- */

static void add_color(struct writer *w, const char *sequence)
{
	if (w->options->color)
		str_add(w->out, sequence);
}

/* At most columns characters; what is cut off is replaced by an ellipsis. */
static void add_cut(struct str *b, const char *s, size_t columns)
{
	size_t len = strlen(s), at = 0, n = 0, keep = 0;

	while (at < len && n < columns) {
		size_t k = utf8_valid_len(s + at, len - at);

		if (n + 1 == columns)
			keep = at;
		at += k ? k : 1;
		n++;
	}
	if (at >= len) {
		str_addn(b, s, len);
		return;
	}
	str_addn(b, s, keep);
	if (columns)
		str_add(b, "…");
}

static void add_indented(struct writer *w, const char *margin, const char *s, size_t columns)
{
	size_t taken = strlen(margin);

	str_add(w->out, margin);
	add_cut(w->out, s, columns > taken ? columns - taken : 1);
}

static void add_printable(struct str *b, const char *s)
{
	str_add_printable(b, s, strlen(s));
}

/* "1 job", "17 jobs" */
static void add_n_jobs(struct str *b, uint32_t n)
{
	str_printf(b, "%u job%s", n, n == 1 ? "" : "s");
}

/* ---- a failed job ---- */

/* One line of a log, fit for a terminal: tabs as blanks, the rest of the controls visible. */
static void add_context_line(struct writer *w, const char *line, size_t len)
{
	_cleanup_(str_done) struct str spaced = {0}, text = {0};

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\t')
			str_add(&spaced, "    ");
		else
			str_addc(&spaced, line[i]);
	}
	while (spaced.len && strchr("\r ", spaced.s[spaced.len - 1]))
		spaced.len--;
	str_add(&text, "");
	str_add_printable(&text, spaced.s, spaced.len);
	add_color(w, DIM);
	add_indented(w, "      | ", text.s, w->width);
	add_color(w, PLAIN);
	str_addc(w->out, '\n');
}

static unsigned count_lines(const char *s)
{
	unsigned n = 0;

	while (*s) {
		n++;
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	return n;
}

/* Where a line decided, the lines from it on say most; else the last ones do. */
static void add_context(struct writer *w, const char *context, unsigned most, bool is_tail)
{
	unsigned n = count_lines(context), skip = is_tail && n > most ? n - most : 0;

	for (unsigned i = 0; i < n && i < skip + most; i++) {
		size_t len = strcspn(context, "\n");

		if (i >= skip)
			add_context_line(w, context, len);
		context += len + (context[len] == '\n');
	}
}

/* n_cancelled: to be told here; 0 where the bucket's last line says it. */
static void add_id(struct writer *w, const struct result_row *row, uint32_t n_cancelled)
{
	str_add(w->out, "  ");
	add_color(w, BOLD);
	add_printable(w->out, row->spec->id);
	add_color(w, PLAIN);
	if (row->n_attempts > 1)
		str_printf(w->out, "  (attempt %u)", row->attempts[row->n_attempts - 1].number);
	if (n_cancelled)
		str_printf(w->out, "  (cancelled %u)", n_cancelled);
	str_addc(w->out, '\n');
}

/* The path stays whole, to be copied. */
static void add_log_path(struct writer *w, const struct result_row *row, uint32_t line)
{
	if (!row->n_attempts || !row->spec->log_path)
		return;
	str_add(w->out, "    ");
	add_printable(w->out, row->spec->log_path);
	if (line)
		str_printf(w->out, ":%u", line);
	str_addc(w->out, '\n');
}

/* told: the text that the reader has just seen; it is not said again. */
static void add_job(struct writer *w, const struct bucket *b, uint32_t n, const char *told)
{
	bool is_first = n == b->first;
	unsigned most = is_first ? w->context_first : w->context_more;
	const struct job_result *last = NULL;
	struct result_row row;

	w->next(w->ctx, n, &row);
	if (row.n_attempts)
		last = &row.attempts[row.n_attempts - 1].result;
	add_id(w, &row, b->n_jobs > 1 ? w->causes.n_cancelled_by[n] : 0);
	if (row.message && strcmp(row.message, told) != 0) {
		add_indented(w, "    ", row.message, 2 * (size_t)w->width);
		str_addc(w->out, '\n');
	}
	add_log_path(w, &row, last ? last->line : 0);
	if (!last || !last->context || !*last->context)
		return;
	*(is_first ? &w->n_first : &w->n_more) += 1;
	add_context(w, last->context, most, last->line == 0);
}

/* ---- a bucket ---- */

static const char *verb_of(const struct bucket *b)
{
	return b->status == JOB_FAILED ? "failed" : "killed";
}

static void add_bucket_head(struct writer *w, const struct bucket *b)
{
	_cleanup_(str_done) struct str text = {0};

	add_n_jobs(&text, b->n_jobs);
	str_printf(&text, " %s (%s): %s", verb_of(b), job_reason_name(b->reason), b->key);
	add_color(w, RED);
	add_cut(w->out, text.s, w->width);
	add_color(w, PLAIN);
	str_addc(w->out, '\n');
}

static void add_bucket_rest(struct writer *w, const struct bucket *b, uint32_t n_shown)
{
	uint32_t n_more = b->n_jobs - n_shown;

	if (!n_more && !b->n_cancelled)
		return;
	str_add(w->out, "  ");
	if (n_more)
		str_printf(w->out, "… and %u more%s", n_more, b->n_cancelled ? "; " : "");
	if (b->n_cancelled) {
		add_n_jobs(w->out, b->n_cancelled);
		str_printf(w->out, " cancelled because of %s", b->n_jobs == 1 ? "it" : "them");
	}
	str_addc(w->out, '\n');
}

/* Returns how many jobs it showed. */
static uint32_t add_bucket(struct writer *w, const struct bucket *b, uint32_t most)
{
	_cleanup_(freep) char *told = xstrdup(b->key);
	uint32_t n = b->first, n_shown = 0;

	add_bucket_head(w, b);
	for (; n != CAUSES_NO_JOB && n_shown < most; n = w->causes.next[n]) {
		struct result_row row;

		add_job(w, b, n, told);
		n_shown++;
		w->next(w->ctx, n, &row);
		freep(&told);
		told = xstrdup(row.message ? row.message : "");
	}
	add_bucket_rest(w, b, n_shown);
	str_addc(w->out, '\n');
	return n_shown;
}

static void add_other_buckets(struct writer *w, size_t from)
{
	uint32_t n_jobs = 0, n_cancelled = 0;
	size_t n = w->causes.n_buckets - from;

	for (size_t i = from; i < w->causes.n_buckets; i++) {
		n_jobs += w->causes.buckets[i]->n_jobs;
		n_cancelled += w->causes.buckets[i]->n_cancelled;
	}
	if (n == 0)
		return;
	str_printf(w->out, "… and %zu more kind%s of failure: ", n, n == 1 ? "" : "s");
	add_n_jobs(w->out, n_jobs);
	if (n_cancelled)
		str_printf(w->out, ", %u cancelled because of them", n_cancelled);
	str_add(w->out, "\n\n");
}

static void add_buckets(struct writer *w)
{
	uint32_t left = w->n_jobs;
	size_t i;

	for (i = 0; i < w->causes.n_buckets && i < w->n_buckets && left; i++) {
		uint32_t most = w->n_per_bucket < left ? w->n_per_bucket : left;

		left -= add_bucket(w, w->causes.buckets[i], most);
	}
	add_other_buckets(w, i);
}

/* ---- what the user did, and marks ---- */

static const char *stopped_text(enum job_reason reason)
{
	switch (reason) {
	case REASON_MAX_FAILURES:
		return "stopped: there were as many failures as --max-failures allows";
	case REASON_RUN_DEADLINE:
		return "stopped at the run deadline";
	default:
		return "stopped because the run was ended";
	}
}

static bool add_stopped(struct writer *w)
{
	const struct causes *c = &w->causes;
	bool has_any = false;

	for (int i = 0; i < REASON_COUNT; i++) {
		if (!c->stopped[i])
			continue;
		has_any = true;
		add_n_jobs(w->out, c->stopped[i]);
		str_printf(w->out, " %s", stopped_text((enum job_reason)i));
		if (c->stopped_more[i])
			str_printf(w->out, ", %u cancelled because of that", c->stopped_more[i]);
		str_addc(w->out, '\n');
	}
	if (c->n_unexplained) {
		has_any = true;
		add_n_jobs(w->out, c->n_unexplained);
		str_add(w->out, " cancelled\n");
	}
	return has_any;
}

/* "3 flaky: a, b, c" on one line, as far as it goes. */
static void add_marked(struct writer *w, uint32_t mark, uint32_t n, const char *what)
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
		add_printable(&text, row.spec->id);
		if (mark == MARK_FALLBACK && row.n_attempts)
			str_printf(&text, " (%s)", row.attempts[row.n_attempts - 1].stage);
	}
	if (n > n_named)
		str_add(&text, ", …");
	add_color(w, YELLOW);
	add_cut(w->out, text.s, w->width);
	add_color(w, PLAIN);
	str_addc(w->out, '\n');
}

/* ---- the last lines ---- */

static void add_count(struct str *b, uint32_t n, const char *what)
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

static void add_outcome(struct writer *w)
{
	const struct causes *c = &w->causes;
	bool is_good = c->n_passed == w->plan->n_jobs;

	add_color(w, BOLD);
	add_color(w, is_good ? GREEN : RED);
	add_n_jobs(w->out, (uint32_t)w->plan->n_jobs);
	str_printf(w->out, ": %u passed", c->n_passed);
	add_remarks(w->out, c);
	add_count(w->out, c->n_failed, "failed");
	add_count(w->out, c->n_killed, "killed");
	add_count(w->out, c->n_cancelled, "cancelled");
	add_count(w->out, c->n_stopped, "stopped");
	str_add(w->out, " in ");
	duration_add(w->out, w->head->duration_s);
	add_color(w, PLAIN);
	str_addc(w->out, '\n');
}

static void add_path(struct writer *w, const char *what, const char *path)
{
	if (!path)
		return;
	str_printf(w->out, "%-8s ", what);
	add_printable(w->out, path);
	str_addc(w->out, '\n');
}

/* Where all logs are: the block's directory if there is but one. */
static const char *logs_path(const struct plan *plan)
{
	const char *path = plan->n_jobs ? plan->jobs[0].block->scratch_path : NULL;

	for (size_t i = 1; i < plan->n_jobs; i++)
		if (!str_eq(plan->jobs[i].block->scratch_path, path))
			return plan->scratch_root;
	return path;
}

static void add_last_lines(struct writer *w)
{
	bool has_failed = w->causes.n_passed < w->plan->n_jobs;

	add_outcome(w);
	add_path(w, "note", w->head->note);
	if (w->head->notes)
		str_add(w->out, w->head->notes);
	add_path(w, "logs", logs_path(w->plan));
	add_path(w, "run", w->options->run_path);
	add_path(w, "results", w->options->results_path);
	add_path(w, "rerun", has_failed ? w->options->rerun_command : NULL);
}

/* ---- the whole ---- */

static void render(struct writer *w)
{
	w->n_first = w->n_more = 0;
	add_buckets(w);
	if (add_stopped(w))
		str_addc(w->out, '\n');
	add_marked(w, MARK_FALLBACK, w->causes.n_fallback, "passed on a fallback only");
	add_marked(w, MARK_FLAKY, w->causes.n_flaky, "flaky");
	add_marked(w, MARK_LEAKY, w->causes.n_leaky, "left processes behind (killed)");
	add_last_lines(w);
}

static void set_limits(struct writer *w)
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

static unsigned share(unsigned *left, unsigned n)
{
	unsigned each = n ? *left / n : 0;

	if (each > CONTEXT)
		each = CONTEXT;
	*left -= each * n;
	return each;
}

/* How many lines of logs fit, the first job of each bucket first. */
static void set_context(struct writer *w)
{
	struct str *out = w->out;
	struct str draft = {0};
	unsigned left, taken;

	w->context_first = w->context_more = CONTEXT;
	if (w->options->show_failures)
		return;
	w->context_first = w->context_more = 0;
	w->out = &draft;
	render(w);
	w->out = out;
	taken = count_lines(draft.s);
	left = taken < LINES ? LINES - taken : 0;
	w->context_first = share(&left, w->n_first);
	w->context_more = share(&left, w->n_more);
	str_done(&draft);
}

void ending_write(struct str *out, const struct plan *plan, const struct results_head *head,
		  results_next *next, void *ctx, const struct ending_options *options)
{
	struct writer w = {
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
	render(&w);
	causes_done(&w.causes);
}
