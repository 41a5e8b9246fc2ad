/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt of one job on its units.
 *
 * With a barrier: every rank opens; then rank 0 gets its request and makes the directory; then the
 * others; when all are armed they are released together, and only then the clock of the run begins.
 * So a rank that is slow to open costs no other rank anything. Without one each rank goes as soon
 * as it can.
 *
 * The first rank that fails is the cause; the others are told to end, and killed when they do not
 * within the grace.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backends/chips/chips.h"
#include "backends/chips/device_list.h"
#include "base/mem.h"

/* What the ranks of a gang share to meet in. */
enum { SHARED_BYTES = 1 << 20 };

static const struct chips_request *request_of(const struct gang *g)
{
	return g->job->request;
}

static bool is_over(const struct gang *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].state != RANK_ENDED)
			return false;
	return true;
}

void gang_free(struct gang *g)
{
	ev_timer_stop(g->chips->loop, &g->watch);
	list_remove(&g->link);
	for (uint32_t i = 0; i < g->n; i++) /* one that has ended may be another's already */
		if (g->ranks[i].unit && g->ranks[i].unit->gang == g)
			g->ranks[i].unit->gang = NULL;
	closep(&g->shared_fd);
	str_done(&g->context);
	if (g->job)
		chips_job_free(g->job);
	free(g->ranks);
	free(g);
}

/* ---- the end ---- */

/* Not its fault and nothing was said yet: it waits again, at the front. */
static void requeue(struct gang *g)
{
	struct chips *c = g->chips;
	struct chips_job *j = g->job;

	g->job = NULL;
	list_prepend(&c->queue, &j->link);
	c->n_queued++;
	gang_free(g);
}

/* All ranks say that another did not come: then it is nobody's device, and the job's own affair. */
static void blame_all(struct gang *g)
{
	int found = -1;

	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].end.class == DVS_PEER && (found < 0 || !g->ranks[found].end.text))
			found = (int)i; /* one that has said so */
	if (g->cause >= 0 || found < 0)
		return;
	g->ranks[found].end.class = DVS_DEADLOCK;
	g->cause = found;
}

static void finish(struct gang *g)
{
	struct chips *c = g->chips;

	c->last_event_s = chips_now(c);
	if (g->over_s == 0)
		g->over_s = c->last_event_s;
	if (isfinite(g->accuse_at_s) && !g->was_killed)
		blame_all(g);
	if (g->must_requeue && !g->was_killed) {
		requeue(g);
	} else {
		outcome_tell(g);
		gang_free(g);
	}
	chips_dispatch(c);
}

/* The rank is done with its unit. */
static void end_rank(struct gang *g, uint32_t rank, bool may_go_on)
{
	struct rank *r = &g->ranks[rank];
	bool was_sent = r->state >= RANK_SENT;

	r->state = RANK_ENDED;
	if (g->cause == (int)rank)
		g->diagnose_by_s = INFINITY; /* nobody is left to answer */
	if (r->unit->gang != g)
		return;
	r->unit->wants_probe |= was_sent && device_class_fate(r->end.class)->probe_before_next;
	unit_release(r->unit, may_go_on);
	g->has_freed = true;
}

/* Ranks that have not been sent anything give their units back as they are. */
static void end_unsent(struct gang *g)
{
	for (uint32_t i = 0; i < g->n; i++) {
		struct rank *r = &g->ranks[i];

		if (r->state >= RANK_SENT)
			continue;
		r->state = RANK_ENDED;
		r->end.class = DVS_PEER;
		unit_release(r->unit, true); /* it may go on opening: somebody will want it */
		g->has_freed = true;
	}
}

static void ask_to_end(struct gang *g, double grace_s)
{
	g->is_ending = true;
	g->kill_at_s = fmin(g->kill_at_s, chips_now(g->chips) + grace_s);
	end_unsent(g);
	for (uint32_t i = 0; i < g->n; i++) {
		struct rank *r = &g->ranks[i];

		if (r->state >= RANK_SENT && r->state < RANK_ENDED && r->unit->worker &&
		    !r->is_convicted)
			device_worker_cancel(r->unit->worker, g->epoch);
	}
}

void gang_give_up(struct gang *g)
{
	ask_to_end(g, g->chips->s->peer_grace_s);
}

/* Only from the result of one rank the others may go on to their own, if they were released. */
static bool may_go_on_without(const struct gang *g, uint32_t rank)
{
	return !request_of(g)->fail_fast && g->ranks[rank].end.class == DVS_JOB && g->is_released;
}

