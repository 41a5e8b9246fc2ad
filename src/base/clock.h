/* SPDX-License-Identifier: Apache-2.0 */
/* Time. Durations come from the monotonic clock only; the wall clock is for people. Seconds as
 * double. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>

#include "base/str.h"

/* A clock that may be virtual. The scheduler, the fake backend and tests read time through one. */
struct clock {
	double (*now)(const struct clock *c);  /* monotonic, s */
	double (*wall)(const struct clock *c); /* since 1970 UTC, s */
};

const struct clock *clock_real(void);
/* Subtracts s more seconds from now() of clock_real(), so that all deadlines move back by s. For
 * the time in which the process was stopped. */
void clock_real_skip(double s);

/* A clock whose time changes only when its owner sets now_s. */
struct clock_virtual {
	struct clock clock;
	double now_s, wall_start_s;
	double alarm_s; /* the next wake-up: the clock must not be moved past it */
	void (*alarm_changed)(
		void *mover); /* called with mover when alarm_s has changed; NULL: not called */
	void *mover;
};
void clock_virtual_init(struct clock_virtual *v, double wall_start_s);
/* INFINITY: no alarm. */
void clock_virtual_set_alarm(struct clock_virtual *v, double at_s);

static inline double clock_now(const struct clock *c)
{
	return c->now(c);
}

static inline double clock_wall(const struct clock *c)
{
	return c->wall(c);
}

/* "90s", "5m", "1h30m", "250ms", "2d", "1.5h", "90" (seconds). false: not a duration, or not
 * finite. */
bool duration_parse(const char *s, double *ret_s);
/* 0.42s, 12.3s, 4m05s, 2h07m, 3d04h: short, for people. */
void duration_add(struct str *b, double s);
/* HH:MM:SS, hours beyond 99 allowed. */
void duration_add_hms(struct str *b, double s);
/* 2026-11-21T05:49:57.123Z */
void wall_add_iso(struct str *b, double wall_s);
/* Local time YYYYmmdd_HHMMSS, DVSim's stamp. */
void wall_add_stamp(struct str *b, double wall_s);
/* Finds a stamp, with or without _N after it, in the name of a file: the part after the last dot,
 * or the whole name if there is no dot. NULL: none. */
const char *wall_find_stamp(const char *name);

#endif
