/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake backend: a heap of future events. In virtual time fake_step() moves from one event to
 * the next, called by a test or by an idle watcher of the loop. In real time one timer waits for
 * the first event.
 */
#include "backends/fake/fake.h"

#include <assert.h>
#include <ev.h>
#include <math.h>
#include <stdlib.h>

#include "base/heap.h"
#include "base/mem.h"
#include "base/vec.h"

/* Events per step. The bound keeps the upcalls of a million simultaneous jobs from being in memory
 * together. */
enum { STEP_MOST = 1024 };

/* A submitted job. There may be a million of them. */
struct fake_job {
	struct heap_node node;
	uint8_t status, reason; /* of its end */
	bool is_uncounted;
	bool is_started : 1;
	bool is_ending : 1; /* its next event is its end, not its start */
	union {
		const struct job *job;
		struct fake_job *next_free; /* on the free list */
	};
	double at_s;	/* of its next event */
	uint64_t order; /* of creation; decides between events at one time */
	union {
		double duration_s; /* before it is started */
		double started_s;
	};
	double kill_delay_s;
};

struct fake {
	struct backend base;
	struct backend_ops ops; /* base.ops; each backend has its own name and check */
	struct fake_options options;
	struct heap events;
	VEC(struct fake_job *) by_job; /* index: job->n */
	struct fake_job *free_jobs;
	struct arena *mem;
	uint64_t order;
	bool is_paused;
	ev_timer timer;
	ev_idle idle;
};

static struct fake *fake_of(struct backend *b)
{
	return container_of(b, struct fake, base);
}

static const struct clock *clock_of(const struct fake *f)
{
	return f->options.clock ? &f->options.clock->clock : clock_real();
}

static bool event_less(const struct heap_node *a, const struct heap_node *b, void *ctx)
{
	const struct fake_job *x = container_of(a, struct fake_job, node);
	const struct fake_job *y = container_of(b, struct fake_job, node);

	(void)ctx;
	return x->at_s != y->at_s ? x->at_s < y->at_s : x->order < y->order;
}

static struct fake_job *first_event(const struct fake *f)
{
	struct heap_node *top = heap_top(&f->events);

	return top ? container_of(top, struct fake_job, node) : NULL;
}

/* ---- the loop, if there is one ---- */

static void fake_rearm(struct fake *f)
{
	const struct fake_job *first = first_event(f);
	double after_s;

	if (!f->options.loop)
		return;
	if (f->options.clock) {
		if (first || isfinite(f->options.clock->alarm_s))
			ev_idle_start(f->options.loop, &f->idle);
		else
			ev_idle_stop(f->options.loop, &f->idle);
		return;
	}
	ev_timer_stop(f->options.loop, &f->timer);
	if (!first)
		return;
	after_s = first->at_s - clock_now(clock_of(f));
	ev_now_update(f->options.loop);
	ev_timer_set(&f->timer, after_s > 0 ? after_s : 0, 0);
	ev_timer_start(f->options.loop, &f->timer);
}

static void on_alarm_changed(void *mover)
{
	fake_rearm(mover);
}

/* ---- submitted jobs ---- */

static struct fake_job *take_job(struct fake *f, const struct job *job)
{
	struct fake_job *fj = f->free_jobs;

	if (fj)
		f->free_jobs = fj->next_free;
	else
		fj = arena_alloc(f->mem, sizeof(*fj));
	*fj = (struct fake_job){.job = job};
	heap_node_init(&fj->node);
	while (f->by_job.n <= job->n)
		vec_push(&f->by_job, NULL);
	f->by_job.at[job->n] = fj;
	return fj;
}

static void drop_job(struct fake *f, struct fake_job *fj)
{
	f->by_job.at[fj->job->n] = NULL;
	fj->next_free = f->free_jobs; /* in the place of fj->job */
	f->free_jobs = fj;
}

static void fake_schedule(struct fake *f, struct fake_job *fj, double at_s)
{
	if (heap_is_in(&fj->node))
		heap_remove(&f->events, &fj->node);
	fj->at_s = at_s;
	fj->order = f->order++;
	heap_push(&f->events, &fj->node);
}

