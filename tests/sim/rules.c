/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the rules of README.md at every event of an observer or a backend. Reads no state of the
 * scheduler, except the tallies and the amounts that must return to zero.
 */
#include <math.h>
#include <string.h>

#include "scheduler/state.h"
#include "sim.h"

/* ---- backends ---- */

static void set_free(struct sim_lane *l)
{
	l->is_busy = false;
	l->busy_until_s = INFINITY;
	l->busy_pause_s = 0.05;
}

void rules_set_free(struct sim *m, unsigned lane)
{
	set_free(&m->lanes[lane]);
}

static void set_busy(struct sim *m, struct sim_lane *l)
{
	l->is_busy = true;
	l->busy_until_s = m->b.clock.now_s + l->busy_pause_s;
	l->busy_pause_s = fmin(l->busy_pause_s * 2, 5);
}

static void check_submit(struct sim *m, const struct job *job, uint32_t attempt)
{
	const struct sim_job *j = &m->jobs[job->n];
	int next = order_next_job(m);

	SIM_CHECK(m, j->status == JOB_QUEUED && !j->is_in_flight, "%s is submitted while %s",
		  job->spec->id, job_status_name(j->status));
	SIM_CHECK(m, job->spec == sim_spec(m, job->n, j->stage), "%s is on another stage",
		  job->spec->id);
	SIM_CHECK(m,
		  attempt == j->n_attempts + 1 &&
			  attempt - j->n_before <= job->spec->rules->retry.max + 1,
		  "%s is submitted as attempt %u after %u", job->spec->id, attempt, j->n_attempts);
	SIM_CHECK(m, order_may_launch(m, job->n), "%s is launched after the stop", job->spec->id);
	SIM_CHECK(m, next == (int)job->n, "%s is submitted, not %s", job->spec->id,
		  next < 0 ? "none" : order_id(m, (uint32_t)next));
	order_check_best(m, job->n);
}

static enum submit submit(struct backend *b, const struct job *job, uint32_t attempt,
			  struct error *why)
{
	struct sim *m = container_of(job->sched->host, struct sim, b.host);
	struct sim_job *j = &m->jobs[job->n];
	struct sim_lane *l = &m->lanes[order_lane(m, b)];
	enum submit answer;

	check_submit(m, job, attempt);
	j->n_asked++;
	j->is_in_flight = true; /* it may report the start from within */
	answer = l->fake->submit(b, job, attempt, why);
	if (answer != SUBMIT_ACCEPTED)
		j->is_in_flight = false;
	if (answer == SUBMIT_BUSY)
		set_busy(m, l);
	if (answer != SUBMIT_ACCEPTED)
		return answer;
	l->busy_pause_s = 0.05;
	j->n_attempts++;
	j->kill_level = -1;
	j->submit_turn = m->b.n_turns;
	return answer;
}

static void kill_it(struct backend *b, const struct job *job, enum kill_level level,
		    enum job_reason reason)
{
	struct sim *m = container_of(job->sched->host, struct sim, b.host);
	struct sim_job *j = &m->jobs[job->n];

	SIM_CHECK(m, j->is_in_flight, "%s is killed and does not run", job->spec->id);
	SIM_CHECK(m, (int)level > j->kill_level, "%s is killed twice alike", job->spec->id);
	j->kill_level = (int)level;
	j->was_killed = true;
	m->lanes[order_lane(m, b)].fake->kill(b, job, level, reason);
}

/* ---- calls of observers ---- */

static bool is_legal(enum job_status was, enum job_status now)
{
	switch (was) {
	case JOB_SCHEDULED:
		return now == JOB_QUEUED || now == JOB_KILLED;
	case JOB_QUEUED:
		return now == JOB_RUNNING || now == JOB_KILLED || now == JOB_QUEUED ||
		       now == JOB_FAILED;
	case JOB_RUNNING:
		return now == JOB_QUEUED || job_status_is_final(now);
	default:
		return false;
	}
}