/* This rank failed; the first one that does is the cause. */
static void set_cause(struct gang *g, uint32_t rank)
{
	if (g->was_killed)
		return;
	if (g->cause < 0) {
		g->cause = (int)rank;
		g->over_s = chips_now(g->chips);
	}
	if (!g->is_ending && !may_go_on_without(g, rank))
		gang_give_up(g);
}

void gang_settle(struct gang *g)
{
	if (g->is_starting)
		return;
	if (is_over(g)) {
		finish(g);
		return;
	}
	watch_again(g);
	if (!g->has_freed)
		return;
	g->has_freed = false;
	chips_dispatch(g->chips);
}

/* ---- opening ---- */

static void send_request(struct gang *g, uint32_t rank)
{
	const struct chips_request *q = request_of(g);
	struct rank *r = &g->ranks[rank];
	struct unit *u = r->unit;
	const struct job_needs needs = sched_job_needs(g->job->job);
	const struct device_request request = {
		.spec = g->job->job->spec,
		.attempt = g->job->attempt,
		.epoch = g->epoch,
		.rank = (int32_t)rank,
		.n_ranks = (int32_t)g->n,
		.job = g->job->job->spec->request,
		.token = q->has_join ? g->token : NULL,
		.window_bytes = q->window_bytes,
		.buffers = q->buffers,
		.n_buffers = q->n_buffers,
		.waits_for_go = q->has_barrier,
		.shared_fd = g->shared_fd,
		.shared_bytes = g->shared_fd >= 0 ? SHARED_BYTES : 0,
		.needs = rank == 0 ? &needs : NULL,
		.join_deadline_ns = board_now_ns() +
				    (uint64_t)(g->chips->s->budget_s[CLOCK_JOIN] * 1e9),
	};

	u->state = UNIT_BUSY;
	u->streak = u->image_key == q->image_key ? u->streak + 1 : 1;
	u->image_key = q->image_key;
	r->state = q->has_barrier ? RANK_SENT : RANK_RUNNING;
	r->sent_s = chips_now(g->chips);
	device_worker_run(u->worker, &request);
}

static void say_started(struct gang *g)
{
	struct chips *c = g->chips;
	int32_t *ids = xcalloc(g->n, sizeof(*ids));
	_cleanup_(str_done) struct str where = {0};

	for (uint32_t i = 0; i < g->n; i++)
		ids[i] = g->ranks[i].unit->device->id;
	str_printf(&where, "%s/", c->s->name);
	device_list_add(&where, ids, g->n);
	free(ids);
	g->is_started = true;
	g->started_s = chips_now(c);
	g->started_wall_s = clock_wall(c->clock);
	sched_job_started(g->job->job, where.s);
	chips_queue_started(g->chips);
}

static bool all_in(const struct gang *g, enum rank_state least)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].state < least || g->ranks[i].state == RANK_ENDED)
			return false;
	return true;
}

/* With a barrier: rank 0 first, it makes the directory; the others when it is there. */
static void send_what_may_go(struct gang *g)
{
	if (!g->is_started && all_in(g, RANK_OPEN)) {
		say_started(g);
		send_request(g, 0);
	}
	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].state == RANK_OPEN && g->is_started &&
		    (i == 0 || g->ranks[0].state >= RANK_TAKEN))
			send_request(g, i);
}

void gang_rank_opened(struct gang *g, uint32_t rank)
{
	struct rank *r = &g->ranks[rank];
	struct error err = {0};

	if (r->unit->state == UNIT_CLOSED) { /* the old worker is gone: now the right one */
		if (unit_open(r->unit, request_of(g)->open_options, &err) < 0) {
			unit_note_locked(r->unit, err.msg);
			gang_rank_open_failed(g, rank, DVS_BUSY, err.msg);
			error_done(&err);
			return;
		}
		r->state = RANK_OPENING; /* again, perhaps: it died when it was idle */
		r->open_s = chips_now(g->chips);
		watch_again(g);
		return;
	}
	r->state = RANK_OPEN;
	if (request_of(g)->has_barrier) {
		send_what_may_go(g);
	} else {
		if (!g->is_started)
			say_started(g);
		if (g->released_s == 0)
			g->released_s = chips_now(g->chips);
		g->is_released = true;
		send_request(g, rank);
	}
	watch_again(g);
}

