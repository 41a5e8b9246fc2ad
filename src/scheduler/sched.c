/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's interface: loading, the turn, and read access. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "scheduler/graph.h"

struct sched *sched_new(const struct sched_options *options, struct sched_host *host)
{
	struct sched *s = xcalloc(1, sizeof(*s));

	s->options = *options;
	s->host = host;
	s->mem = arena_new();
	s->stop_level = -1;
	s->alarm_s = INFINITY;
	list_init(&s->observers);
	list_init(&s->unsettled);
	list_init(&s->waits);
	resources_init(s);
	return s;
}

void sched_free(struct sched *s)
{
	if (!s)
		return;
	retries_done(s);
	upcalls_done(s);
	ready_done(s);
	lanes_done(s);
	resources_done(s);
	free(s->finally);
	free(s->past);
	free(s->dependents);
	vec_done(&s->settled);
	vec_done(&s->targets);
	priority_done(s);
	free(s->jobs);
	arena_free(s->mem);
	free(s);
}

/* ---- loading ---- */

static void check_spec(const struct lane *l, const struct job_spec *spec, struct diags *diags)
{
	if (l->backend->ops->check)
		l->backend->ops->check(l->backend, spec, diags);
}

static void classify_fallback(struct sched *s, const struct job_spec *spec, struct diags *diags)
{
	for (uint32_t i = 0; i < spec->n_fallback; i++) {
		const struct job_spec *stage = &spec->fallback[i];
		struct lane *l = lane_get(s, stage);

		ready_note_stage(s, stage, l);
		check_spec(l, stage, diags);
	}
}

static void classify_jobs(struct sched *s, struct diags *diags)
{
	for (size_t i = 0; i < s->n_jobs; i++) {
		struct job *job = &s->jobs[i];
		struct lane *l = lane_get(s, job->spec);

		ready_classify(s, job, l);
		check_spec(l, job->spec, diags);
		classify_fallback(s, job->spec, diags);
	}
}

/* Adds one more dependency to each finally job: the end of all ordinary jobs. */
static void hold_finally(struct sched *s)
{
	uint32_t n = 0;

	s->finally = xcalloc(s->n_finally, sizeof(*s->finally));
	for (size_t i = 0; i < s->n_jobs; i++)
		if (s->jobs[i].flags & FLAG_FINALLY) {
			s->finally[n++] = (uint32_t)i;
			s->jobs[i].n_waiting++;
		}
}

int sched_load(struct sched *s, const struct plan *plan, struct diags *diags)
{
	unsigned n_before = diags->n_errors;

	assert(!s->plan && s->lanes.n > 0);
	s->plan = plan;
	job_init_all(s);
	if (graph_load(s, diags) == 0)
		hold_finally(s);
	classify_jobs(s, diags);
	resources_take_plan(s);
	resources_check(s, diags);
	if (diags->n_errors > n_before)
		return -1;
	priority_prepare(s);
	return 0;
}

static int sched_check_graph(struct sched *s, const struct plan *plan, struct diags *diags)
{
	s->plan = plan;
	job_init_all(s);
	return graph_load(s, diags);
}

int sched_check(const struct plan *plan, struct diags *diags)
{
	struct sched *s = sched_new(&(struct sched_options){0}, NULL);
	int rc = sched_check_graph(s, plan, diags);

	sched_free(s);
	return rc;
}

int sched_check_resources(const struct plan *plan, const struct sched_options *options,
			  struct diags *diags)
{
	unsigned n_before = diags->n_errors;
	struct sched *s = sched_new(options, NULL);

	sched_check_graph(s, plan, diags);
	resources_take_plan(s);
	resources_check(s, diags);
	sched_free(s);
	return diags->n_errors > n_before ? -1 : 0;
}

void sched_subscribe(struct sched *s, struct observer *o)
{
	assert(!s->is_started);
	list_append(&s->observers, &o->link);
}

/* ---- running ---- */

enum { UPCALLS_MOST = 1024 };

void sched_start(struct sched *s)
{
	assert(s->plan && !s->is_started);
	s->is_started = true;
	s->started_s = clock_now(s->host->clock);
	s->started_wall_s = clock_wall(s->host->clock);
	emit_run_started(s);
	s->host->wake(s->host);
}

/* In the first turn: makes the jobs without dependencies ready. */
static bool open_run(struct sched *s)
{
	if (s->is_open)
		return false;
	s->is_open = true;
	past_take_over(s);
	for (size_t i = 0; i < s->n_jobs; i++)
		if (s->jobs[i].n_waiting == 0 && job_status(&s->jobs[i]) == JOB_SCHEDULED)
			settle_waited(&s->jobs[i]);
	settle_all(s);
	return true;
}

