/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the rules of README.md at every event of an observer or a backend. Reads no state of the
 * scheduler, except the tallies and the amounts that must return to zero.
 */
#include <math.h>
#include <string.h>

#include "scheduler/state.h"
#include "sim.h"

static const char *id_of(const struct sim *m, uint32_t job)
{
	return m->b.plan->jobs[job].id;
}

/* Of the stage that it is on. */
static const struct job_rules *rules_of(const struct sim *m, uint32_t job)
{
	return sim_spec(m, job, m->jobs[job].stage)->rules;
}

static unsigned lane_of(const struct sim *m, const struct backend *b)
{
	unsigned i = 0;

	while (m->b.backends[i] != b)
		i++;
	return i;
}

static unsigned job_lane(const struct sim *m, uint32_t job)
{
	const char *name = rules_of(m, job)->backend;
	unsigned i = 0;

	while (name && strcmp(m->b.backends[i]->ops->name, name) != 0)
		i++;
	return i;
}

bool rules_may_launch(const struct sim *m, uint32_t job)
{
	if (m->stop == STOP_KILL)
		return false;
	if (m->stop == STOP_TERM)
		return rules_of(m, job)->is_finally;
	return m->stop < 0 || m->jobs[job].is_epilogue;
}

/* ---- amounts in use, summed up anew each time ---- */

static uint64_t n_in_flight(const struct sim *m)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < m->b.plan->n_jobs; i++)
		n += m->jobs[i].is_in_flight;
	return n;
}

static uint64_t cpus_in_use(const struct sim *m, unsigned lane)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < m->b.plan->n_jobs; i++)
		if (m->jobs[i].is_in_flight && job_lane(m, i) == lane)
			n += rules_of(m, i)->cpus;
	return n;
}

static uint64_t asked_of(const struct sim *m, uint32_t job, const char *resource)
{
	const struct job_rules *r = rules_of(m, job);
	uint64_t n = 0;

	for (uint32_t k = 0; k < r->n_resources; k++)
		if (strcmp(r->resources[k].name, resource) == 0)
			n += r->resources[k].count;
	return n;
}

static uint64_t in_use_of(const struct sim *m, const char *resource)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < m->b.plan->n_jobs; i++)
		if (m->jobs[i].is_in_flight)
			n += asked_of(m, i, resource);
	return n;
}

/* Does the job lack resource k, if so much more of each is in use? */
static bool lacks(const struct sim *m, uint32_t job, unsigned k, const uint64_t *more)
{
	const struct resource_limit *l = &m->limits[k];
	uint64_t asked = asked_of(m, job, l->name);

	return asked && l->count != RESOURCE_UNLIMITED &&
	       in_use_of(m, l->name) + more[k] + asked > l->count;
}

static bool lacks_any(const struct sim *m, uint32_t job, const uint64_t *more)
{
	for (unsigned k = 0; k < SIM_RESOURCES; k++)
		if (lacks(m, job, k, more))
			return true;
	return false;
}

/* It asks for more than there is at all, now. */
static bool is_impossible(const struct sim *m, uint32_t job)
{
	for (unsigned k = 0; k < SIM_RESOURCES; k++)
		if (m->limits[k].count != RESOURCE_UNLIMITED &&
		    asked_of(m, job, m->limits[k].name) > m->limits[k].count)
			return true;
	return false;
}

static bool fits_lane(const struct sim *m, uint32_t job)
{
	unsigned lane = job_lane(m, job);
	uint32_t most = m->b.backends[lane]->max_parallel, cpus = rules_of(m, job)->cpus;

	if (m->lanes[lane].is_busy)
		return false;
	return most == 0 || cpus_in_use(m, lane) + (cpus < most ? cpus : most) <= most;
}

/* ---- which job should go next ---- */

static bool is_ready(const struct sim *m, uint32_t job)
{
	const struct sim_job *j = &m->jobs[job];

	return j->status == JOB_QUEUED && !j->is_in_flight && j->ready_at_s <= m->b.clock.now_s;
}

static bool goes_first(const struct sim *m, uint32_t a, uint32_t b)
{
	/* Who goes first is settled by the job itself, on every stage. */
	const struct job_rules *x = m->b.plan->jobs[a].rules, *y = m->b.plan->jobs[b].rules;
	double tx = x->timeout_s > 0 ? x->timeout_s : INFINITY;
	double ty = y->timeout_s > 0 ? y->timeout_s : INFINITY;

	if (x->weight != y->weight)
		return x->weight > y->weight;
	if (tx != ty)
		return tx > ty;
	if (m->jobs[a].n_dependents != m->jobs[b].n_dependents)
		return m->jobs[a].n_dependents > m->jobs[b].n_dependents;
	return m->b.plan->is_by_id ? strcmp(id_of(m, a), id_of(m, b)) < 0 : a < b;
}

