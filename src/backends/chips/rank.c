/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of a gang's ranks, and verdicts of the watchdog: they change state, and note orders for
 * workers, which gang_act() carries out. The first rank that fails is the cause. The others are
 * cancelled, and killed if they do not end within the grace.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/gang.h"

/* How long a worker's main thread may take to send a diagnosis. */
static const double diagnose_s = 1;

static struct gang *gang_of(struct holder *h)
{
	return container_of(h, struct gang, holder);
}

static void gang_has_changed(struct gang *g)
{
	g->look_at_s = -INFINITY;
}

/* ---- the end of a rank ---- */

/* Ends the rank and gives its unit back. */
static void end_rank(struct gang *g, uint32_t rank, bool worker_goes_on)
{
	struct rank *r = &g->ranks[rank];

	r->state = RANK_ENDED;
	g->moved_s = chips_now(g->chips);
	gang_has_changed(g);
	if (g->cause == (int)rank)
		g->diagnose_by_s = INFINITY; /* its worker does not answer any more */
	if (r->unit->holder != &g->holder)
		return;
	unit_let_go(r->unit, worker_goes_on);
	if (g->has_broken && r->sent_s > 0)
		gang_keep_unit(g, rank);
}

static void gang_ask_to_end(struct gang *g, double grace_s)
{
	g->is_ending = true;
	g->kill_at_s = fmin(g->kill_at_s, chips_now(g->chips) + grace_s);
	gang_has_changed(g);
	for (uint32_t i = 0; i < g->n; i++) {
		struct rank *r = &g->ranks[i];

		if (r->state < RANK_SENT) { /* its unit goes back unused */
			r->end.class = DVS_PEER;
			end_rank(g, i, true);
		} else if (r->state < RANK_ENDED && !r->is_given_up) {
			r->orders |= ORDER_CANCEL;
		}
	}
}

static void gang_give_up(struct gang *g)
{
	gang_ask_to_end(g, g->chips->s->peer_grace_s);
}

/* Without fail_fast, the wrong result of one rank does not end the others, if they were
 * released. */
static bool may_go_on_without(const struct gang *g, uint32_t rank)
{
	return !g->job->request->fail_fast && g->ranks[rank].end.class == DVS_JOB && g->is_released;
}

/* This rank failed; the first one that does is the cause. */
static void rank_set_cause(struct gang *g, uint32_t rank)
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

/* ---- events of workers ---- */

static void rank_on_opened(struct holder *h, struct unit *u)
{
	struct gang *g = gang_of(h);

	if (g->is_probing) {
		gang_note_probe(g, u->place, DVS_OK, NULL);
		return;
	}
	g->ranks[u->place].state = RANK_OPEN;
	gang_has_changed(g);
}

void gang_fail_open(struct gang *g, uint32_t rank, enum dvs_class class, const char *text)
{
	struct rank *r = &g->ranks[rank];

	r->end.class = class;
	r->end.text = arena_strdup(g->job->mem, text);
	end_rank(g, rank, true);
	rank_set_cause(g, rank);
}

static void rank_on_open_failed(struct holder *h, struct unit *u, enum dvs_class class,
				const char *text)
{
	struct gang *g = gang_of(h);

	if (g->is_probing)
		gang_note_probe(g, u->place, class, text);
	else
		gang_fail_open(g, u->place, class, text);
}

static void rank_on_phase(struct holder *h, struct unit *u, uint64_t epoch, enum run_phase phase)
{
	struct gang *g = gang_of(h);
	struct rank *r = &g->ranks[u->place];

	if (g->epoch != epoch || g->is_ending || !g->job->request->has_barrier)
		return;
	if (phase == PHASE_TAKEN && r->state == RANK_SENT) {
		r->state = RANK_TAKEN;
	} else if (phase == PHASE_ARMED && r->state < RANK_ARMED) {
		r->state = RANK_ARMED;
		r->armed_s = chips_now(g->chips);
	}
	gang_has_changed(g);
}

static void keep_end(struct gang *g, struct rank_end *e, const struct device_result *result)
{
	struct device_result kept;

	device_result_copy(&kept, result, g->job->mem);
	e->class = kept.class;
	e->code = kept.code;
	e->code_name = kept.code_name;
	e->hint = kept.hint;
	e->text = kept.text;
	e->result = kept.result;
	e->phase = kept.phase;
	e->is_spent = kept.is_spent;
	e->reset_ns = kept.reset_ns;
	memcpy(e->stamp_ns, kept.stamp_ns, sizeof(e->stamp_ns));
	e->verdict = kept.verdict;
}

static void note_worker(struct rank *r)
{
	r->end.worker_runs = r->unit->n_runs;
	r->end.pid = r->unit->worker ? (int32_t)device_worker_pid(r->unit->worker) : 0;
}

/* A rank that misses its peer is not the cause. The peer has some time to report its own error, and
 * fails if it does not. */
static void note_missing_peer(struct gang *g)
{
	g->missing_at_s = fmin(g->missing_at_s, chips_now(g->chips) + g->chips->s->peer_grace_s);
}