static void sched_refuse(struct job *job, struct error *why)
{
	struct sched *s = job->sched;
	const char *name = job->backend->ops->name;
	const char *text = why->msg ? arena_printf(s->mem, "refused by backend '%s': %s", name,
						   why->msg)
				    : arena_printf(s->mem, "refused by backend '%s'", name);

	fallback_settle(job, &(struct job_result){.status = JOB_KILLED,
						  .reason = REASON_REFUSED,
						  .message = text});
	settle_all(s);
}

static void take_back(struct job *job)
{
	assert(!(job->flags & (FLAG_STARTED | FLAG_ENDED)));
	job->flags &= (uint8_t)~FLAG_SUBMITTED;
	ready_give(job);
}

static void sched_launch(struct job *job)
{
	struct backend *b = job->backend;
	struct error why = {0};

	job->flags |= FLAG_SUBMITTED; /* set first: submit() may call sched_job_started() */
	switch (b->ops->submit(b, job, job->n_attempts + 1, &why)) {
	case SUBMIT_ACCEPTED:
		lane_set_accepting(b->lane);
		break;
	case SUBMIT_BUSY:
		take_back(job);
		ready_push(job);
		lane_set_busy(b->lane, clock_now(job->sched->host->clock));
		break;
	case SUBMIT_REFUSED:
		take_back(job);
		sched_refuse(job, &why);
		break;
	}
	error_done(&why);
}

/* Limits the memory for upcalls when very many jobs start at once. The host was woken by these
 * upcalls, so the next turn goes on. */
static bool has_many_upcalls(const struct sched *s)
{
	return s->upcalls.n >= UPCALLS_MOST;
}

static bool sched_dispatch(struct sched *s)
{
	bool has_any = false;
	struct job *job;

	while (!has_many_upcalls(s) && hold_lets_launch(s) && (job = ready_take(s)) != NULL) {
		sched_launch(job);
		has_any = true;
		stop_at_max_failures(s);
		stop_apply(s);
	}
	return has_any;
}

static void set_alarm(struct sched *s)
{
	double at_s = INFINITY;

	if (!s->is_done)
		at_s = fmin(fmin(retries_alarm(s), lanes_alarm(s)), waits_alarm(s));
	/* The alarm is set again even if its time is the same: it may have fired a little early. */
	if (isinf(at_s) && isinf(s->alarm_s))
		return;
	s->alarm_s = at_s;
	s->host->alarm(s->host, at_s);
}

static size_t n_final(const struct sched *s)
{
	return (size_t)s->tally[JOB_PASSED] + s->tally[JOB_FAILED] + s->tally[JOB_KILLED];
}

bool sched_turn(struct sched *s)
{
	double now_s = clock_now(s->host->clock);
	bool has_changed = false;

	assert(s->is_started && !s->is_in_turn);
	if (s->is_done)
		return false;
	s->is_in_turn = true;
	s->turn_s = now_s;
	has_changed |= open_run(s);
	has_changed |= stop_apply(s);
	has_changed |= hold_apply(s);
	has_changed |= upcalls_drain(s);
	has_changed |= retries_fire(s, now_s);
	lanes_wake(s, now_s);
	has_changed |= sched_dispatch(s);
	waits_fire(s, now_s);
	if (n_final(s) == s->n_jobs) {
		s->is_done = true;
		emit_run_ended(s);
	}
	set_alarm(s);
	s->is_in_turn = false;
	return has_changed;
}

void sched_set_max_parallel(struct sched *s, uint32_t n)
{
	s->options.max_parallel = n;
	s->host->wake(s->host);
}

/* ---- reading ---- */

bool sched_is_done(const struct sched *s)
{
	return s->is_done;
}

size_t sched_n_jobs(const struct sched *s)
{
	return s->n_jobs;
}

const struct job *sched_job(const struct sched *s, size_t n)
{
	assert(n < s->n_jobs);
	return &s->jobs[n];
}

const struct plan *sched_plan(const struct sched *s)
{
	return s->plan;
}

const struct clock *sched_clock(const struct sched *s)
{
	return s->host->clock;
}

double sched_started_s(const struct sched *s)
{
	return s->started_s;
}

double sched_started_wall_s(const struct sched *s)
{
	return s->started_wall_s;
}

uint32_t sched_n_targets(const struct sched *s)
{
	return s->targets.n;
}

const struct sched_target *sched_target(const struct sched *s, uint32_t i)
{
	assert(i < s->targets.n);
	return &s->targets.at[i];
}

const uint32_t *sched_tally(const struct sched *s)
{
	return s->tally;
}

uint32_t sched_n_flaky(const struct sched *s)
{
	return s->n_flaky;
}

size_t sched_memory(const struct sched *s)
{
	return sizeof(*s) + s->n_jobs * sizeof(*s->jobs) + s->n_edges * sizeof(*s->dependents) +
	       arena_size(s->mem) + s->upcalls.size * sizeof(*s->upcalls.at) + ready_memory(s) +
	       s->n_finally * sizeof(*s->finally);
}
