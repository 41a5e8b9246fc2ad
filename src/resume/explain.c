/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that say why jobs run again. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "job/job_command.h"
#include "job/job_paths.h"
#include "resume/resume.h"

enum { SHOWN_JOBS = 5, SHOWN_TEXT = 60 };

static const char *const names[RESUME_WHAT_COUNT] = {
	[RESUME_TAKEN] = "taken over",
	[RESUME_KEPT] = "failed, and kept",
	[RESUME_CANCELLED] = "cancelled",
	[RESUME_NEW] = "new",
	[RESUME_FAILED] = "failed",
	[RESUME_INTERRUPTED] = "interrupted",
	[RESUME_NOT_STARTED] = "not started",
	[RESUME_CHANGED] = "changed",
	[RESUME_SOURCES] = "sources",
	[RESUME_LIMIT] = "limit",
	[RESUME_LOG_GONE] = "log gone",
	[RESUME_LOG_CHANGED] = "log changed",
	[RESUME_COVERAGE_GONE] = "coverage gone",
	[RESUME_UNPROVEN] = "unproven",
	[RESUME_MARKED] = "with marks",
	[RESUME_INTERACTIVE] = "interactive",
	[RESUME_NEVER] = "reuse: never",
	[RESUME_NEEDS] = "needs",
	[RESUME_FINALLY] = "finally",
};

const char *resume_what_name(enum resume_what what)
{
	return names[what];
}

/* Appends text from offset `from`, shortened to SHOWN_TEXT bytes. */
static void explain_add_text(struct str *to, const char *text, size_t from)
{
	size_t n = strlen(text + from);

	str_add(to, from ? "'…" : "'");
	str_add_printable(to, text + from, n > SHOWN_TEXT ? SHOWN_TEXT : n);
	str_add(to, n > SHOWN_TEXT ? "…'" : "'");
}

static void add_change(struct str *to, const char *was, const char *is)
{
	size_t same = 0;

	if (!was || !is)
		return;
	while (was[same] && was[same] == is[same])
		same++;
	/* Begin at a word, not in the middle of one. */
	same = same > SHOWN_TEXT / 2 ? same - SHOWN_TEXT / 2 : 0;
	while (same && was[same - 1] != ' ')
		same--;
	str_add(to, ": ");
	explain_add_text(to, was, same);
	str_add(to, " -> ");
	explain_add_text(to, is, same);
}

static void add_difference(const struct resume *r, size_t n, struct str *to)
{
	const struct resume_job *job = &r->jobs[n];
	const struct job_spec *was = job->spec, *is = &r->plan->jobs[n];
	_cleanup_(str_done) struct str room_was = {0}, room_is = {0};

	str_printf(to, "%s changed", job->word);
	if (strcmp(job->word, "command") == 0)
		add_change(to, job_command(was, &room_was), job_command(is, &room_is));
	else if (strcmp(job->word, "seed") == 0)
		add_change(to, was->seed, is->seed);
	else if (strcmp(job->word, "cwd") == 0)
		add_change(to, was->rules->cwd, is->rules->cwd);
	else if (strcmp(job->word, "directory") == 0)
		add_change(to, job_odir(was, &room_was), job_odir(is, &room_is));
}

/* Appends why job n runs again: "failed", "command changed: …", "needs 'demo:build'". */
void resume_add_reason(const struct resume *r, size_t n, struct str *to)
{
	const struct resume_job *job = &r->jobs[n];

	switch (job->what) {
	case RESUME_CHANGED:
		add_difference(r, n, to);
		break;
	case RESUME_SOURCES:
		str_printf(to, "%s: %s", r->plan->jobs[n].rules->inputs ? "inputs" : "sources",
			   job->sources);
		break;
	case RESUME_LIMIT:
		str_printf(to, "limit: its pass used more than the current %s", job->word);
		break;
	case RESUME_MARKED:
		str_printf(to, "%s: such a pass is not used again", job->word);
		break;
	case RESUME_NEEDS:
		str_add(to, "needs '");
		str_add_printable(to, r->plan->jobs[job->because].id,
				  strlen(r->plan->jobs[job->because].id));
		str_addc(to, '\'');
		break;
	case RESUME_LOG_CHANGED:
		str_add(to, "log changed: something has written to it since the job ended");
		break;
	case RESUME_UNPROVEN:
		str_add(to, "unproven: the run recorded nothing to compare its log with");
		break;
	default:
		str_add(to, names[job->what]);
		break;
	}
}

/* ---- all jobs ---- */

/* Jobs that run again for the same reason. */
struct reason {
	const char *text;
	struct str jobs; /* the first few */
	size_t n, n_dependents;
};

static size_t explain_root_of(const struct resume *r, size_t n)
{
	while (r->jobs[n].what == RESUME_NEEDS)
		n = r->jobs[n].because;
	return n;
}

static struct reason *reason_of(const struct resume *r, struct map *reasons, size_t n)
{
	_cleanup_(str_done) struct str text = {0};
	struct reason *reason;

	resume_add_reason(r, n, &text);
	reason = map_get(reasons, text.s);
	if (!reason) {
		reason = xcalloc(1, sizeof(*reason));
		reason->text = str_take(&text);
		map_set(reasons, reason->text, reason);
	}
	return reason;
}

static void explain_add_root(const struct resume *r, struct reason *reason, size_t n)
{
	const char *id = r->plan->jobs[n].id;

	if (reason->n++ < SHOWN_JOBS) {
		str_add(&reason->jobs, reason->jobs.len ? ", " : "");
		str_add_printable(&reason->jobs, id, strlen(id));
	}
}

static void write_reason(const struct reason *reason, struct str *to)
{
	str_printf(to, "  %zu %s: %s", reason->n, reason->text, reason->jobs.s);
	if (reason->n > SHOWN_JOBS)
		str_printf(to, " and %zu more", reason->n - SHOWN_JOBS);
	if (reason->n_dependents)
		str_printf(to, "; and %zu that need%s %s", reason->n_dependents,
			   reason->n_dependents == 1 ? "s" : "", reason->n == 1 ? "it" : "them");
	str_addc(to, '\n');
}

void resume_explain(const struct resume *r, struct str *to)
{
	struct map reasons = {0};
	const struct map_entry *e;
	size_t at = 0;

	for (size_t i = 0; i < r->plan->n_jobs; i++) {
		size_t root = explain_root_of(r, i);

		if (resume_is_settled(&r->jobs[i]))
			continue;
		if (root == i)
			explain_add_root(r, reason_of(r, &reasons, i), i);
		else
			reason_of(r, &reasons, root)->n_dependents++;
	}
	while ((e = map_next(&reasons, &at)) != NULL) {
		struct reason *reason = e->value;

		write_reason(reason, to);
		str_done(&reason->jobs);
		free((char *)reason->text);
		free(reason);
	}
	map_done(&reasons);
}

void resume_explain_each(const struct resume *r, struct str *to)
{
	for (size_t i = 0; i < r->plan->n_jobs; i++) {
		const char *id = r->plan->jobs[i].id;

		if (resume_is_settled(&r->jobs[i]))
			continue;
		str_add(to, "  ");
		str_add_printable(to, id, strlen(id));
		str_add(to, ": ");
		resume_add_reason(r, i, to);
		str_addc(to, '\n');
	}
}
