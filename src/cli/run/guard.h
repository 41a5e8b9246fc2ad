/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guardian: the process that the user started. The scheduler is its child, so that a run ends
 * well whatever happens to the scheduler:
 *  - it is a subreaper: what is left when the scheduler has ended, jobs of a dead slot among it, is
 *    killed;
 *  - it completes results.json from the journal if the scheduler was killed;
 *  - it has the clock of --run-deadline, for a scheduler whose loop, slot or driver is stuck.
 * If the guardian is killed, the scheduler kills all that it has started, and itself.
 *
 *   guardian ──socket──► scheduler: a word of one byte: the deadline has come, or the number of a
 *                                   signal that was sent to the guardian's pid
 *   guardian ◄──socket── scheduler: the run's path, then one byte a second once the deadline has
 *                                   passed
 *
 * A scheduler that is silent for too long after the deadline is killed; exit code 124 in either
 * case.
 */
#ifndef CLI_RUN_GUARD_H
#define CLI_RUN_GUARD_H

#include <sys/types.h>

#include "base/attr.h"

enum {
	GUARD_DEADLINE = '!', /* no number of a signal that ends a run */
	GUARD_LOST_S = 2,     /* a scheduler without a guardian is gone after so long */
};

/*
 * deadline_in_s: 0: none. In the child (the scheduler) it returns the socket's descriptor. In the
 * parent it returns only to end: -1, with the exit code in *ret_exit.
 */
int guard_split(double deadline_in_s, double grace_s, int *ret_exit);

/* For the scheduler. Where the run is, once it has its name; a sign of life. */
void guard_set_path(int fd, const char *run_path);
void guard_show_life(int fd);
/* When fd is readable: what read() gives, and the word; at its end: guard_end_run(). */
ssize_t guard_hear(int fd, int *ret_word);
_noreturn_ void guard_end_run(void);

#endif
