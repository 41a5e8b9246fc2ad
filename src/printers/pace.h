/* SPDX-License-Identifier: Apache-2.0 */
/* When to draw: at most once per interval when something changed, and every tick even if nothing
 * did (clocks on the screen go on). Pure; `now` is any monotonic clock. */
#ifndef PRINTERS_PACE_H
#define PRINTERS_PACE_H

#include <math.h>
#include <stdbool.h>

struct pace {
	double interval_s; /* 0: every change */
	double tick_s;	   /* 0: never without a change */
	double drawn_s;	   /* when it was drawn last; -INFINITY: never */
	bool is_dirty, is_paused;
};

/* Seconds until drawing is due; 0: now; INFINITY: there is nothing to draw. */
static inline double pace_wait(const struct pace *p, double now)
{
	if (p->is_paused)
		return INFINITY;
	if (p->is_dirty)
		return fmax(0, p->drawn_s + p->interval_s - now);
	return p->tick_s > 0 ? fmax(0, p->drawn_s + fmax(p->tick_s, p->interval_s) - now)
			     : INFINITY;
}

static inline void pace_drew(struct pace *p, double now)
{
	p->drawn_s = now;
	p->is_dirty = false;
}

#endif
