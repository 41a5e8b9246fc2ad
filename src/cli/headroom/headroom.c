/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/headroom/headroom.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

static const double look_every_s = 1;

static void headroom_set_held(struct headroom *h, bool is_held)
{
	double now = clock_now(clock_real());

	if (is_held == h->is_held)
		return;
	h->is_held = is_held;
	if (is_held) {
		h->n_holds++;
		h->since_s = now;
	} else {
		h->held_s += now - h->since_s;
	}
}

static void headroom_say(const struct headroom *h, enum watermark low)
{
	if (low == WATERMARK_ENOUGH)
		log_info("jobs start again");
	else if (low == WATERMARK_MEMORY || low == WATERMARK_PRESSURE)
		log_warning("jobs start one at a time until more memory is free: %s", h->why.s);
	else
		log_warning("no job starts until more is free: %s", h->why.s);
}

/*
 * What may be taken by jobs of known needs: what is left, and what they have already. They are
 * measured only if a job waits; otherwise what is left is enough to know.
 */
static void headroom_set_memory(struct headroom *h, const struct free_space *left)
{
	uint64_t margin = watermarks_memory(&h->marks, left), mib;
	struct sched_memory_state m;

	if (!left->memory_total || !sched_memory_state(h->sched, &m))
		return;
	mib = left->memory_bytes > margin ? (left->memory_bytes - margin) >> 20 : 0;
	if (m.is_lacking)
		mib += sched_memory_taken(h->sched);
	sched_set_memory(h->sched, mib < UINT32_MAX / 2 ? (uint32_t)mib : UINT32_MAX / 2);
}

static void headroom_look(struct headroom *h)
{
	static const enum sched_hold holds[] = {
		[WATERMARK_ENOUGH] = HOLD_NOTHING,	 [WATERMARK_SPACE] = HOLD_ALL,
		[WATERMARK_INODES] = HOLD_ALL,		 [WATERMARK_MEMORY] = HOLD_ALL_BUT_ONE,
		[WATERMARK_PRESSURE] = HOLD_ALL_BUT_ONE,
	};
	_cleanup_(str_done) struct str why = {0};
	struct free_space left;
	enum watermark was = h->marks.low, low;
	unsigned was_disk = h->marks.low_disk;

	free_space_read(&h->source, &left);
	headroom_set_memory(h, &left);
	low = watermarks_take(&h->marks, &left, &why);
	if (low == was && (low == WATERMARK_ENOUGH || h->marks.low_disk == was_disk))
		return;
	if (low != WATERMARK_ENOUGH) {
		str_clear(&h->why);
		str_add(&h->why, why.s);
	}
	headroom_set_held(h, low != WATERMARK_ENOUGH);
	headroom_say(h, low);
	sched_set_hold(h->sched, holds[low], low == WATERMARK_ENOUGH ? NULL : h->why.s);
}

static void headroom_on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop, (void)revents;
	headroom_look(w->data);
}

void headroom_start(struct headroom *h, const struct watermark_limits *limits, struct ev_loop *loop,
		    struct sched *sched)
{
	const char *tmp = getenv("TMPDIR");

	*h = (struct headroom){.sched = sched, .loop = loop, .marks.limits = *limits};
	free_space_source_init(&h->source, sched_plan(sched)->scratch_root,
			       tmp && *tmp ? tmp : "/tmp");
	ev_timer_init(&h->timer, headroom_on_timer, look_every_s, look_every_s);
	h->timer.data = h;
	ev_timer_start(loop, &h->timer);
	ev_unref(loop);
	headroom_look(h);
}

void headroom_stop(struct headroom *h, struct str *notes)
{
	if (!h->sched)
		return;
	ev_ref(h->loop);
	ev_timer_stop(h->loop, &h->timer);
	headroom_set_held(h, false);
	if (h->n_holds)
		str_printf(notes, "held     launches, %u time%s, %.0f s in all; last: %s\n",
			   h->n_holds, h->n_holds == 1 ? "" : "s", h->held_s, h->why.s);
	str_done(&h->why);
	h->sched = NULL;
}