/* Whether its dependencies let it run. */
static bool deps_allow(const struct sim *m, uint32_t job)
{
	const struct job_spec *spec = &m->b.plan->jobs[job];
	bool has_any = spec->n_any == 0;

	for (uint32_t k = 0; k < job_n_deps(spec); k++) {
		enum job_status s = m->jobs[spec->deps[k]].status;

		if (!job_status_is_final(s) || (k < spec->n_needs && s != JOB_PASSED))
			return false;
		has_any |= k >= spec->n_needs && k < spec->n_needs + spec->n_any && s == JOB_PASSED;
	}
	for (uint32_t i = 0; spec->rules->is_finally && i < m->b.plan->n_jobs; i++)
		if (!order_rules(m, i)->is_finally && !job_status_is_final(m->jobs[i].status))
			return false;
	return has_any;
}

static bool is_from_others(enum job_reason reason)
{
	enum job_class class = job_reason_class(reason);

	return class == CLASS_DEPENDENCY || class == CLASS_USER;
}

static void check_cause(struct sim *m, const struct job *job)
{
	const struct job *root = sched_root_cause(m->b.s, job);
	bool wants_root = job_reason_class((enum job_reason)job->reason) == CLASS_DEPENDENCY;

	SIM_CHECK(m, (root != NULL) == wants_root, "%s has %s root cause", job->spec->id,
		  root ? "a" : "no");
	SIM_CHECK(m,
		  !root || (job_status_is_final(job_status(root)) &&
			    job_status(root) != JOB_PASSED && !sched_root_cause(m->b.s, root)),
		  "the root cause of %s is none: %s", job->spec->id, root ? root->spec->id : "");
	SIM_CHECK(m, (job_status(job) == JOB_PASSED) == (job->reason == REASON_NONE),
		  "%s ends %s with reason %s", job->spec->id, job_status_name(job_status(job)),
		  job_reason_name((enum job_reason)job->reason));
	SIM_CHECK(m, (job->message == NULL) == (job_status(job) == JOB_PASSED),
		  "%s ends with message %s", job->spec->id, job->message ? job->message : "none");
}

static void check_tallies(struct sim *m)
{
	uint32_t tally[JOB_STATUS_COUNT] = {0}, rows[JOB_STATUS_COUNT] = {0};

	for (uint32_t i = 0; i < m->b.plan->n_jobs; i++)
		tally[m->jobs[i].status]++;
	for (uint32_t t = 0; t < sched_n_targets(m->b.s); t++)
		for (int k = 0; k < JOB_STATUS_COUNT; k++)
			rows[k] += sched_target(m->b.s, t)->n[k];
	SIM_CHECK(m, memcmp(tally, sched_tally(m->b.s), sizeof(tally)) == 0,
		  "tallies do not add up");
	SIM_CHECK(m, memcmp(tally, rows, sizeof(tally)) == 0, "targets' tallies do not add up");
}

static bool may_retry(const struct sim *m, uint32_t job, enum job_reason reason)
{
	return m->stop < 0 && !is_from_others(reason) && reason != REASON_REFUSED &&
	       m->jobs[job].n_attempts - m->jobs[job].n_before <= order_rules(m, job)->retry.max &&
	       reference_retries(order_rules(m, job), reason);
}

static bool may_fall_back(const struct sim *m, uint32_t job)
{
	const struct job_spec *spec = &m->b.plan->jobs[job];

	for (uint32_t k = spec->n_needs + spec->n_any; k < job_n_deps(spec); k++)
		if (m->jobs[spec->deps[k]].status != JOB_PASSED)
			return false;
	return spec->n_fallback > 0;
}

/* The next stage follows a failure of the job itself, or a stage that passed. */
static bool may_go_on(const struct sim *m, uint32_t job, const struct job_result *r)
{
	uint32_t stage = m->jobs[job].stage;

	if (m->stop >= 0 || stage == m->b.plan->jobs[job].n_fallback)
		return false;
	if (stage)
		return r->status == JOB_PASSED;
	return r->status != JOB_PASSED && reference_is_own_fault(r->reason) &&
	       may_fall_back(m, job);
}

