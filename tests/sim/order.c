/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which job must start next: rule 4 of README.md, by simple, slow algorithms. Reads no state of the
 * scheduler.
 */
#include <math.h>
#include <string.h>

#include "scheduler/state.h"
#include "sim.h"

const char *order_id(const struct sim *m, uint32_t job)
{
	return m->b.plan->jobs[job].id;
}

/* Of the stage that it is on. */
const struct job_rules *order_rules(const struct sim *m, uint32_t job)
{
	return sim_spec(m, job, m->jobs[job].stage)->rules;
}

unsigned order_lane(const struct sim *m, const struct backend *b)
{
	unsigned i = 0;

	while (m->b.backends[i] != b)
		i++;
	return i;
}

unsigned order_job_lane(const struct sim *m, uint32_t job)
{
	const char *name = order_rules(m, job)->backend;
	unsigned i = 0;

	while (name && strcmp(m->b.backends[i]->ops->name, name) != 0)
		i++;
	return i;
}

bool order_may_launch(const struct sim *m, uint32_t job)
{
	if (m->stop == STOP_KILL)
		return false;
	if (m->stop == STOP_TERM)
		return order_rules(m, job)->is_finally;
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
		if (m->jobs[i].is_in_flight && order_job_lane(m, i) == lane)
			n += order_rules(m, i)->cpus;
	return n;
}

static uint64_t asked_of(const struct sim *m, uint32_t job, const char *resource)
{
	const struct job_rules *r = order_rules(m, job);
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

/* Whether the job lacks resource k if `more` of each is also in use. */
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
	unsigned lane = order_job_lane(m, job);
	uint32_t most = m->b.backends[lane]->max_parallel, cpus = order_rules(m, job)->cpus;

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
	/* The order is that of the jobs, on every stage. */
	const struct job_rules *x = m->b.plan->jobs[a].rules, *y = m->b.plan->jobs[b].rules;
	double tx = x->timeout_s > 0 ? x->timeout_s : INFINITY;
	double ty = y->timeout_s > 0 ? y->timeout_s : INFINITY;

	if (x->weight != y->weight)
		return x->weight > y->weight;
	if (tx != ty)
		return tx > ty;
	if (m->jobs[a].n_dependents != m->jobs[b].n_dependents)
		return m->jobs[a].n_dependents > m->jobs[b].n_dependents;
	return m->b.plan->is_by_id ? strcmp(order_id(m, a), order_id(m, b)) < 0 : a < b;
}

/* Whether both ask for the same resources. */
static bool are_alike(const struct sim *m, uint32_t a, uint32_t b)
{
	for (unsigned k = 0; k < SIM_RESOURCES; k++)
		if (asked_of(m, a, m->limits[k].name) != asked_of(m, b, m->limits[k].name))
			return false;
	return order_job_lane(m, a) == order_job_lane(m, b) &&
	       order_rules(m, a)->cpus == order_rules(m, b)->cpus;
}

/* The ready jobs, best first; of jobs that ask for the same resources only the best. Returns their
 * number. */
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

/* A job that lacks a resource reserves all that it asks for, unless a better job lacks the same
 * resource. */
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
 * Of the jobs that have their resources: the first one of each backend, if the backend has a place
 * for it. Otherwise its resources are reserved, and other jobs of the backend wait. -1: none.
 */
int order_next_job(const struct sim *m)
{
	uint64_t kept[SIM_RESOURCES] = {0}, held[SIM_RESOURCES] = {0};
	bool is_lacked[SIM_RESOURCES] = {false}, is_held[BED_BACKENDS] = {false};
	uint32_t list[SIM_JOBS], n = list_first(m, list);

	if (m->max_parallel && n_in_flight(m) >= m->max_parallel)
		return -1;
	if (m->stop < 0 && (m->hold == HOLD_ALL || (m->hold && n_in_flight(m) > 0)))
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		unsigned lane = order_job_lane(m, list[i]);

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
 * In any order of queues: the best ready job whose requests can be met waits only for jobs that run
 * already. Jobs that start before it leave enough of every resource that it asks for, and take
 * nothing that it lacks.
 */
void order_check_best(struct sim *m, uint32_t job)
{
	const uint64_t none[SIM_RESOURCES] = {0};
	uint64_t taken[SIM_RESOURCES] = {0};
	int best = -1;

	for (uint32_t i = 0; i < m->b.plan->n_jobs; i++)
		if (is_ready(m, i) && !is_impossible(m, i) &&
		    (best < 0 || goes_first(m, i, (uint32_t)best)))
			best = (int)i;
	if (best < 0 || best == (int)job || m->lanes[order_job_lane(m, (uint32_t)best)].is_busy)
		return;
	add_asked(m, job, taken);
	for (unsigned k = 0; k < SIM_RESOURCES; k++)
		SIM_CHECK(m,
			  !lacks(m, (uint32_t)best, k, taken) ||
				  (lacks(m, (uint32_t)best, k, none) && taken[k] == 0),
			  "%s takes %s from %s, which is next", order_id(m, job), m->limits[k].name,
			  order_id(m, (uint32_t)best));
	SIM_CHECK(m,
		  lacks_any(m, (uint32_t)best, none) ||
			  order_job_lane(m, (uint32_t)best) != order_job_lane(m, job),
		  "%s takes room from %s, which is next", order_id(m, job),
		  order_id(m, (uint32_t)best));
}