/* Do they ask for the same? */
static bool are_alike(const struct sim *m, uint32_t a, uint32_t b)
{
	for (unsigned k = 0; k < SIM_RESOURCES; k++)
		if (asked_of(m, a, m->limits[k].name) != asked_of(m, b, m->limits[k].name))
			return false;
	return job_lane(m, a) == job_lane(m, b) && rules_of(m, a)->cpus == rules_of(m, b)->cpus;
}

/* The ready jobs, best first; of those that ask for the same only the best. Returns how many. */
static uint32_t list_first(const struct sim *m, uint32_t *ret)
{
	uint32_t n = 0, n_first = 0;

	for (uint32_t i = 0; i < m->b.plan->n_jobs; i++) {
		uint32_t at = n;

		if (!is_ready(m, i))
			continue;
		for (; at > 0 && goes_first(m, i, ret[at - 1]); at--)
			ret[at] = ret[at - 1];
		ret[at] = i;
		n++;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = 0;

		while (k < n_first && !are_alike(m, ret[i], ret[k]))
			k++;
		if (k == n_first)
			ret[n_first++] = ret[i];
	}
	return n_first;
}

static void add_asked(const struct sim *m, uint32_t job, uint64_t *amounts)
{
	for (unsigned k = 0; k < SIM_RESOURCES; k++)
		amounts[k] += asked_of(m, job, m->limits[k].name);
}

/* One that lacks something keeps all that it asks for, unless a better one lacks the same. */
static bool may_go(const struct sim *m, uint32_t job, uint64_t *kept, bool *is_lacked)
{
	bool is_next = !is_impossible(m, job), has_all = is_next, lacked[SIM_RESOURCES] = {false};

	for (unsigned k = 0; k < SIM_RESOURCES; k++) {
		lacked[k] = lacks(m, job, k, kept);
		has_all &= !lacked[k];
		is_next &= !(lacked[k] && is_lacked[k]);
	}
	if (has_all || !is_next)
		return has_all;
	for (unsigned k = 0; k < SIM_RESOURCES; k++)
		is_lacked[k] |= lacked[k];
	add_asked(m, job, kept);
	return false;
}

/*
 * Of those that may go as far as resources are concerned, the first of each backend, if that has
 * room for it; if not, what it asks for is kept for it, and the rest of its backend waits. -1:
 * none.
 */
static int next_job(const struct sim *m)
{
	uint64_t kept[SIM_RESOURCES] = {0}, held[SIM_RESOURCES] = {0};
	bool is_lacked[SIM_RESOURCES] = {false}, is_held[BED_BACKENDS] = {false};
	uint32_t list[SIM_JOBS], n = list_first(m, list);

	if (m->max_parallel && n_in_flight(m) >= m->max_parallel)
		return -1;
	if (m->stop < 0 && (m->hold == HOLD_ALL || (m->hold && n_in_flight(m) > 0)))
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		unsigned lane = job_lane(m, list[i]);

		if (!may_go(m, list[i], kept, is_lacked) || is_held[lane])
			continue;
		if (!fits_lane(m, list[i])) {
			is_held[lane] = true;
			if (!m->lanes[lane].is_busy)
				add_asked(m, list[i], held);
		} else if (!lacks_any(m, list[i], held)) {
			return (int)list[i];
		}
	}
	return -1;
}

/*
 * Whatever the order of lines is: the best of all ready jobs that can have what it asks for waits
 * for jobs that run already, and for nothing else. Those that start before it leave it what it
 * asks for, and what it lacks they leave alone.
 */
static void check_best_is_not_kept_out(struct sim *m, uint32_t job)
{
	const uint64_t none[SIM_RESOURCES] = {0};
	uint64_t taken[SIM_RESOURCES] = {0};
	int best = -1;

	for (uint32_t i = 0; i < m->b.plan->n_jobs; i++)
		if (is_ready(m, i) && !is_impossible(m, i) &&
		    (best < 0 || goes_first(m, i, (uint32_t)best)))
			best = (int)i;
	if (best < 0 || best == (int)job || m->lanes[job_lane(m, (uint32_t)best)].is_busy)
		return;
	add_asked(m, job, taken);
	for (unsigned k = 0; k < SIM_RESOURCES; k++)
		SIM_CHECK(m,
			  !lacks(m, (uint32_t)best, k, taken) ||
				  (lacks(m, (uint32_t)best, k, none) && taken[k] == 0),
			  "%s takes %s from %s, which is next", id_of(m, job), m->limits[k].name,
			  id_of(m, (uint32_t)best));
	SIM_CHECK(m,
		  lacks_any(m, (uint32_t)best, none) ||
			  job_lane(m, (uint32_t)best) != job_lane(m, job),
		  "%s takes room from %s, which is next", id_of(m, job), id_of(m, (uint32_t)best));
}

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
	int next = next_job(m);

	SIM_CHECK(m, j->status == JOB_QUEUED && !j->is_in_flight, "%s is submitted while %s",
		  job->spec->id, job_status_name(j->status));
	SIM_CHECK(m, job->spec == sim_spec(m, job->n, j->stage), "%s is on another stage",
		  job->spec->id);
	SIM_CHECK(m,
		  attempt == j->n_attempts + 1 &&
			  attempt - j->n_before <= job->spec->rules->retry.max + 1,
		  "%s is submitted as attempt %u after %u", job->spec->id, attempt, j->n_attempts);
	SIM_CHECK(m, rules_may_launch(m, job->n), "%s is launched after the stop", job->spec->id);
	SIM_CHECK(m, next == (int)job->n, "%s is submitted, not %s", job->spec->id,
		  next < 0 ? "none" : id_of(m, (uint32_t)next));
	check_best_is_not_kept_out(m, job->n);
}

