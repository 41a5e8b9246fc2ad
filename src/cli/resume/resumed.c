/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/resume/resumed.h"

#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "cli/load/outcome.h"
#include "cli/output/final_out.h"
#include "resume/survivors.h"

void resumed_read_accepted(const struct args *args, struct resumed *r, struct diags *diags)
{
	r->options.accepted = opt_words(args, OPT_ACCEPT);
	for (const char *const *w = r->options.accepted; w && *w; w++) {
		bool is_sources = strcmp(*w, "sources") == 0;

		r->options.accepts_sources |= is_sources;
		if (!member_word_exists(*w) && !is_sources)
			diag_hint(diag_error(diags, (struct src_pos){0},
					     "'--accept': there is no field '%s'", *w),
				  "--explain names fields, such as command, env and sources");
	}
}

/* ---- results that the scheduler takes over ---- */

static struct sched_past_attempt *attempts_of(const struct resume *r,
					      const struct recorded_job *row)
{
	struct sched_past_attempt *list = arena_array(r->mem, row->attempts.n + 1, sizeof(*list));

	for (size_t i = 0; i < row->attempts.n; i++) {
		const struct attempt_row *a = &row->attempts.at[i];

		list[i] = (struct sched_past_attempt){
			.number = a->number,
			.where = a->where,
			.resources = a->resources,
			.stage = a->stage,
			.result = a->result,
		};
	}
	return list;
}

/* An attempt that was running when its scheduler ended gets a result. */
static void resumed_close_attempt(struct sched_past_attempt *a)
{
	if (job_status_is_final(a->result.status))
		return;
	a->result = (struct job_result){
		.status = JOB_KILLED,
		.reason = REASON_LOST,
		.message = "Job lost: the scheduler ended while it ran.",
		.exit_status = -1,
		.start_wall_s = a->result.start_wall_s,
	};
}

static bool needs_what_runs_again(const struct resume *r, size_t n)
{
	const struct job_spec *spec = &r->plan->jobs[n];

	for (uint32_t k = 0; k < job_n_deps(spec); k++)
		if (!resume_is_settled(&r->jobs[spec->deps[k]]))
			return true;
	return false;
}

/* Does the job continue its earlier attempts? Then a pass after a failure is flaky, and earlier
 * directories are kept. */
static bool is_continued(const struct resume *r, size_t n)
{
	const struct resume_job *job = &r->jobs[n];

	return (job->what == RESUME_FAILED || job->what == RESUME_INTERRUPTED) &&
	       job->row->attempts.n && !job->sources && !needs_what_runs_again(r, n);
}

static bool is_taken_over(const struct resume_job *job)
{
	return job->what == RESUME_TAKEN || job->what == RESUME_KEPT;
}

static void tell_scheduler(const struct resume *r, struct sched *s, size_t n)
{
	const struct recorded_job *row = r->jobs[n].row;
	struct sched_past *past = arena_zalloc(r->mem, sizeof(*past));
	struct sched_past_attempt *attempts = attempts_of(r, row);

	*past = (struct sched_past){
		.run = row->from ? row->from : path_base(r->jobs[n].record->path),
		.is_taken = is_taken_over(&r->jobs[n]),
		.status = row->status,
		.reason = row->reason,
		.marks = row->marks,
		.message = row->message,
		.attempts = attempts,
		.n_attempts = (uint32_t)row->attempts.n,
	};
	for (uint32_t i = 0; i < past->n_attempts; i++) {
		resumed_close_attempt(&attempts[i]);
		past->n_unmarked += job_reason_class(attempts[i].result.reason) != CLASS_JOB;
	}
	sched_set_past(s, n, past);
}

/* ---- messages ---- */

static void resumed_add_count(struct str *to, size_t n, const char *what)
{
	if (n)
		str_printf(to, "%s%zu %s", to->len ? ", " : "", n, what);
}

static void say_how_many(const struct resumed *r)
{
	_cleanup_(str_done) struct str parts = {0}, kept = {0};
	size_t n[RESUME_WHAT_COUNT] = {0}, n_jobs = r->resume.plan->n_jobs;
	size_t n_taken = r->resume.n_taken + r->resume.n_kept, n_again = r->resume.n_again;

	for (size_t i = 0; i < n_jobs; i++)
		n[r->resume.jobs[i].what]++;
	for (int what = RESUME_NEW; what < RESUME_WHAT_COUNT; what++)
		resumed_add_count(&parts, n[what], resume_what_name((enum resume_what)what));
	if (r->resume.n_kept)
		str_printf(&kept, ", %zu of them failed", r->resume.n_kept);
	log_info("%s %s: %zu of %zu jobs are taken over%s%s%s%s",
		 r->is_other ? "using passes of" : "resuming", r->id, n_taken, n_jobs,
		 kept.len ? kept.s : "", n_again ? "; to run: " : "", n_again ? parts.s : "",
		 n_again && !r->wants_explanation && !r->is_dry_run ? " (--explain says why)" : "");
	if (r->resume.n_gone && !r->is_other)
		log_warning("%zu job%s of the run %s %s not part of the plan any more",
			    r->resume.n_gone, r->resume.n_gone == 1 ? "" : "s", r->id,
			    r->resume.n_gone == 1 ? "is" : "are");
}

