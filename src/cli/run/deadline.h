/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --run-deadline: a process of its own holds the clock, so that the run ends even when the
 * scheduler's loop, a slot or a driver is stuck. The process that the user started becomes the
 * clock; the scheduler is its child.
 *
 *   clock ──socket──► scheduler: one byte at the deadline. No signal: anybody could send that.
 *   clock ◄──socket── scheduler: the run's path, then one byte a second once the deadline has
 * passed
 *
 * A scheduler that is silent for too long after the deadline is killed (its slots then kill their
 * jobs), and the clock completes results.json from the journal. Exit code 124 in either case.
 */
#ifndef CLI_RUN_DEADLINE_H
#define CLI_RUN_DEADLINE_H

#include <sys/types.h>

#include "base/diag.h"

/* "600s" or "07:00" (the next time it is that late, local time) -> seconds from now. */
double deadline_parse(const char *word, struct diags *diags);

/*
 * Splits. In the child (the scheduler) it returns the socket's descriptor. In the parent it returns
 * only to end: -1, with the exit code in *ret_exit.
 */
int deadline_split(double in_s, double grace_s, int *ret_exit);

/* For the scheduler's end; fd -1: there is no clock. Where the run is, once it has its name; a sign
 * of life. */
void deadline_tell_path(int fd, const char *run_path);
void deadline_tell_alive(int fd);
/* For the scheduler, when fd is readable: what read() gives; 1: the deadline has come. */
ssize_t deadline_hear(int fd);

#endif
