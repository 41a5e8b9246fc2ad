/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/headroom/headroom.h"

#include <stdlib.h>
#include <string.h>

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

static void headroom_look(struct headroom *h, const struct free_space *left)
{
	static const enum sched_hold holds[] = {
		[WATERMARK_ENOUGH] = HOLD_NOTHING,	 [WATERMARK_SPACE] = HOLD_ALL,
		[WATERMARK_INODES] = HOLD_ALL,		 [WATERMARK_MEMORY] = HOLD_ALL_BUT_ONE,
		[WATERMARK_PRESSURE] = HOLD_ALL_BUT_ONE,
	};
	_cleanup_(str_done) struct str why = {0};
	enum watermark was = h->marks.low, low;
	unsigned was_disk = h->marks.low_disk;

	headroom_set_memory(h, left);
	low = watermarks_take(&h->marks, left, &why);
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

static void headroom_ask_disks(struct headroom *h)
{
	enum disk_query_step step;

	if (!h->clerk || clerk_is_gone(h->clerk))
		disk_query_forget(&h->disks);
	step = disk_query_tick(&h->disks);
	for (unsigned i = 0; step == DISK_QUERY_ASK && i < h->disks.n_disks; i++)
		clerk_ask_space(h->clerk, h->disks.disk[i].path);
	if (step == DISK_QUERY_LATE)
		log_warning("the file system of %s has not answered for %d s; its free space is "
			    "not known until it does",
			    h->disks.disk[h->disks.n_answers].path, DISK_QUERY_LATE_S);
}

static void headroom_on_space(void *ctx, const char *path, const struct free_space_disk *disk)
{
	struct headroom *h = ctx;

	if (disk_query_answer(&h->disks, path, disk))
		log_info("the file system of %s answers again", path);
}

static void headroom_on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct headroom *h = w->data;
	struct free_space left;

	(void)loop, (void)revents;
	headroom_ask_disks(h);
	free_space_read_memory(&h->source, &left);
	left.n_disks = h->disks.n_disks;
	memcpy(left.disk, h->disks.disk, sizeof(left.disk));
	headroom_look(h, &left);
}

void headroom_start(struct headroom *h, const struct watermark_limits *limits, struct ev_loop *loop,
		    struct sched *sched, struct clerk *clerk)
{
	const char *tmp = getenv("TMPDIR");
	struct free_space left;

	*h = (struct headroom){
		.sched = sched, .loop = loop, .clerk = clerk, .marks.limits = *limits};
	free_space_source_init(&h->source, sched_plan(sched)->scratch_root,
			       tmp && *tmp ? tmp : "/tmp");
	ev_timer_init(&h->timer, headroom_on_timer, look_every_s, look_every_s);
	h->timer.data = h;
	ev_timer_start(loop, &h->timer);
	ev_unref(loop);
	if (clerk)
		clerk_set_space(clerk, headroom_on_space, h);
	free_space_read(&h->source, &left);
	disk_query_init(&h->disks, &left);
	headroom_look(h, &left);
}

void headroom_stop(struct headroom *h, struct str *notes)
{
	if (!h->sched)
		return;
	ev_ref(h->loop);
	ev_timer_stop(h->loop, &h->timer);
	if (h->clerk)
		clerk_set_space(h->clerk, NULL, NULL);
	headroom_set_held(h, false);
	if (h->n_holds)
		str_printf(notes, "held     launches, %u time%s, %.0f s in all; last: %s\n",
			   h->n_holds, h->n_holds == 1 ? "" : "s", h->held_s, h->why.s);
	str_done(&h->why);
	h->sched = NULL;
}