/* What the driver cannot be asked: no other device will make a difference. */
static bool is_the_requests_fault(enum dvs_class class)
{
	return class == DVS_CONFIG || class == DVS_UNSUPPORTED || class == DVS_JOB;
}

void gang_rank_open_failed(struct gang *g, uint32_t rank, enum dvs_class class, const char *text)
{
	struct rank *r = &g->ranks[rank];

	r->end.class = class;
	r->end.call = CALL_OPEN;
	r->end.text = arena_strdup(g->job->mem, text);
	end_rank(g, rank, true);
	if (!g->is_started && !is_the_requests_fault(class) && !g->was_killed) {
		g->must_requeue = true;
		g->is_ending = true;
		end_unsent(g);
	} else {
		set_cause(g, rank);
	}
	gang_settle(g);
}

void gang_start(struct chips_job *j, struct unit *const *units)
{
	static const double never = INFINITY;
	struct gang *g = xcalloc(1, sizeof(*g));
	const struct chips_request *q = j->request;
	struct chips *c = j->chips;

	*g = (struct gang){.chips = c, .job = j, .n = q->n_devices, .epoch = ++c->last_epoch};
	g->ranks = xcalloc(g->n, sizeof(*g->ranks));
	g->cause = -1;
	g->kill_at_s = g->diagnose_by_s = g->accuse_at_s = never;
	g->shared_fd = q->has_join ? memfd_create("dvs-gang", MFD_CLOEXEC) : -1;
	if (g->shared_fd >= 0 && ftruncate(g->shared_fd, SHARED_BYTES) < 0)
		closep(&g->shared_fd);
	snprintf(g->token, sizeof(g->token), "dvs-%d-%llu", (int)getpid(),
		 (unsigned long long)g->epoch);
	list_append(&c->gangs, &g->link);
	watch_init(g);
	for (uint32_t i = 0; i < g->n; i++) {
		g->ranks[i] = (struct rank){.unit = units[i], .open_s = chips_now(c)};
		g->ranks[i].end.verdict.status = JOB_RUNNING;
		units[i]->gang = g;
		units[i]->rank = i;
	}
	g->is_starting = true;
	for (uint32_t i = 0; i < g->n; i++) {
		struct unit *u = units[i];

		if (g->is_ending || u->gang != g)
			continue;
		if (u->state == UNIT_IDLE && !str_eq(u->open_options, q->open_options))
			unit_close(u);
		else
			gang_rank_opened(g, i); /* opens it, if it is not */
	}
	g->is_starting = false;
	gang_settle(g);
}

/* ---- on the way ---- */

static void release(struct gang *g)
{
	g->is_released = true;
	g->released_s = chips_now(g->chips);
	for (uint32_t i = 0; i < g->n; i++) {
		g->ranks[i].state = RANK_RUNNING;
		device_worker_go(g->ranks[i].unit->worker, g->epoch);
	}
}

void gang_rank_phase(struct gang *g, uint32_t rank, enum run_phase phase)
{
	struct rank *r = &g->ranks[rank];

	if (g->is_ending || !request_of(g)->has_barrier)
		return;
	if (phase == PHASE_TAKEN && r->state == RANK_SENT) {
		r->state = RANK_TAKEN;
		send_what_may_go(g);
	} else if (phase == PHASE_ARMED && r->state < RANK_ARMED) {
		r->state = RANK_ARMED;
		r->armed_s = chips_now(g->chips);
		if (all_in(g, RANK_ARMED))
			release(g);
	}
	watch_again(g);
}

static void keep_end(struct gang *g, struct rank_end *e, const struct device_result *result)
{
	struct arena *mem = g->job->mem;
#define KEEP(s) ((s) ? arena_strdup(mem, (s)) : NULL)

	e->class = result->class;
	e->code = result->code;
	e->code_name = KEEP(result->code_name);
	e->hint = KEEP(result->hint);
	e->text = KEEP(result->text);
	e->result = KEEP(result->result);
	e->call = result->call;
	e->phase = result->phase;
	e->is_spent = result->is_spent;
	e->reset_ns = result->reset_ns;
	memcpy(e->stamp_ns, result->stamp_ns, sizeof(e->stamp_ns));
	e->verdict = result->verdict;
	e->verdict.message = KEEP(result->verdict.message);
	e->verdict.context = KEEP(result->verdict.context);
	e->verdict.details = NULL;
	e->verdict.measures = NULL;
#undef KEEP
}