static void enter_stage(struct sim *m, uint32_t job, uint32_t stage)
{
	m->jobs[job].stage = stage;
	m->jobs[job].n_before = m->jobs[job].n_attempts;
}

/* It uses the fallback because a job that it needs does. */
static void begin(struct sim *m, uint32_t job)
{
	const struct job_spec *spec = &m->b.plan->jobs[job];

	for (uint32_t k = 0; k < spec->n_needs; k++)
		if (m->jobs[spec->deps[k]].stage && may_fall_back(m, job))
			enter_stage(m, job, 1);
}

/* An attempt is over: what it held is free, and its backend may be asked again. */
static void on_attempt_over(struct sim *m, const struct job *job, enum job_status now)
{
	struct sim_job *j = &m->jobs[job->n];
	struct job_result r = job_attempt_result(job->attempts);
	double pause_s = order_rules(m, job->n)->retry.backoff_s;
	bool is_retry = r.status != JOB_PASSED && may_retry(m, job->n, r.reason);
	bool is_next = !is_retry && may_go_on(m, job->n, &r);

	SIM_CHECK(m, (now == JOB_QUEUED) == (is_retry || is_next),
		  "%s %s after attempt %u, which ended by %s", job->spec->id,
		  now == JOB_QUEUED ? "goes on" : "is over", j->n_attempts,
		  job_reason_name(r.reason));
	j->is_in_flight = false;
	set_free(&m->lanes[order_job_lane(m, job->n)]);
	for (uint32_t i = 1; i < j->n_attempts; i++)
		pause_s *= 2;
	j->ready_at_s = m->b.clock.now_s + (is_retry ? pause_s : 0);
	if (is_next)
		enter_stage(m, job->n, j->stage + 1);
}

static void on_final(struct sim *m, const struct job *job)
{
	check_cause(m, job);
	if (job_status(job) == JOB_FAILED ||
	    (job_status(job) == JOB_KILLED && !is_from_others((enum job_reason)job->reason)))
		m->n_root_failures++;
	if (m->b.options.max_failures && m->n_root_failures >= m->b.options.max_failures &&
	    m->stop < STOP_LAUNCHING)
		m->stop = STOP_LAUNCHING;
}

static void on_change(struct bed *b, const struct job *job, enum job_status was)
{
	struct sim *m = container_of(b, struct sim, b);
	struct sim_job *j = &m->jobs[job->n];
	enum job_status now = job_status(job);

	SIM_CHECK(m, was == j->status && is_legal(was, now), "%s goes from %s (really %s) to %s",
		  job->spec->id, job_status_name(was), job_status_name(j->status),
		  job_status_name(now));
	SIM_CHECK(m, was != JOB_SCHEDULED || now != JOB_QUEUED || deps_allow(m, job->n),
		  "%s is queued too early", job->spec->id);
	SIM_CHECK(m, now != JOB_RUNNING || (j->is_in_flight && job->n_attempts == j->n_attempts),
		  "%s runs, and nobody submitted it", job->spec->id);
	j->status = now;
	if (was == JOB_SCHEDULED && now == JOB_QUEUED)
		begin(m, job->n);
	if (j->is_in_flight && now != JOB_RUNNING)
		on_attempt_over(m, job, now);
	if (job_status_is_final(now))
		on_final(m, job);
	check_tallies(m);
}

void rules_watch(struct sim *m)
{
	for (unsigned i = 0; i < m->b.n_backends; i++) {
		struct sim_lane *l = &m->lanes[i];

		l->fake = m->b.backends[i]->ops;
		l->ops = *l->fake;
		l->ops.submit = submit;
		l->ops.kill = kill_it;
		m->b.backends[i]->ops = &l->ops;
		set_free(l);
	}
	m->b.on_change = on_change;
}

