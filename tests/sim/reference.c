/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference: what must become of every job, worked out without time, queues or limits, by
 * going over all jobs until nothing changes any more. It shares no line with the scheduler.
 *
 * Where a run was stopped, which jobs had begun by then is up to the order of events; then each job
 * is held against what really became of those it depends on.
 */
#include "sim.h"

struct fate {
	bool is_known;
	enum job_status status;
	enum job_reason reason;
	uint32_t n_attempts;
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

/* A job by itself, once it may run. */
static struct fate alone(const struct sim *m, uint32_t job)
{
	const struct job_rules *rules = m->b.plan->jobs[job].rules;

	for (uint32_t attempt = 1;; attempt++) {
		struct fake_outcome o = sim_outcome(m, job, attempt);

		if (o.submit == SUBMIT_REFUSED)
			return (struct fate){true, JOB_KILLED, REASON_REFUSED, attempt - 1};
		if (o.status == JOB_PASSED || attempt > rules->retry.max ||
		    !reference_retries(rules, o.reason))
			return (struct fate){true, o.status, o.reason, attempt};
	}
}

/* What those it depends on make of a job; known: whether that is settled. */
static struct fate by_deps(const struct sim *m, uint32_t job, const struct fate *fates)
{
	const struct job_spec *spec = &m->b.plan->jobs[job];
	bool all_known = true, has_any = spec->n_any == 0;

	for (uint32_t k = 0; k < spec->n_needs + spec->n_any; k++) {
		const struct fate *dep = &fates[spec->deps[k]];
		bool is_bad = dep->is_known && dep->status != JOB_PASSED;

		if (k < spec->n_needs && is_bad)
			return (struct fate){true, JOB_KILLED, REASON_DEPENDENCY, 0};
		all_known &= dep->is_known;
		has_any |= k >= spec->n_needs && dep->is_known && !is_bad;
	}
	if (!all_known)
		return (struct fate){0};
	if (!has_any)
		return (struct fate){true, JOB_KILLED, REASON_ALL_DEPENDENCIES, 0};
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
			fates[i] = f.status == JOB_QUEUED ? alone(m, i) : f;
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

/* Not tried again after the stop, or as it would have ended anyway. */
static bool is_own_end(const struct sim *m, const struct job *job)
{
	struct fake_outcome o = sim_outcome(m, job->n, job->n_attempts);

	return job->n_attempts && job_status(job) == o.status &&
	       job->reason == (o.status == JOB_PASSED ? REASON_NONE : o.reason);
}

static void compare_stopped(struct sim *m, const struct job *job, const struct fate *fates)
{
	struct fate f = by_deps(m, job->n, fates);
	enum job_reason reason = (enum job_reason)job->reason;
	bool is_refused = sim_outcome(m, job->n, job->n_attempts + 1).submit == SUBMIT_REFUSED;

	if (job_status(job) == JOB_KILLED && is_stop_reason(m, reason)) {
		SIM_CHECK(m, !rules_may_launch(m, job->n) || m->jobs[job->n].was_killed,
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

		fates[i] = (struct fate){true, job_status(job), (enum job_reason)job->reason, 0};
	}
	for (size_t i = 0; i < n; i++) {
		if (m->stop < 0)
			compare(m, sched_job(m->b.s, i), fates[i]);
		else
			compare_stopped(m, sched_job(m->b.s, i), fates);
	}
}
