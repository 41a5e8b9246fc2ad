/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the scheduler on a libev loop: after wake() it calls sched_turn() once per
 * loop iteration. */
#ifndef SCHEDULER_LOOP_HOST_H
#define SCHEDULER_LOOP_HOST_H

#include <ev.h>

#include "scheduler/sched.h"

struct loop_host;

/* clock NULL: the real clock. A virtual clock is moved by its owner. */
struct loop_host *loop_host_new(struct ev_loop *loop, const struct clock *clock);
void loop_host_free(struct loop_host *h);
struct sched_host *loop_host_get(struct loop_host *h);
/* Starts s and runs the loop until every job is final. */
void loop_host_run(struct loop_host *h, struct sched *s);

#endif
