/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference model: computes the final state of every job without time, queues or limits, by
 * repeated passes over all jobs until nothing changes. It shares no code with the scheduler.
 *
 * If a run was stopped, the order of events decides which jobs had begun; then each job is compared
 * with the real states of the jobs that it depends on.
 */
#include "sim.h"

struct fate {
	bool is_known;
	enum job_status status;
	enum job_reason reason;
	uint32_t n_attempts;
	bool is_fallback; /* passed on it */
};

bool reference_retries(const struct job_rules *rules, enum job_reason reason)
{
	bool is_infra = reason == REASON_LOST || reason == REASON_LAUNCH;

	switch (rules->retry.on) {
	case RETRY_INFRA:
		return is_infra;
	case RETRY_JOB:
		return !is_infra;
	case RETRY_TIMEOUT:
		return reason == REASON_TIMEOUT;
	default:
		return true;
	}
}

bool reference_is_own_fault(enum job_reason reason)
{
	return reason != REASON_LOST && reason != REASON_LAUNCH && reason != REASON_REFUSED &&
	       reason != REASON_USER && reason != REASON_MAX_FAILURES &&
	       reason != REASON_RUN_DEADLINE;
}

static bool may_fall_back(const struct job_spec *spec, const struct fate *fates)
{
	for (uint32_t k = spec->n_needs + spec->n_any; k < job_n_deps(spec); k++)
		if (fates[spec->deps[k]].status != JOB_PASSED)
			return false;
	return spec->n_fallback > 0;
}

static bool begins_with_fallback(const struct job_spec *spec, const struct fate *fates)
{
	for (uint32_t k = 0; k < spec->n_needs; k++)
		if (fates[spec->deps[k]].is_fallback)
			return may_fall_back(spec, fates);
	return false;
}

/* A job alone, once it may run: each stage until it passes or has no attempt left. */
static struct fate alone(const struct sim *m, uint32_t job, const struct fate *fates)
{
	const struct job_spec *spec = &m->b.plan->jobs[job];
	uint32_t stage = begins_with_fallback(spec, fates), n_before = 0;
	struct fate own = {0};

	for (uint32_t attempt = 1;; attempt++) {
		const struct job_rules *rules = sim_spec(m, job, stage)->rules;
		struct fake_outcome o = sim_outcome(m, job, attempt);
		struct fate end = {true, o.status, o.reason, attempt,
				   o.status == JOB_PASSED && stage};
		bool is_stage_over = attempt - n_before > rules->retry.max ||
				     !reference_retries(rules, o.reason);

		if (o.submit == SUBMIT_REFUSED)
			end = (struct fate){true, JOB_KILLED, REASON_REFUSED, attempt - 1, false};
		else if (o.status != JOB_PASSED && !is_stage_over)
			continue;
		else if ((o.status == JOB_PASSED && stage && stage < spec->n_fallback) ||
			 (o.status != JOB_PASSED && !stage && reference_is_own_fault(o.reason) &&
			  may_fall_back(spec, fates))) {
			own = stage ? own : end;
			stage++;
			n_before = attempt;
			continue;
		}
		if (end.status != JOB_PASSED && own.is_known) {
			own.n_attempts = end.n_attempts;
			return own;
		}
		return end;
	}
}

/* The effect of its dependencies on a job; known: whether it is final. */
static struct fate by_deps(const struct sim *m, uint32_t job, const struct fate *fates)
{
	const struct job_spec *spec = &m->b.plan->jobs[job];
	bool all_known = true, has_any = spec->n_any == 0;

	for (uint32_t k = 0; k < job_n_deps(spec); k++) {
		const struct fate *dep = &fates[spec->deps[k]];
		bool is_bad = dep->is_known && dep->status != JOB_PASSED;
		bool is_any = k >= spec->n_needs && k < spec->n_needs + spec->n_any;

		if (k < spec->n_needs && is_bad)
			return (struct fate){true, JOB_KILLED, REASON_DEPENDENCY, 0, false};
		all_known &= dep->is_known;
		has_any |= is_any && dep->is_known && !is_bad;
	}
	if (!all_known)
		return (struct fate){0};
	if (!has_any)
		return (struct fate){true, JOB_KILLED, REASON_ALL_DEPENDENCIES, 0, false};
	return (struct fate){.is_known = true, .status = JOB_QUEUED};
}

