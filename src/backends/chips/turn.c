/* SPDX-License-Identifier: Apache-2.0 */
/* The pool's turn and its one timer. chips.h describes the steps: drain, look, decide, act. */
#include <math.h>
#include <stdlib.h>

#include "backends/chips/chips.h"
#include "backends/chips/gang.h"
#include "backends/chips/lend.h"
#include "base/mem.h"

/* A timer that fires away_s late means that the process was stopped, or the machine was. Nothing is
 * judged for quiet_s after that, a few heartbeats. */
static const double away_s = 1, quiet_s = 0.3;
/* Time from a change to the first look at it. */
static const double first_look_s = 0.02;

static void turn_on_woken(struct ev_loop *loop, ev_prepare *w, int revents)
{
	(void)loop;
	(void)revents;
	chips_turn(w->data);
}

static void turn_on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	chips_turn(w->data);
}

void chips_turn_init(struct chips *c)
{
	ev_init(&c->woken, turn_on_woken);
	ev_set_priority(&c->woken, EV_MINPRI); /* simultaneous events are handled in one turn */
	c->woken.data = c;
	ev_init(&c->timer, turn_on_timer);
	c->timer.data = c;
	c->due_s = INFINITY;
}

void chips_turn_done(struct chips *c)
{
	ev_clear_pending(c->loop, &c->woken);
	ev_timer_stop(c->loop, &c->timer);
}

void chips_wake(struct chips *c)
{
	if (!ev_is_pending(&c->woken))
		ev_feed_event(c->loop, &c->woken, EV_CUSTOM);
}

/*
 * true: the loop was stopped, because this process or the machine was. Nothing is judged for a
 * moment then: messages that workers sent in the meantime are read first, and workers that were
 * stopped, too, have time for a heartbeat.
 */
static bool turn_is_quiet(struct chips *c)
{
	if (c->turn_s > c->due_s + away_s)
		c->back_s = c->turn_s;
	return c->turn_s < c->back_s + quiet_s;
}

/* ---- look ---- */

/* Repeated until there is no verdict, since a verdict changes what is looked at. */
static void look_at_gang(struct gang *g)
{
	struct watch_view view;
	struct verdict v;

	if (g->chips->turn_s < g->look_at_s)
		return;
	do {
		gang_view(g, g->chips->view, &view);
		watch_look(&view, &v);
		gang_take_verdict(g, &v);
		str_done(&v.text);
	} while (v.kind != VERDICT_NONE);
	g->look_at_s = v.next_s;
}

static enum open_verdict look_at_unit(const struct unit *u, double *ret_next_s)
{
	struct watch_open open = {
		.now_s = u->chips->turn_s,
		.late_at_s = unit_late_at(u),
		.now_ns = board_now_ns(),
	};

	*ret_next_s = INFINITY;
	if (u->state != UNIT_OPENING && u->state != UNIT_CLOSING)
		return OPEN_GOES_ON;
	open.is_open = u->state == UNIT_OPENING;
	if (open.is_open)
		open.beat_ns = atomic_load(&device_worker_board(u->worker)->beat_ns);
	open.back_s = u->chips->back_s;
	return watch_look_at_open(&open, ret_next_s);
}

static void turn_look(struct chips *c)
{
	double next_s;

	list_for_each (it, &c->gangs)
		look_at_gang(list_entry(it, struct gang, link));
	for (uint32_t i = 0; i < c->n_units; i++) {
		enum open_verdict v = look_at_unit(&c->units[i], &next_s);

		if (v != OPEN_GOES_ON)
			unit_is_late(&c->units[i], v == OPEN_IS_SILENT);
	}
}

/* When to look at the clocks of gangs, opens and closes next. */
static double turn_next_look(const struct chips *c)
{
	double next_s = INFINITY, at_s;

	list_for_each (it, &c->gangs) {
		const struct gang *g = list_entry(it, struct gang, link);

		at_s = isinf(g->look_at_s) && g->look_at_s < 0 ? c->turn_s + first_look_s
							       : g->look_at_s;
		next_s = fmin(next_s, at_s);
	}
	for (uint32_t i = 0; i < c->n_units; i++) {
		look_at_unit(&c->units[i], &at_s);
		next_s = fmin(next_s, at_s);
	}
	return next_s;
}

/* ---- act ---- */

static void act_on_gangs(struct chips *c)
{
	list_for_each (it, &c->gangs) {
		struct gang *g = list_entry(it, struct gang, link);

		gang_act(g);
		if (gang_is_over(g))
			gang_finish(g);
	}
}

static void act_on_lends(struct chips *c)
{
	list_for_each (it, &c->lends)
		lend_act(list_entry(it, struct lend, link));
}

static void act_on_close(struct chips *c)
{
	void (*closed)(void *ctx, const char *trouble) = c->closed;

	if (!closed || c->n_workers)
		return;
	c->closed = NULL;
	closed(c->closed_ctx, c->trouble.len ? c->trouble.s : NULL);
}

static double turn_next(const struct chips *c, bool is_quiet)
{
	double next_s = is_quiet ? c->back_s + quiet_s : turn_next_look(c);

	if (c->is_paused || c->is_closing)
		return next_s;
	return fmin(next_s, fmin(queue_next_s(c), tend_next_s(c)));
}

static void turn_set_timer(struct chips *c, double at_s)
{
	if (at_s == c->due_s && ev_is_active(&c->timer))
		return;
	ev_timer_stop(c->loop, &c->timer);
	c->due_s = at_s;
	if (!isfinite(at_s))
		return;
	ev_timer_set(&c->timer, fmax(at_s - chips_now(c), 0.001), 0);
	ev_timer_start(c->loop, &c->timer);
}

void chips_turn(struct chips *c)
{
	bool is_quiet;

	ev_clear_pending(c->loop, &c->woken);
	c->turn_s = chips_now(c);
	is_quiet = turn_is_quiet(c);
	events_drain(c);
	if (!is_quiet)
		turn_look(c);
	act_on_gangs(c);
	act_on_lends(c);
	queue_end_refused(c);
	for (uint32_t i = 0; i < c->n_units; i++)
		unit_act(&c->units[i]);
	line_look(c);
	if (!c->is_paused && !c->is_closing) {
		queue_act(c);
		tend_units(c);
	}
	line_act(c);
	for (uint32_t i = 0; i < c->n_units; i++)
		unit_settle_lock(&c->units[i]);
	turn_set_timer(c, turn_next(c, is_quiet));
	act_on_close(c);
}