static void note_worker(struct rank *r)
{
	r->end.worker_runs = r->unit->n_runs;
	r->end.pid = r->unit->worker ? (int32_t)device_worker_pid(r->unit->worker) : 0;
}

/* It is not the cause, it says so itself: the cause is asked for, or found by its silence. */
static void accuse(struct gang *g)
{
	g->accuse_at_s = fmin(g->accuse_at_s, chips_now(g->chips) + g->chips->s->peer_grace_s);
}

void gang_rank_ended(struct gang *g, uint32_t rank, const struct device_result *result)
{
	struct rank *r = &g->ranks[rank];
	bool is_good = result->class == DVS_OK && result->verdict.status == JOB_PASSED;

	if (r->state == RANK_ENDED || (r->is_convicted && !r->has_failed))
		return;
	keep_end(g, &r->end, result);
	note_worker(r);
	/* What comes after the first failure is fallout, if it looks like it or not. */
	if (g->is_ending && result->class != DVS_OK && !r->is_convicted)
		r->end.class = DVS_PEER;
	end_rank(g, rank, device_class_fate(result->class)->worker_goes_on && !result->is_spent);
	if (!is_good && !g->is_ending && result->class == DVS_PEER)
		accuse(g);
	else if (!is_good && !g->is_ending)
		set_cause(g, rank);
	g->over_s = chips_now(g->chips);
	gang_settle(g);
}

void gang_keep_board(struct gang *g, uint32_t rank)
{
	struct rank *r = &g->ranks[rank];
	const struct board *b = device_worker_board(r->unit->worker);

	if (r->state < RANK_SENT || r->state == RANK_ENDED || atomic_load(&b->epoch) != g->epoch)
		return;
	r->end.was_read = true;
	r->end.phase = (enum run_phase)atomic_load(&b->phase);
	r->end.call = (enum driver_call)atomic_load(&b->call);
	for (int i = 0; i < PHASE_COUNT; i++)
		r->end.stamp_ns[i] = atomic_load(&b->stamp_ns[i]);
	note_worker(r);
}

void gang_rank_died(struct gang *g, uint32_t rank, int status, const char *why)
{
	struct rank *r = &g->ranks[rank];

	(void)status;
	if (r->state == RANK_ENDED)
		return;
	if (!r->is_convicted) {
		r->end.class = g->is_ending ? DVS_PEER : DVS_LOST;
		r->end.text = arena_printf(g->job->mem, "%s", why);
	}
	end_rank(g, rank, false);
	if (!g->is_ending || r->is_convicted)
		set_cause(g, rank);
	gang_settle(g);
}

/* ---- convicted ---- */

/* How long a worker's main thread may take to say what it sees. */
static const double diagnose_s = 1;

void gang_convict(struct gang *g, uint32_t rank, enum dvs_class class, const char *text)
{
	struct rank *r = &g->ranks[rank];

	if (r->state < RANK_SENT || r->state == RANK_ENDED || r->is_convicted)
		return;
	r->is_convicted = true;
	r->has_failed = r->unit->worker && device_worker_has_failed(r->unit->worker);
	r->end.class = class;
	r->end.text = arena_strdup(g->job->mem, text);
	note_worker(r);
	set_cause(g, rank);
	if (g->cause != (int)rank || !r->unit->worker) {
		unit_kill(r->unit);
		return;
	}
	g->diagnose_by_s = chips_now(g->chips) + diagnose_s;
	device_worker_diagnose(r->unit->worker);
}

void gang_rank_diagnosed(struct gang *g, uint32_t rank, const char *text)
{
	if (g->cause != (int)rank || !isfinite(g->diagnose_by_s)) /* or it comes too late */
		return;
	str_add(&g->context, text);
	g->diagnose_by_s = INFINITY;
	unit_kill(g->ranks[rank].unit);
	watch_again(g);
}

/* ---- killed by a person, or the run's end ---- */

void gang_kill(struct gang *g, enum kill_level level, enum job_reason reason)
{
	double grace_s = g->job->job->spec->rules->grace_s;

	if (grace_s < 0)
		grace_s = g->chips->s->grace_s;
	if (!g->was_killed && g->cause < 0) {
		g->was_killed = true;
		g->kill_reason = reason;
	}
	ask_to_end(g, level == KILL_NOW ? 0 : grace_s);
	gang_settle(g);
}