/* A job whose planned end comes after its timeout ends at the timeout. */
static void apply_timeout(struct fake_outcome *o, double timeout_s)
{
	if (timeout_s <= 0 || o->duration_s <= timeout_s)
		return;
	o->duration_s = timeout_s;
	o->status = JOB_KILLED;
	o->reason = REASON_TIMEOUT;
}

static void fake_start_job(struct fake *f, struct fake_job *fj)
{
	double now_s = clock_now(clock_of(f)), end_s = now_s + fj->duration_s;

	fj->is_started = fj->is_ending = true;
	fj->started_s = now_s;
	sched_job_started(fj->job, f->base.ops->name);
	fake_schedule(f, fj, end_s);
}

static const char *fake_text_of(const struct fake_job *fj)
{
	switch ((enum job_reason)fj->reason) {
	case REASON_NONE:
		return NULL;
	case REASON_EXIT:
		return "exit status 1 (fake)";
	case REASON_TIMEOUT:
		return "timed out (fake)";
	case REASON_LAUNCH:
		return "could not be started (fake)";
	case REASON_LOST:
		return "lost (fake)";
	case REASON_USER:
	case REASON_RUN_DEADLINE:
		return "killed: the run was stopped (fake)";
	default:
		return "ended as scripted (fake)";
	}
}

static void fake_end_job(struct fake *f, struct fake_job *fj)
{
	double now_s = clock_now(clock_of(f));
	bool is_pass = fj->status == JOB_PASSED;
	struct job_result result = {
		.status = (enum job_status)fj->status,
		.reason = is_pass ? REASON_NONE : (enum job_reason)fj->reason,
		.message = is_pass ? NULL : fake_text_of(fj),
		.is_uncounted = fj->is_uncounted,
		.exit_status = is_pass			   ? 0
			       : fj->reason == REASON_EXIT ? 1
							   : -1,
	};

	/* A lost job has no known start, as after the death of a slot. */
	if (fj->is_started && fj->reason != REASON_LOST) {
		result.duration_s = now_s - fj->started_s;
		result.start_wall_s = clock_wall(clock_of(f)) - result.duration_s;
	}
	sched_job_ended(fj->job, &result);
	drop_job(f, fj);
}

/* For the events that are due now, the first STEP_MOST of them. */
static void make_upcalls(struct fake *f)
{
	double now_s = clock_now(clock_of(f));
	struct fake_job *fj;

	for (unsigned n = 0; n < STEP_MOST; n++) {
		fj = first_event(f);
		if (!fj || fj->at_s > now_s)
			return;
		heap_pop(&f->events);
		if (fj->is_ending)
			fake_end_job(f, fj);
		else
			fake_start_job(f, fj);
	}
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct fake *f = w->data;

	(void)loop, (void)revents;
	make_upcalls(f);
	fake_rearm(f);
}

static void on_idle(struct ev_loop *loop, ev_idle *w, int revents)
{
	struct fake *f = w->data;

	(void)loop, (void)revents;
	fake_step(&f->base);
	fake_rearm(f);
}

double fake_next_s(struct backend *b)
{
	const struct fake_job *first = first_event(fake_of(b));

	return first ? first->at_s : INFINITY;
}

static void move_to(struct clock_virtual *clock, double at_s)
{
	if (at_s > clock->now_s)
		clock->now_s = at_s;
}

bool fake_step(struct backend *b)
{
	struct fake *f = fake_of(b);
	struct clock_virtual *clock = f->options.clock;
	double next_s = fake_next_s(b);

	assert(clock);
	if (clock->alarm_s < next_s) {
		move_to(clock, clock->alarm_s);
		clock->alarm_s = INFINITY; /* its owner reads the clock */
		return true;
	}
	if (isinf(next_s))
		return false;
	move_to(clock, next_s);
	make_upcalls(f);
	return true;
}

/* ---- verbs ---- */

static struct fake_outcome fake_decide(const struct fake *f, const struct job *job,
				       uint32_t attempt)
{
	if (f->options.script)
		return f->options.script(job, attempt, f->options.script_ctx);
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = f->options.mean_s};
}

static enum submit fake_submit(struct backend *b, const struct job *job, uint32_t attempt,
			       struct error *why)
{
	struct fake *f = fake_of(b);
	struct fake_outcome outcome;
	struct fake_job *fj;

