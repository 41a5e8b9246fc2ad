/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that make an attempt. attempt.c is the state machine and calls the others:
 * attempt_begin.c, attempt_procs.c, attempt_show.c, attempt_end.c. None of these calls back, and
 * only attempt_end.c sets a phase (ATTEMPT_OVER). */
#ifndef EXEC_ATTEMPT_PARTS_H
#define EXEC_ATTEMPT_PARTS_H

#include "exec/attempt.h"

/* ---- attempt_begin.c ---- */

/* Directory, log, files and arguments. -1 with err. */
int attempt_prepare(struct attempt *a, struct error *err);

enum attempt_launched {
	LAUNCH_RUNS,	/* pid, started_s, started_wall_s */
	LAUNCH_LATER,	/* no process could be made: errnum */
	LAUNCH_REFUSED, /* there is no such program: exit_status as of a shell, why */
	LAUNCH_FAILED,	/* err */
};

struct attempt_launch {
	pid_t pid;
	double started_s, started_wall_s;
	int errnum, exit_status;
	struct str why;
	struct error err;
};

/* Environment, program, process. What *ret has then is the caller's. */
enum attempt_launched attempt_launch(struct attempt *a, struct attempt_launch *ret);

/* ---- attempt_procs.c ---- */

bool attempt_on_terminal(const struct attempt *a);
/* Reaps what has ended. true: no child is left but kept ones. */
bool attempt_reap(struct attempt *a);
/* Its daemons that may stay are left out from here on. */
void attempt_keep_daemons(struct attempt *a);
/* To all that is left of it. */
void attempt_signal(struct attempt *a, int signum);
/* "sleep (pid 123) and 3 more"; state: with that of the first one. */
void attempt_describe_left(struct attempt *a, bool with_state, struct str *to);

/* ---- attempt_show.c: the log, sent while it grows (job_rules.is_shown) ---- */

void attempt_show_begin(struct attempt *a);
void attempt_show(struct attempt *a, double now);

/* ---- attempt_end.c: over, all of these ---- */

/* Nothing is left of the job: the verdict. */
void attempt_finish(struct attempt *a);
/* Its program cannot be started: as a shell would be that ends with exit_status for it. */
void attempt_refuse(struct attempt *a, int exit_status, const char *why);
/* Without a process; err is taken. */
void attempt_end_unstarted(struct attempt *a, enum job_status status, enum job_reason reason,
			   struct error *err);

#endif
