/* SPDX-License-Identifier: Apache-2.0 */
/* The interface between the files of an attempt. attempt.c is the state machine and calls the
 * others: attempt_begin.c, attempt_cgroup.c, attempt_procs.c, attempt_show.c, attempt_watch.c,
 * attempt_end.c. None of these calls back, and only attempt_end.c sets a phase (ATTEMPT_OVER). */
#ifndef EXEC_ATTEMPT_PARTS_H
#define EXEC_ATTEMPT_PARTS_H

#include "exec/attempt.h"

/* ---- attempt_begin.c ---- */

/* Prepares directory, log, files and arguments. Returns 0, or -1 with err; may be called again
 * then. */
int attempt_prepare(struct attempt *a, struct error *err);

enum attempt_launched {
	LAUNCH_RUNS,	/* sets pid, started_s, started_wall_s */
	LAUNCH_LATER,	/* no process could be made; sets errnum */
	LAUNCH_REFUSED, /* no such program, or not executable; sets why, and exit_status as a shell
			 */
	LAUNCH_FAILED,	/* sets err */
};

struct attempt_launch {
	pid_t pid;
	double started_s, started_wall_s;
	int errnum, exit_status;
	struct str why;
	struct error err;
};

/* Makes the environment, finds the program and starts it. The caller frees why and err of *ret. */
enum attempt_launched attempt_launch(struct attempt *a, struct attempt_launch *ret);

/* ---- attempt_procs.c ---- */

bool attempt_on_terminal(const struct attempt *a);
/* Reaps children that have ended. true: no child is left, except kept ones. */
bool attempt_reap(struct attempt *a);
/* Adds daemons of the job that may stay to host->kept; they do not belong to the job any more. */
void attempt_keep_daemons(struct attempt *a);
/* Sends a signal to all processes that are left. */
void attempt_signal(struct attempt *a, int signum);
/* "sleep (pid 123) and 3 more"; with_state: and the kernel state of the first one. */
void attempt_describe_left(struct attempt *a, bool with_state, struct str *to);

/* ---- attempt_cgroup.c ---- */

void attempt_cgroup_begin(struct attempt *a);
/* When no process is left: what they have used, and whether the kernel ended them for it. */
void attempt_cgroup_read(struct attempt *a);
/* After that: the kernel killed a process for lack of memory, of the job if that can be known. */
bool attempt_cgroup_had_oom(const struct attempt *a);

/* ---- attempt_show.c: the log, sent while it grows (job_rules.is_shown) ---- */

void attempt_show_begin(struct attempt *a);
void attempt_show(struct attempt *a, double now);

/* ---- attempt_watch.c: limits of the job's processes (job/tree_limits.h) ---- */

void attempt_watch_begin(struct attempt *a);
/* true: the job is over a limit, and the ending says which. */
bool attempt_watch(struct attempt *a, double now);
/* Compares the total use with the limits; before the verdict. */
void attempt_watch_end(struct attempt *a);

/* ---- attempt_end.c: each of these ends the attempt ---- */

/* No process is left, or only such as cannot be killed: the verdict. */
void attempt_finish(struct attempt *a);
/* The program cannot be started: the result is that of a shell that ends with exit_status. */
void attempt_refuse(struct attempt *a, int exit_status, const char *why);
/* The result without a verdict on a process: err is its message. Frees err. */
void attempt_end_unstarted(struct attempt *a, enum job_status status, enum job_reason reason,
			   struct error *err);

#endif