	if (f->is_paused)
		return SUBMIT_BUSY;
	outcome = fake_decide(f, job, attempt);
	if (outcome.submit == SUBMIT_REFUSED)
		error_plain(why, "as scripted");
	if (outcome.submit != SUBMIT_ACCEPTED)
		return outcome.submit;
	apply_timeout(&outcome, job->spec->rules->timeout_s);
	fj = take_job(f, job);
	fj->status = (uint8_t)outcome.status;
	fj->reason = (uint8_t)outcome.reason;
	fj->is_uncounted = outcome.is_uncounted;
	fj->duration_s = outcome.duration_s;
	fj->kill_delay_s = outcome.kill_delay_s;
	fj->is_ending = outcome.status == JOB_KILLED && outcome.reason == REASON_LAUNCH;
	if (outcome.start_delay_s > 0 || fj->is_ending)
		fake_schedule(f, fj, clock_now(clock_of(f)) + outcome.start_delay_s);
	else
		fake_start_job(f, fj);
	fake_rearm(f);
	return SUBMIT_ACCEPTED;
}

/* Events of the job after the kill are dropped; an end before it stays. */
static void fake_kill(struct backend *b, const struct job *job, enum kill_level level,
		      enum job_reason reason)
{
	struct fake *f = fake_of(b);
	struct fake_job *fj = f->by_job.at[job->n];
	double at_s = clock_now(clock_of(f));

	assert(fj);
	if (level == KILL_TERM)
		at_s += fj->kill_delay_s;
	if (fj->is_ending && fj->at_s <= at_s)
		return;
	fj->is_ending = true;
	fj->status = JOB_KILLED;
	fj->reason = (uint8_t)reason;
	fake_schedule(f, fj, at_s);
	fake_rearm(f);
}

static void fake_pause(struct backend *b, bool is_paused)
{
	fake_of(b)->is_paused = is_paused;
	if (!is_paused && b->lane)
		sched_backend_capacity(b);
}

static void fake_set_parallel(struct backend *b, uint32_t n)
{
	b->max_parallel = n;
	if (b->lane)
		sched_backend_capacity(b);
}

static void fake_close(struct backend *b, void (*closed)(void *ctx, const char *trouble), void *ctx)
{
	assert(!first_event(fake_of(b)));
	closed(ctx, NULL);
}

static void fake_destroy(struct backend *b)
{
	struct fake *f;

	if (!b)
		return;
	f = fake_of(b);
	if (f->options.loop) {
		ev_timer_stop(f->options.loop, &f->timer);
		ev_idle_stop(f->options.loop, &f->idle);
	}
	if (f->options.script_free)
		f->options.script_free(f->options.script_ctx);
	heap_done(&f->events);
	vec_done(&f->by_job);
	arena_free(f->mem);
	free(f);
}

static const struct backend_ops fake_ops = {
	.name = "fake",
	.submit = fake_submit,
	.kill = fake_kill,
	.pause = fake_pause,
	.set_parallel = fake_set_parallel,
	.close = fake_close,
	.destroy = fake_destroy,
};

void *fake_script_ctx(struct backend *b)
{
	return fake_of(b)->options.script_ctx;
}

struct backend *fake_new(const struct fake_options *options)
{
	struct fake *f = xcalloc(1, sizeof(*f));

	assert(options->clock || options->loop);
	f->options = *options;
	f->mem = arena_new();
	f->ops = fake_ops;
	f->ops.check = options->check;
	if (options->name)
		f->ops.name = options->name;
	f->base.ops = &f->ops;
	f->base.caps = (struct backend_caps){.is_virtual = options->clock != NULL,
					     .is_rehearsal = true};
	f->base.max_parallel = options->max_parallel;
	if (options->clock) {
		f->base.clock = &options->clock->clock;
		options->clock->alarm_changed = on_alarm_changed;
		options->clock->mover = f;
	}
	heap_init(&f->events, event_less, NULL);
	ev_timer_init(&f->timer, on_timer, 0, 0);
	ev_idle_init(&f->idle, on_idle);
	ev_set_priority(&f->idle, EV_MINPRI); /* after everything else that the loop has to do */
	f->timer.data = f->idle.data = f;
	return &f->base;
}
