/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds the launches of a run while the machine is short of disk space, inodes or memory. It looks
 * once a second, whatever the number of jobs.
 *
 * In cli/headroom/: the part of a run that measures the machine. Entry: headroom_start().
 */
#ifndef CLI_HEADROOM_HEADROOM_H
#define CLI_HEADROOM_HEADROOM_H

#include <ev.h>

#include "clerk/clerk.h"
#include "headroom/disk_query.h"
#include "headroom/watermarks.h"
#include "scheduler/sched.h"

struct headroom {
	struct sched *sched; /* NULL: not in use */
	struct ev_loop *loop;
	ev_timer timer;
	struct clerk *clerk; /* asks the disks; NULL: they are not known */
	struct free_space_source source;
	struct disk_query disks;
	struct watermarks marks;
	struct str why; /* what is short, or was last */
	bool is_held;
	unsigned n_holds;
	double since_s, held_s; /* the present hold; all before it */
};

/* Looks at once, then each second. The run's directory was just written, so its file system answers
 * the first time; later the clerk asks it, because it may hang. While it does not answer, the last
 * answer counts. clerk: may be NULL. */
void headroom_start(struct headroom *h, const struct watermark_limits *limits, struct ev_loop *loop,
		    struct sched *sched, struct clerk *clerk);
/* Appends a line about holds to notes, if there were any. May be called without
 * headroom_start(). */
void headroom_stop(struct headroom *h, struct str *notes);

#endif
