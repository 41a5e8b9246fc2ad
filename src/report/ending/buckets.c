/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ending/buckets.h"

#include <string.h>

#include "base/mem.h"
#include "job/job_paths.h"

/* Appends one line of a log for a terminal: tabs become blanks, other control characters visible
 * text. */
static void buckets_add_context_line(struct ending_writer *w, const char *line, size_t len)
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
	ending_text_color(w, DIM);
	ending_text_indented(w, "      | ", text.s, w->width);
	ending_text_color(w, PLAIN);
	str_addc(w->out, '\n');
}

/* Appends at most `most` lines: the first ones if a line decided the verdict, the last ones
 * otherwise (is_tail). */
static void add_context(struct ending_writer *w, const char *context, unsigned most, bool is_tail)
{
	unsigned n = ending_text_count_lines(context), skip = is_tail && n > most ? n - most : 0;

	for (unsigned i = 0; i < n && i < skip + most; i++) {
		size_t len = strcspn(context, "\n");

		if (i >= skip)
			buckets_add_context_line(w, context, len);
		context += len + (context[len] == '\n');
	}
}

/* n_cancelled: number of cancelled jobs to show here; 0 if the bucket's last line shows it. */
static void add_id(struct ending_writer *w, const struct result_row *row, uint32_t n_cancelled)
{
	str_add(w->out, "  ");
	ending_text_color(w, BOLD);
	ending_text_printable(w->out, row->spec->id);
	ending_text_color(w, PLAIN);
	if (row->n_attempts > 1)
		str_printf(w->out, "  (attempt %u)", row->attempts[row->n_attempts - 1].number);
	if (n_cancelled)
		str_printf(w->out, "  (cancelled %u)", n_cancelled);
	str_addc(w->out, '\n');
}

/* A job that could not be launched may have no directory, and an empty log at most. */
static bool has_log(const struct result_row *row)
{
	return row->n_attempts && row->spec->log && row->reason != REASON_LAUNCH;
}

/* Never shortens the path, so that users can copy it. */
static void add_log_path(struct ending_writer *w, const struct result_row *row, uint32_t line)
{
	_cleanup_(str_done) struct str room = {0};

	if (!has_log(row))
		return;
	str_add(w->out, "    ");
	ending_text_printable(w->out, job_log_path(row->spec, &room));
	if (line)
		str_printf(w->out, ":%u", line);
	str_addc(w->out, '\n');
}

/* told: the message that was shown last. It is not repeated. */
static void buckets_add_job(struct ending_writer *w, const struct bucket *b, uint32_t n,
			    const char *told)
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
		ending_text_indented(w, "    ", row.message, 2 * (size_t)w->width);
		str_addc(w->out, '\n');
	}
	add_log_path(w, &row, last ? last->line : 0);
	if (!last || !last->context || !*last->context)
		return;
	*(is_first ? &w->n_first : &w->n_more) += 1;
	add_context(w, last->context + strspn(last->context, "\n"), most, last->line == 0);
}

static const char *verb_of(const struct bucket *b)
{
	return b->status == JOB_FAILED ? "failed" : "killed";
}

/* false: the line has not all of the cause. */
static bool add_bucket_head(struct ending_writer *w, const struct bucket *b)
{
	bool is_whole;
	_cleanup_(str_done) struct str text = {0};

	ending_text_n_jobs(&text, b->n_jobs);
	str_printf(&text, " %s (%s): %s", verb_of(b), job_reason_name(b->reason), b->key);
	ending_text_color(w, RED);
	is_whole = ending_text_cut(w->out, text.s, w->width);
	ending_text_color(w, PLAIN);
	str_addc(w->out, '\n');
	return is_whole;
}

static void add_bucket_rest(struct ending_writer *w, const struct bucket *b, uint32_t n_shown)
{
	uint32_t n_more = b->n_jobs - n_shown;

	if (!n_more && !b->n_cancelled)
		return;
	str_add(w->out, "  ");
	if (n_more)
		str_printf(w->out, "… and %u more%s", n_more, b->n_cancelled ? "; " : "");
	if (b->n_cancelled) {
		ending_text_n_jobs(w->out, b->n_cancelled);
		str_printf(w->out, " cancelled because of %s", b->n_jobs == 1 ? "it" : "them");
	}
	str_addc(w->out, '\n');
}

/* Returns the number of jobs shown. */
static uint32_t add_bucket(struct ending_writer *w, const struct bucket *b, uint32_t most)
{
	_cleanup_(freep) char *told = xstrdup(add_bucket_head(w, b) ? b->key : "");
	uint32_t n = b->first, n_shown = 0;

	for (; n != CAUSES_NO_JOB && n_shown < most; n = w->causes.next[n]) {
		struct result_row row;

		buckets_add_job(w, b, n, told);
		n_shown++;
		w->next(w->ctx, n, &row);
		freep(&told);
		told = xstrdup(row.message ? row.message : "");
	}
	add_bucket_rest(w, b, n_shown);
	str_addc(w->out, '\n');
	return n_shown;
}

static void add_other_buckets(struct ending_writer *w, size_t from)
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
	ending_text_n_jobs(w->out, n_jobs);
	if (n_cancelled)
		str_printf(w->out, ", %u cancelled because of them", n_cancelled);
	str_add(w->out, "\n\n");
}

void ending_buckets_add(struct ending_writer *w)
{
	uint32_t left = w->n_jobs, n_in_buckets = 0;
	size_t i;

	for (i = 0; i < w->causes.n_buckets && i < w->n_buckets && left; i++) {
		uint32_t most = w->n_per_bucket < left ? w->n_per_bucket : left;

		left -= add_bucket(w, w->causes.buckets[i], most);
		n_in_buckets += w->causes.buckets[i]->n_jobs;
	}
	add_other_buckets(w, i);
	if (i < w->causes.n_buckets || n_in_buckets > w->n_jobs - left)
		str_add(w->out, "(--show-failures all shows every failed job)\n\n");
}