/* One line for a run of which no pass can be used: most often all jobs have the same reason. */
static void say_why_none(const struct resumed *r)
{
	_cleanup_(str_done) struct str text = {0};
	size_t n = 0;

	if (!r->is_other || r->resume.n_taken || !r->resume.plan->n_jobs)
		return;
	while (r->resume.jobs[n].what == RESUME_NEEDS)
		n = r->resume.jobs[n].because;
	resume_add_reason(&r->resume, n, &text);
	log_warning("no pass of the run %s can be used; job '%s': %s", r->id,
		    r->resume.plan->jobs[n].id, text.s);
}

static void resumed_explain(const struct resumed *r)
{
	_cleanup_(str_done) struct str text = {0};

	if (log_level() >= LOG_VERBOSE)
		resume_explain_each(&r->resume, &text);
	else
		resume_explain(&r->resume, &text);
	if (text.len)
		final_write(text.s, text.len);
}

int resumed_end_survivors(const struct resumed *r)
{
	_cleanup_(str_done) struct str who = {0};

	switch (survivors_look(r->resume.chain.at[0].record, !r->is_dry_run, &who)) {
	case SURVIVORS_NONE:
		return EXIT_PASSED;
	case SURVIVORS_FOUND:
		log_warning("processes of the run %s still live and would be ended first: %s",
			    r->id, who.s);
		return EXIT_PASSED;
	case SURVIVORS_ENDED:
		log_warning("processes of the run %s still lived and were killed: %s", r->id,
			    who.s);
		return EXIT_PASSED;
	case SURVIVORS_REMAIN:
		log_error("processes of the run %s still live and cannot be killed: %s; resume it "
			  "when they are gone",
			  r->id, who.s);
		return EXIT_INFRA;
	case SURVIVORS_LIVES:
		break;
	}
	log_error("the run %s is still going: pid %ld", r->id,
		  r->resume.chain.at[0].record->scheduler.pid);
	return EXIT_USAGE;
}

void resumed_prepare(const struct resumed *r, struct plan *plan)
{
	if (!r->is_other)
		plan->parent = arena_strdup(plan->mem, r->id);
	plan->may_move = false;
}

static void say_nothing_to_run(const struct resumed *r)
{
	size_t n_jobs = r->resume.plan->n_jobs;

	if (r->resume.n_taken == n_jobs)
		log_info("nothing to run: all %zu jobs passed in the run %s, and nothing has "
			 "changed",
			 n_jobs, r->id);
	else
		log_info("nothing to run: %zu of the %zu jobs passed in the run %s, and nothing "
			 "has changed; without --keep-failed the %zu that failed run again",
			 r->resume.n_taken, n_jobs, r->id, r->resume.n_kept);
}

/* The journal proves more than results.json: a failure is never a pass. */
static int code_of_past(const struct resumed *r)
{
	bool has_failed = r->resume.n_taken < r->resume.plan->n_jobs;

	return has_failed && r->exit_code == EXIT_PASSED ? EXIT_SOME_FAILED : r->exit_code;
}

bool resumed_apply(struct resumed *r, const struct sources *now, struct sched *s, int *ret_code)
{
	const struct plan *plan = sched_plan(s);

	r->options.sources = now;
	resume_decide(&r->resume, plan, &r->options);
	if (r->resume.n_again == 0 && r->is_over && !r->is_other) {
		say_nothing_to_run(r);
		*ret_code = code_of_past(r);
		return false;
	}
	say_how_many(r);
	say_why_none(r);
	if (r->wants_explanation || r->is_dry_run)
		resumed_explain(r);
	if (r->is_dry_run) {
		*ret_code = EXIT_PASSED;
		return false;
	}
	for (size_t i = 0; i < plan->n_jobs; i++)
		if (is_taken_over(&r->resume.jobs[i]) ||
		    (!r->is_other && is_continued(&r->resume, i)))
			tell_scheduler(&r->resume, s, i);
	return true;
}

void resumed_warn_of_damage(const struct resumed *r, struct diags *diags)
{
	const struct run_record *record = r->resume.chain.at[0].record;

	if (record->note.len)
		diag_warning(diags, (struct src_pos){0}, "the run %s: %s", r->id, record->note.s);
}