static enum submit submit(struct backend *b, const struct job *job, uint32_t attempt,
			  struct error *why)
{
	struct sim *m = container_of(job->sched->host, struct sim, b.host);
	struct sim_job *j = &m->jobs[job->n];
	struct sim_lane *l = &m->lanes[lane_of(m, b)];
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
	m->lanes[lane_of(m, b)].fake->kill(b, job, level, reason);
}

/* ---- what observers hear ---- */

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

/* May it run, as far as others go? */
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
		if (!rules_of(m, i)->is_finally && !job_status_is_final(m->jobs[i].status))
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
	       m->jobs[job].n_attempts - m->jobs[job].n_before <= rules_of(m, job)->retry.max &&
	       reference_retries(rules_of(m, job), reason);
}

static bool may_fall_back(const struct sim *m, uint32_t job)
{
	const struct job_spec *spec = &m->b.plan->jobs[job];

	for (uint32_t k = spec->n_needs + spec->n_any; k < job_n_deps(spec); k++)
		if (m->jobs[spec->deps[k]].status != JOB_PASSED)
			return false;
	return spec->n_fallback > 0;
}

/* The next stage comes after its own fault, or after a stage that passed. */
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

/* It follows one that it needs onto the fallback. */
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
	double pause_s = rules_of(m, job->n)->retry.backoff_s;
	bool is_retry = r.status != JOB_PASSED && may_retry(m, job->n, r.reason);
	bool is_next = !is_retry && may_go_on(m, job->n, &r);

	SIM_CHECK(m, (now == JOB_QUEUED) == (is_retry || is_next),
		  "%s %s after attempt %u, which ended by %s", job->spec->id,
		  now == JOB_QUEUED ? "goes on" : "is over", j->n_attempts,
		  job_reason_name(r.reason));
	j->is_in_flight = false;
	set_free(&m->lanes[job_lane(m, job->n)]);
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

/* What was asked for before a turn is in force from its beginning. */
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
			  "%s outlives %s, which it needs", spec->id, id_of(m, spec->deps[k]));
	}
	SIM_CHECK(m, j->status != JOB_SCHEDULED || !deps_allow(m, job), "%s was forgotten",
		  spec->id);
	SIM_CHECK(m, j->is_in_flight || rules_may_launch(m, job), "%s outlives the stop", spec->id);
}

static void check_killed(struct sim *m, uint32_t job)
{
	const struct sim_job *j = &m->jobs[job];
	int level = m->stop == STOP_KILL ? KILL_NOW : m->stop >= STOP_DEADLINE ? KILL_TERM : -1;

	SIM_CHECK(m, !j->is_in_flight || j->submit_turn >= m->stop_turn || j->kill_level >= level,
		  "%s runs on after the stop", id_of(m, job));
}

void rules_after_turn(struct sim *m)
{
	int next = sched_is_done(m->b.s) ? -1 : next_job(m);

	SIM_CHECK(m, next < 0, "%s could run, and does not",
		  next < 0 ? "" : id_of(m, (uint32_t)next));
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

		SIM_CHECK(m, job_status_is_final(m->jobs[i].status), "%s never ended", id_of(m, i));
		SIM_CHECK(m, is_flaky == !!(job->marks & MARK_FLAKY), "%s: flaky?", id_of(m, i));
		SIM_CHECK(m, is_fallback == !!(job->marks & MARK_FALLBACK), "%s: fallback?",
			  id_of(m, i));
	}
	for (uint32_t i = 0; i < m->b.s->lanes.n; i++)
		SIM_CHECK(m, m->b.s->lanes.at[i]->in_use == 0, "a backend keeps CPUs");
	SIM_CHECK(m, m->b.s->n_in_flight == 0, "jobs are still counted");
	for (size_t at = 0; (e = map_next(&m->b.s->resources, &at)) != NULL;)
		SIM_CHECK(m, ((const struct resource *)e->value)->in_use == 0, "%s is kept",
			  e->key);
}
