/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/event.h"
#include "backends/console.h"

#include <string.h>

#include "backends/chips/chips.h"
#include "backends/chips/gang.h"
#include "backends/chips/lend.h"
#include "base/vec.h"

/* ---- in ---- */

static const struct job_result *event_result(struct event_queue *q, const struct job_result *from)
{
	struct job_result *r = arena_alloc(q->mem, sizeof(*r));

	job_result_copy(r, from, q->mem);
	return r;
}

static const struct device_result *event_run(struct event_queue *q,
					     const struct device_result *from)
{
	struct device_result *r = arena_alloc(q->mem, sizeof(*r));

	device_result_copy(r, from, q->mem);
	return r;
}

void event_add(struct chips *c, const struct event *e)
{
	struct event_queue *q = &c->events;
	struct event *new;

	if (!q->mem && (e->text || e->run || e->result))
		q->mem = arena_new();
	new = vec_add(q);
	*new = *e;
	new->text = arena_strdup_or_null(q->mem, e->text);
	if (e->run)
		new->run = event_run(q, e->run);
	if (e->result)
		new->result = event_result(q, e->result);
	chips_wake(c);
}

/* ---- of workers ---- */

static void event_add_of(struct unit *u, struct event e)
{
	e.unit = u;
	e.serial = u->serial;
	event_add(u->chips, &e);
}

static void on_event_opened(struct device_worker *w, void *ctx)
{
	(void)w;
	event_add_of(ctx, (struct event){.kind = EVENT_OPENED});
}

static void on_event_open_failed(struct device_worker *w, void *ctx, enum dvs_class class,
				 const char *text)
{
	(void)w;
	event_add_of(ctx, (struct event){.kind = EVENT_OPEN_FAILED,
					 .class = class,
					 .text = text ? text : ""});
}

static void on_phase(struct device_worker *w, void *ctx, uint64_t epoch, enum run_phase phase)
{
	(void)w;
	event_add_of(ctx, (struct event){.kind = EVENT_PHASE, .epoch = epoch, .phase = phase});
}

static void on_event_ended(struct device_worker *w, void *ctx, const struct device_result *result)
{
	event_add_of(ctx, (struct event){.kind = EVENT_RUN_ENDED,
					 .flag = device_worker_is_idle(w),
					 .run = result});
}

static void on_diagnosed(struct device_worker *w, void *ctx, const char *text)
{
	(void)w;
	event_add_of(ctx, (struct event){.kind = EVENT_DIAGNOSED, .text = text});
}

static void on_event_died(struct device_worker *w, void *ctx, int status, const char *why)
{
	(void)w;
	event_add_of(ctx, (struct event){.kind = EVENT_DIED, .flag = status == -1, .text = why});
}

const struct device_worker_handler event_of_worker = {
	.opened = on_event_opened,
	.open_failed = on_event_open_failed,
	.phase = on_phase,
	.ended = on_event_ended,
	.diagnosed = on_diagnosed,
	.died = on_event_died,
};

/* ---- of slots ---- */

static void on_slot_ended(struct slot *slot, void *ctx, const struct job_result *result)
{
	struct lend *l = ctx;

	(void)slot;
	event_add(l->chips, &(struct event){.kind = EVENT_SLOT_ENDED, .lend = l, .result = result});
}

static void on_slot_died(struct slot *slot, void *ctx, const char *why)
{
	struct lend *l = ctx;

	event_add(l->chips, &(struct event){.kind = EVENT_SLOT_DIED,
					    .lend = l,
					    .reason = slot_lost_reason(slot),
					    .text = why});
}

static void on_slot_noted(struct slot *slot, void *ctx, const char *text)
{
	const struct lend *l = ctx;

	(void)slot;
	if (l->chips->warn)
		l->chips->warn(text);
}

/* Output of an interactive command, or of one whose output is shown. It changes no state, so it is
 * not an event. */
static void on_slot_said(struct slot *slot, void *ctx, const char *bytes, size_t n)
{
	const struct lend *l = ctx;

	(void)slot;
	console_say(l->chips->console, bytes, n);
}

static void on_slot_stopped(struct slot *slot, void *ctx)
{
	const struct lend *l = ctx;

	(void)slot;
	console_stopped(l->chips->console);
}

const struct slot_handler event_of_slot = {.said = on_slot_said,
					   .stopped = on_slot_stopped,
					   .ended = on_slot_ended,
					   .died = on_slot_died,
					   .noted = on_slot_noted};

/* ---- out ---- */

static void handle_submit(struct chips *c, struct chips_job *j)
{
	if (list_is_empty(&c->queue) && chips_is_unused(c))
		c->last_event_s = j->queued_s;
	list_append(&c->queue, &j->link);
}

/* A job that has ended in the meantime is not found. */
static void handle_kill(struct chips *c, const struct event *e)
{
	struct chips_job *j = queue_find(c, e->job);
	struct gang *g = gang_find(c, e->job);
	struct lend *l = lend_find(c, e->job);

	if (j) {
		queue_refuse_job(j, e->reason, "killed while it waited for devices");
	} else if (g) {
		gang_kill(g, e->level, e->reason);
	} else if (l) {
		lend_kill(l, e->level, e->reason);
	}
}

static void handle_pause(struct chips *c, bool is_paused)
{
	if (is_paused == c->is_paused)
		return;
	c->is_paused = is_paused;
	if (is_paused) {
		c->paused_s = chips_now(c);
		return;
	}
	queue_resumed(c, chips_now(c) - c->paused_s);
	sched_backend_capacity(&c->base);
}

static void event_deliver(struct chips *c, const struct event *e)
{
	switch (e->kind) {
	case EVENT_SUBMIT:
		handle_submit(c, e->new_job);
		break;
	case EVENT_KILL:
		handle_kill(c, e);
		break;
	case EVENT_PAUSE:
		handle_pause(c, e->flag);
		break;
	case EVENT_OTHERS:
		line_handle_change(c);
		break;
	case EVENT_OPENED:
	case EVENT_OPEN_FAILED:
	case EVENT_PHASE:
	case EVENT_RUN_ENDED:
	case EVENT_DIAGNOSED:
	case EVENT_DIED:
		unit_handle_event(e->unit, e);
		break;
	case EVENT_SLOT_ENDED:
		lend_handle_ended(e->lend, e->result);
		break;
	case EVENT_SLOT_DIED:
		lend_handle_died(e->lend, e->reason, e->text);
		break;
	}
}

/* Receivers only change state, so no event is appended meanwhile. */
void events_drain(struct chips *c)
{
	struct event_queue *q = &c->events;

	for (size_t i = 0; i < q->n; i++)
		event_deliver(c, &q->at[i]);
	q->n = 0;
	arena_free(q->mem);
	q->mem = NULL;
}

void events_done(struct chips *c)
{
	struct event_queue *q = &c->events;

	for (size_t i = 0; i < q->n; i++)
		if (q->at[i].kind == EVENT_SUBMIT)
			chips_job_free(q->at[i].new_job);
	arena_free(q->mem);
	vec_done(q);
	*q = (struct event_queue){0};
}
