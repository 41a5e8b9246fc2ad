/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts on the state of a gang. Rank 0 gets its request and makes the directory; then the others get
 * theirs. When all are armed they are released together, and only then the clock of the run begins.
 * Without a barrier each rank starts as soon as it can.
 */
#include "backends/chips/gang.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backends/chips/device_list.h"
#include "base/mem.h"

/* Size of the memory that the ranks of a gang share for join(). */
enum { SHARED_BYTES = 1 << 20 };

static const struct chips_request *gang_request_of(const struct gang *g)
{
	return g->job->request;
}

struct gang *gang_find(const struct chips *c, const struct job *job)
{
	list_for_each (it, &c->gangs) {
		struct gang *g = list_entry(it, struct gang, link);

		if (g->job->job == job)
			return g;
	}
	return NULL;
}

/* ---- begin and end ---- */

static int gang_make_shared(const struct chips_request *q)
{
	int fd = q->has_join ? memfd_create("dvs-gang", MFD_CLOEXEC) : -1;

	if (fd >= 0 && ftruncate(fd, SHARED_BYTES) < 0)
		closep(&fd);
	return fd;
}

struct gang *gang_new(struct chips_job *j, struct unit *const *units)
{
	struct gang *g = xcalloc(1, sizeof(*g));
	struct chips *c = j->chips;

	*g = (struct gang){
		.holder = {&gang_holder_ops},
		.chips = c,
		.job = j,
		.n = j->request->n_devices,
		.epoch = ++c->last_epoch,
		.shared_fd = gang_make_shared(j->request),
		.cause = -1,
		.kill_at_s = INFINITY,
		.diagnose_by_s = INFINITY,
		.missing_at_s = INFINITY,
		.look_at_s = -INFINITY,
	};
	g->ranks = xcalloc(g->n, sizeof(*g->ranks));
	if (j->request->has_join)
		snprintf(g->token, sizeof(g->token), "dvs-%d-%llu", (int)getpid(),
			 (unsigned long long)g->epoch);
	list_append(&c->gangs, &g->link);
	for (uint32_t i = 0; i < g->n; i++) {
		struct unit *u = units[i];

		g->ranks[i] = (struct rank){.unit = u, .state = RANK_OPEN};
		g->ranks[i].open_took_s = u->n_runs == 0 ? u->open_took_s : 0;
		g->ranks[i].end.verdict.status = JOB_RUNNING;
		unit_hold(u, &g->holder, i);
	}
	return g;
}

void gang_free(struct gang *g)
{
	list_remove(&g->link);
	for (uint32_t i = 0; i < g->n; i++) /* the unit of an ended rank may have another holder */
		if (g->ranks[i].unit->holder == &g->holder)
			unit_let_go(g->ranks[i].unit, false);
	closep(&g->shared_fd);
	str_done(&g->context);
	chips_job_free(g->job);
	free(g->ranks);
	free(g);
}

bool gang_is_over(const struct gang *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].state != RANK_ENDED || g->ranks[i].is_kept)
			return false;
	return true;
}

/* All ranks that are left reported a missing peer: no device is at fault, so it is a deadlock of
 * the job. */
static void gang_set_missing_cause(struct gang *g)
{
	int found = -1;

	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].end.class == DVS_PEER && (found < 0 || !g->ranks[found].end.text))
			found = (int)i; /* preferably one with a text */
	if (g->cause >= 0 || found < 0)
		return;
	g->ranks[found].end.class = DVS_DEADLOCK;
	g->cause = found;
}

void gang_finish(struct gang *g)
{
	struct chips *c = g->chips;

	c->last_event_s = chips_now(c);
	if (g->over_s == 0)
		g->over_s = c->last_event_s;
	if (isfinite(g->missing_at_s) && !g->was_killed)
		gang_set_missing_cause(g);
	outcome_tell(g);
	gang_free(g);
}

/* ---- on the way ---- */

/* When a driver's join() must give up: it may have to wait for a rank that loads slowly. 0:
 * never. */
static uint64_t join_deadline_ns(const struct gang *g)
{
	const double *budget_s = g->chips->s->budget_s;

	if (budget_s[CLOCK_LOAD] <= 0 || budget_s[CLOCK_JOIN] <= 0)
		return 0;
	return board_now_ns() + (uint64_t)((budget_s[CLOCK_LOAD] + budget_s[CLOCK_JOIN]) * 1e9);
}

static void send_request(struct gang *g, uint32_t rank)
{
	const struct chips_request *q = gang_request_of(g);
	struct rank *r = &g->ranks[rank];
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
		.env = sched_job_env(g->job->job),
		.join_deadline_ns = join_deadline_ns(g),
	};

	r->state = q->has_barrier ? RANK_SENT : RANK_RUNNING;
	r->sent_s = chips_now(g->chips);
	unit_send(r->unit, &request, q->image_key);
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
	queue_note_started(c);
	if (gang_request_of(g)->has_barrier)
		return;
	g->is_released = true;
	g->released_s = g->started_s;
}

/* A worker died before its request, when other ranks had begun: its device is opened again. */
static void gang_open_again(struct gang *g, uint32_t rank)
{
	struct rank *r = &g->ranks[rank];

	if (r->state != RANK_OPENING || r->unit->state != UNIT_CLOSED)
		return;
	if (!unit_open(r->unit, gang_request_of(g)->open_options, gang_request_of(g)->open_s))
		gang_fail_open(g, rank, DVS_BUSY, r->unit->locked_by);
}

/* With a barrier rank 0 is first, since it makes the directory; the others follow when it
 * exists. */
static bool may_be_sent(const struct gang *g, uint32_t rank)
{
	if (g->ranks[rank].state != RANK_OPEN || g->is_ending)
		return false;
	return rank == 0 || !gang_request_of(g)->has_barrier || g->ranks[0].state >= RANK_TAKEN;
}

static bool may_be_released(const struct gang *g)
{
	if (g->is_released || g->is_ending)
		return false;
	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].state != RANK_ARMED)
			return false;
	return true;
}

static void gang_release(struct gang *g)
{
	g->is_released = true;
	g->released_s = chips_now(g->chips);
	g->look_at_s = -INFINITY;
	for (uint32_t i = 0; i < g->n; i++) {
		g->ranks[i].state = RANK_RUNNING;
		device_worker_go(g->ranks[i].unit->worker, g->epoch);
	}
}

static void carry_out(struct gang *g, struct rank *r)
{
	unsigned orders = r->orders;

	r->orders = 0;
	if (r->state == RANK_ENDED || !orders || !r->unit->worker)
		return;
	if (orders & ORDER_CANCEL)
		device_worker_cancel(r->unit->worker, g->epoch);
	if (orders & ORDER_DIAGNOSE)
		device_worker_diagnose(r->unit->worker);
	if (orders & ORDER_KILL)
		unit_kill(r->unit);
}

void gang_act(struct gang *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		gang_open_again(g, i);
	if (!g->is_started)
		say_started(g);
	for (uint32_t i = 0; i < g->n; i++)
		if (may_be_sent(g, i))
			send_request(g, i);
	if (may_be_released(g))
		gang_release(g);
	for (uint32_t i = 0; i < g->n; i++)
		carry_out(g, &g->ranks[i]);
	gang_probe_units(g);
}