static void rank_on_ended(struct holder *h, struct unit *u, const struct device_result *result)
{
	struct gang *g = gang_of(h);
	struct rank *r = &g->ranks[u->place];
	bool is_good = result->class == DVS_OK && result->verdict.status == JOB_PASSED;

	if (g->epoch != result->epoch || (r->is_given_up && !r->has_failed))
		return;
	keep_end(g, &r->end, result);
	note_worker(r);
	g->has_broken |= g->n > 1 && rank_says_broken(r);
	/* Errors after the first failure are consequences of it, whatever their class. */
	if (g->is_ending && result->class != DVS_OK && !r->is_given_up)
		r->end.class = DVS_PEER;
	end_rank(g, u->place,
		 device_class_fate(result->class)->worker_goes_on && !result->is_spent);
	if (!is_good && !g->is_ending && result->class == DVS_PEER)
		note_missing_peer(g);
	else if (!is_good && !g->is_ending)
		rank_set_cause(g, u->place);
	g->over_s = chips_now(g->chips);
}

/* How far the dead process had come. */
static void keep_board(struct gang *g, struct rank *r)
{
	const struct board *b = device_worker_board(r->unit->worker);

	if (atomic_load(&b->epoch) != g->epoch)
		return;
	r->end.was_read = true;
	r->end.phase = (enum run_phase)atomic_load(&b->phase);
	for (int i = 0; i < PHASE_COUNT; i++)
		r->end.stamp_ns[i] = atomic_load(&b->stamp_ns[i]);
	note_worker(r);
}

static void rank_on_died(struct holder *h, struct unit *u, bool is_stuck, const char *why)
{
	struct gang *g = gang_of(h);
	struct rank *r = &g->ranks[u->place];

	if (r->state == RANK_ENDED) { /* its unit is kept for a probe */
		if (is_stuck || u->is_probe)
			gang_lose_probe(g, u->place);
		return;
	}
	if (r->state < RANK_SENT && !is_stuck) { /* it died idle: open again */
		r->state = RANK_OPENING;
		gang_has_changed(g);
		return;
	}
	if (r->state < RANK_SENT) {
		gang_fail_open(g, u->place, DVS_WEDGE, why);
		return;
	}
	keep_board(g, r);
	if (!r->is_given_up) {
		r->end.class = g->is_ending ? DVS_PEER : DVS_LOST;
		r->end.text = arena_strdup(g->job->mem, why);
	}
	end_rank(g, u->place, false);
	if (!g->is_ending || r->is_given_up)
		rank_set_cause(g, u->place);
}

static void rank_on_diagnosed(struct holder *h, struct unit *u, const char *text)
{
	struct gang *g = gang_of(h);

	if (g->cause != (int)u->place || !isfinite(g->diagnose_by_s)) /* or it comes too late */
		return;
	str_add(&g->context, text);
	g->diagnose_by_s = INFINITY;
	g->ranks[g->cause].orders |= ORDER_KILL;
	gang_has_changed(g);
}

static double rank_free_at(const struct holder *h, double now_s)
{
	const struct gang *g = container_of(h, const struct gang, holder);

	if (g->is_probing)
		return now_s;
	if (g->job->request->run_s <= 0)
		return INFINITY;
	return (g->is_released ? g->released_s : now_s) + g->job->request->run_s;
}

const struct holder_ops gang_holder_ops = {
	.opened = rank_on_opened,
	.open_failed = rank_on_open_failed,
	.phase = rank_on_phase,
	.ended = rank_on_ended,
	.diagnosed = rank_on_diagnosed,
	.died = rank_on_died,
	.free_at = rank_free_at,
};

/* ---- verdicts of the watchdog ---- */

static void gang_fail_rank(struct gang *g, const struct verdict *v)
{
	struct rank *r = &g->ranks[v->rank];

	r->is_given_up = true;
	r->has_failed = device_worker_has_failed(r->unit->worker);
	r->end.class = v->class;
	r->end.text = arena_strdup(g->job->mem, v->text.s);
	note_worker(r);
	rank_set_cause(g, v->rank);
	if (g->cause != (int)v->rank) {
		r->orders |= ORDER_KILL;
		return;
	}
	g->diagnose_by_s = chips_now(g->chips) + diagnose_s;
	r->orders |= ORDER_DIAGNOSE;
}

void gang_take_verdict(struct gang *g, const struct verdict *v)
{
	switch (v->kind) {
	case VERDICT_NONE:
		break;
	case VERDICT_FAIL:
		gang_fail_rank(g, v);
		break;
	case VERDICT_GIVE_UP:
		gang_give_up(g);
		break;
	case VERDICT_NO_ANSWER:
		g->diagnose_by_s = INFINITY;
		str_add(&g->context, "its worker did not answer the request for a diagnosis\n");
		g->ranks[g->cause].orders |= ORDER_KILL;
		break;
	case VERDICT_KILL:
		g->kill_at_s = INFINITY;
		for (uint32_t i = 0; i < g->n; i++)
			g->ranks[i].orders |= ORDER_KILL;
		break;
	}
}

/* ---- killed by the user, or the end of the run ---- */

void gang_kill(struct gang *g, enum kill_level level, enum job_reason reason)
{
	double grace_s = g->job->job->spec->rules->grace_s;

	if (g->is_probing) { /* the job's end is known */
		g->must_stop_probes = true;
		return;
	}
	if (grace_s < 0)
		grace_s = g->chips->s->grace_s;
	if (!g->was_killed && g->cause < 0) {
		g->was_killed = true;
		g->kill_reason = reason;
	}
	gang_ask_to_end(g, level == KILL_NOW ? 0 : grace_s);
}
