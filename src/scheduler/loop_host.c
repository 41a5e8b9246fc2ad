/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler on a libev loop. It takes one turn per iteration, before the loop waits again, so
 * events of one iteration are handled together.
 */
#include "scheduler/loop_host.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct loop_host {
	struct sched_host host;
	struct ev_loop *loop;
	struct sched *sched; /* while it runs */
	ev_prepare before_wait;
	ev_idle dont_wait; /* active: the loop does not wait */
	ev_timer timer;
	double alarm_s;
	bool is_woken;
};

static struct loop_host *host_of(struct sched_host *h)
{
	return container_of(h, struct loop_host, host);
}

static void on_wake(struct sched_host *host)
{
	struct loop_host *h = host_of(host);

	h->is_woken = true;
	ev_idle_start(h->loop, &h->dont_wait);
}

static void on_alarm(struct sched_host *host, double at_s)
{
	struct loop_host *h = host_of(host);
	double after_s = at_s - clock_now(host->clock);

	h->alarm_s = at_s;
	ev_timer_stop(h->loop, &h->timer);
	if (host->clock != clock_real()) {
		/* A turn is taken in every iteration; the owner of the clock reads the alarm. */
		clock_virtual_set_alarm((struct clock_virtual *)host->clock, at_s);
		return;
	}
	if (isinf(at_s))
		return;
	ev_now_update(h->loop);
	ev_timer_set(&h->timer, after_s > 0 ? after_s : 0, 0);
	ev_timer_start(h->loop, &h->timer);
}

static void loop_host_on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct loop_host *h = w->data;

	(void)loop, (void)revents;
	h->is_woken = true;
}

static void loop_host_on_idle(struct ev_loop *loop, ev_idle *w, int revents)
{
	(void)loop, (void)w, (void)revents;
}

static void on_before_wait(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct loop_host *h = w->data;

	(void)revents;
	if (!h->is_woken && clock_now(h->host.clock) < h->alarm_s)
		return;
	h->is_woken = false;
	sched_turn(h->sched);
	if (!h->is_woken)
		ev_idle_stop(loop, &h->dont_wait);
	if (sched_is_done(h->sched))
		ev_break(loop, EVBREAK_ONE);
}

struct loop_host *loop_host_new(struct ev_loop *loop, const struct clock *clock)
{
	struct loop_host *h = xcalloc(1, sizeof(*h));

	h->host = (struct sched_host){
		.clock = clock ? clock : clock_real(), .wake = on_wake, .alarm = on_alarm};
	h->loop = loop;
	h->alarm_s = INFINITY;
	ev_prepare_init(&h->before_wait, on_before_wait);
	ev_idle_init(&h->dont_wait, loop_host_on_idle);
	ev_timer_init(&h->timer, loop_host_on_timer, 0, 0);
	h->before_wait.data = h->timer.data = h;
	return h;
}

void loop_host_free(struct loop_host *h)
{
	if (!h)
		return;
	ev_prepare_stop(h->loop, &h->before_wait);
	ev_idle_stop(h->loop, &h->dont_wait);
	ev_timer_stop(h->loop, &h->timer);
	free(h);
}

struct sched_host *loop_host_get(struct loop_host *h)
{
	return &h->host;
}

void loop_host_run(struct loop_host *h, struct sched *s)
{
	h->sched = s;
	ev_prepare_start(h->loop, &h->before_wait);
	sched_start(s);
	ev_run(h->loop, 0);
	ev_prepare_stop(h->loop, &h->before_wait);
	ev_idle_stop(h->loop, &h->dont_wait);
}