static void work_out(const struct sim *m, struct fate *fates)
{
	bool has_changed = true;

	while (has_changed) {
		has_changed = false;
		for (uint32_t i = 0; i < m->b.plan->n_jobs; i++) {
			struct fate f = by_deps(m, i, fates);

			if (fates[i].is_known || !f.is_known)
				continue;
			fates[i] = f.status == JOB_QUEUED ? alone(m, i, fates) : f;
			has_changed = true;
		}
	}
}

static void compare(struct sim *m, const struct job *job, struct fate f)
{
	SIM_CHECK(m, job_status(job) == f.status && job->reason == f.reason,
		  "%s is %s %s, the reference says %s %s", job->spec->id,
		  job_status_name(job_status(job)), job_reason_name((enum job_reason)job->reason),
		  job_status_name(f.status), job_reason_name(f.reason));
	SIM_CHECK(m, job->n_attempts == f.n_attempts, "%s had %u attempts, the reference says %u",
		  job->spec->id, job->n_attempts, f.n_attempts);
	SIM_CHECK(m, !!(job->marks & MARK_FALLBACK) == f.is_fallback,
		  "%s passed %s its fallback, the reference says not", job->spec->id,
		  f.is_fallback ? "without" : "on");
}

/* ---- a run that was stopped ---- */

static bool is_stop_reason(const struct sim *m, enum job_reason reason)
{
	for (int how = 0; how <= m->stop; how++)
		if (m->is_asked[how] && m->reasons[how] == reason)
			return true;
	return reason == REASON_MAX_FAILURES && m->b.options.max_failures &&
	       m->n_root_failures >= m->b.options.max_failures;
}

static bool is_end_of(const struct sim *m, const struct job *job, uint32_t attempt)
{
	struct fake_outcome o = sim_outcome(m, job->n, attempt);

	return attempt && job_status(job) == o.status &&
	       job->reason == (o.status == JOB_PASSED ? REASON_NONE : o.reason);
}

/* After a stop no stage follows another one, and the pass of an earlier stage is not enough. */
static bool is_between_stages(const struct sim *m, const struct job *job)
{
	uint32_t stage = m->jobs[job->n].stage;

	return stage && stage < m->b.plan->jobs[job->n].n_fallback;
}

/* It was not retried after the stop, or it ended as it would have without the stop. The job's own
 * failure stays its result if the fallback did not help. */
static bool is_own_end(const struct sim *m, const struct job *job)
{
	const struct sim_job *j = &m->jobs[job->n];
	const struct job_attempt *a = job->attempts;

	while (a && job_attempt_stage(a))
		a = a->before;
	if (j->stage && a && job_status(job) != JOB_PASSED)
		return is_end_of(m, job, a->number);
	if (job_status(job) == JOB_PASSED && is_between_stages(m, job))
		return false;
	return is_end_of(m, job, job->n_attempts);
}

static void compare_stopped(struct sim *m, const struct job *job, const struct fate *fates)
{
	struct fate f = by_deps(m, job->n, fates);
	enum job_reason reason = (enum job_reason)job->reason;
	bool is_refused = sim_outcome(m, job->n, job->n_attempts + 1).submit == SUBMIT_REFUSED;

	if (job_status(job) == JOB_KILLED && is_stop_reason(m, reason)) {
		SIM_CHECK(m,
			  !order_may_launch(m, job->n) || m->jobs[job->n].was_killed ||
				  is_between_stages(m, job),
			  "%s should still have run", job->spec->id);
	} else if (f.status == JOB_QUEUED) {
		SIM_CHECK(m, is_own_end(m, job) || (is_refused && reason == REASON_REFUSED),
			  "%s ended %s %s of itself", job->spec->id,
			  job_status_name(job_status(job)), job_reason_name(reason));
	} else {
		compare(m, job, f);
	}
}

void reference_compare(struct sim *m)
{
	struct fate fates[SIM_JOBS] = {0};
	size_t n = m->b.plan->n_jobs;

	if (m->stop < 0)
		work_out(m, fates);
	for (size_t i = 0; i < n && m->stop >= 0; i++) {
		const struct job *job = sched_job(m->b.s, i);

		fates[i] = (struct fate){true, job_status(job), (enum job_reason)job->reason, 0,
					 job->marks & MARK_FALLBACK};
	}
	for (size_t i = 0; i < n; i++) {
		if (m->stop < 0)
			compare(m, sched_job(m->b.s, i), fates[i]);
		else
			compare_stopped(m, sched_job(m->b.s, i), fates);
	}
}