/* ---- around each turn ---- */

/* Requests made before a turn are in force from its beginning. */
void rules_before_turn(struct sim *m)
{
	m->hold = m->next_hold;
	for (int how = m->stop + 1; how <= STOP_KILL; how++)
		if (m->is_asked[how]) {
			m->stop = how;
			m->stop_turn = m->b.n_turns;
		}
	for (unsigned i = 0; i < m->b.n_backends; i++)
		if (m->lanes[i].busy_until_s <= m->b.clock.now_s) {
			m->lanes[i].is_busy = false;
			m->lanes[i].busy_until_s = INFINITY;
		}
}

static void check_waiting(struct sim *m, uint32_t job)
{
	const struct job_spec *spec = &m->b.plan->jobs[job];
	const struct sim_job *j = &m->jobs[job];

	for (uint32_t k = 0; k < spec->n_needs; k++) {
		enum job_status s = m->jobs[spec->deps[k]].status;

		SIM_CHECK(m, !job_status_is_final(s) || s == JOB_PASSED,
			  "%s outlives %s, which it needs", spec->id, order_id(m, spec->deps[k]));
	}
	SIM_CHECK(m, j->status != JOB_SCHEDULED || !deps_allow(m, job), "%s was forgotten",
		  spec->id);
	SIM_CHECK(m, j->is_in_flight || order_may_launch(m, job), "%s outlives the stop", spec->id);
}

static void check_killed(struct sim *m, uint32_t job)
{
	const struct sim_job *j = &m->jobs[job];
	int level = m->stop == STOP_KILL ? KILL_NOW : m->stop >= STOP_DEADLINE ? KILL_TERM : -1;

	SIM_CHECK(m, !j->is_in_flight || j->submit_turn >= m->stop_turn || j->kill_level >= level,
		  "%s runs on after the stop", order_id(m, job));
}

void rules_after_turn(struct sim *m)
{
	int next = sched_is_done(m->b.s) ? -1 : order_next_job(m);

	SIM_CHECK(m, next < 0, "%s could run, and does not",
		  next < 0 ? "" : order_id(m, (uint32_t)next));
	for (uint32_t i = 0; i < m->b.plan->n_jobs; i++) {
		if (job_status_is_final(m->jobs[i].status))
			continue;
		check_waiting(m, i);
		check_killed(m, i);
	}
}

void rules_at_end(struct sim *m)
{
	const struct map_entry *e;

	SIM_CHECK(m, m->b.n_run_ended == 1, "the run ended %u times", m->b.n_run_ended);
	for (uint32_t i = 0; i < m->b.plan->n_jobs; i++) {
		const struct job *job = sched_job(m->b.s, i);
		bool has_passed = m->jobs[i].status == JOB_PASSED;
		bool is_flaky = has_passed && !m->jobs[i].stage && m->jobs[i].n_attempts > 1;
		bool is_fallback = has_passed && m->jobs[i].stage;

		SIM_CHECK(m, job_status_is_final(m->jobs[i].status), "%s never ended",
			  order_id(m, i));
		SIM_CHECK(m, is_flaky == !!(job->marks & MARK_FLAKY), "%s: flaky?", order_id(m, i));
		SIM_CHECK(m, is_fallback == !!(job->marks & MARK_FALLBACK), "%s: fallback?",
			  order_id(m, i));
	}
	for (uint32_t i = 0; i < m->b.s->lanes.n; i++)
		SIM_CHECK(m, m->b.s->lanes.at[i]->in_use == 0, "a backend keeps CPUs");
	SIM_CHECK(m, m->b.s->n_in_flight == 0, "jobs are still counted");
	for (size_t at = 0; (e = map_next(&m->b.s->resources, &at)) != NULL;)
		SIM_CHECK(m, ((const struct resource *)e->value)->in_use == 0, "%s is kept",
			  e->key);
}
