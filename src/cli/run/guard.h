/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guardian: the process that the user started. The scheduler is its child, so that a run ends
 * properly whatever happens to the scheduler:
 *  - it is a subreaper: processes that are left when the scheduler has ended, for example jobs of a
 *    dead slot, are killed;
 *  - it completes results.json from the journal if the scheduler was killed;
 *  - it has the clock of --run-deadline, for a scheduler whose loop, slot or driver is stuck.
 * If the guardian is killed, the scheduler kills everything that it has started, and itself.
 *
 *   guardian ──socket──► scheduler: messages of one byte: the deadline has come, or the number of a
 *                                   signal that was sent to the guardian's pid
 *   guardian ◄──socket── scheduler: the run's path, then one byte a second once the deadline has
 *                                   passed, and one for each signal that was passed on
 *
 * A scheduler that is silent for too long after the deadline is killed; the exit code is 124 in
 * either case. One that does not answer a signal for 30 s is killed, too, and the run ends as by
 * that signal.
 */
#ifndef CLI_RUN_GUARD_H
#define CLI_RUN_GUARD_H

#include <sys/types.h>

#include "base/attr.h"

enum {
	GUARD_DEADLINE = '!', /* not the number of a signal that ends a run */
	GUARD_LOST_S = 2,     /* a scheduler ends so long after the end of its guardian */
};

/*
 * Forks. deadline_in_s: 0: none. cgroup_dir: of the run (cgroup_run.h); NULL: none. In the child
 * (the scheduler) it returns the descriptor of the socket. In the parent it returns -1 at the end
 * of the run, with the exit code in *ret_exit; in either process also after an error.
 */
int guard_split(double deadline_in_s, double grace_s, const char *cgroup_dir, int *ret_exit);

/* For the scheduler: sends the path of the run, once it has its name; sends a sign of life. */
void guard_set_path(int fd, const char *run_path);
void guard_show_life(int fd);
/* When fd is readable: returns the result of read(), and the byte in *ret_word. At the end of the
 * socket, call guard_end_run(). */
ssize_t guard_read(int fd, int *ret_word);
_noreturn_ void guard_end_run(void);

#endif
