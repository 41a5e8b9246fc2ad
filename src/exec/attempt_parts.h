/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that make an attempt: attempt_begin.c starts it, attempt.c sees it out,
 * attempt_pause.c stops it for a while. */
#ifndef EXEC_ATTEMPT_PARTS_H
#define EXEC_ATTEMPT_PARTS_H

#include "exec/attempt.h"

/* attempt_begin.c: tries (again) to make the process. */
void attempt_launch(struct attempt *a);

/* When a process was asked for: on the monotonic clock, and since 1970. */
struct attempt_start_time {
	double s, wall_s;
};

/* attempt.c: the process is there. */
void attempt_began(struct attempt *a, pid_t pid, struct attempt_start_time start);
/* Its program cannot be started: over, as a shell would be that ends with exit_status for it. */
void attempt_refuse(struct attempt *a, int exit_status, const char *why);
/* Over without a process; err is taken. */
void attempt_end_unstarted(struct attempt *a, enum job_status status, enum job_reason reason,
			   struct error *err);

/* attempt_pause.c: what is due while it is paused, and when something will be. */
void attempt_pause_step(struct attempt *a);

/* attempt_show.c: the log, sent while it grows (job_rules.is_shown). */
void attempt_show_begin(struct attempt *a);
void attempt_show(struct attempt *a, double now);

#endif
