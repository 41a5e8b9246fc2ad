/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals of a run. INT, TERM, HUP, QUIT: the first one stops launching and sends TERM to jobs, the
 * second one kills them, the third one ends dvsched at once (slots then kill their jobs). USR1 and
 * USR2 have no effect. Signals that were ignored when dvsched started stay ignored: nohup, or `&`
 * in a script. The run deadline, and signals that were sent to the guardian's pid, come through its
 * socket (guard.h).
 */
#ifndef CLI_RUN_SIGNALS_H
#define CLI_RUN_SIGNALS_H

#include <ev.h>
#include <stdbool.h>

#include "cli/args/options.h"
#include "cli/run/stop_requests.h"
#include "io/port.h"
#include "scheduler/sched.h"

enum { SIGNALS_STOP = 4 };

/* Called before the process is stopped by Ctrl-Z (true), and when it was continued (false). */
struct signals_client {
	void (*suspend)(void *ctx, bool is_suspended);
	void *ctx;
};

struct signals {
	struct ev_loop *loop;
	const struct args *args;
	struct sched *sched;	  /* borrowed */
	struct observer *printer; /* borrowed; or NULL */
	struct signals_client client;
	ev_signal stop[SIGNALS_STOP], suspend;
	struct port guard;
	ev_timer alive, calm;
	int guard_fd; /* -1: not attached yet */
	struct stop_requests requests;
	bool is_past_deadline;
};

/* Before a run: Ctrl-C ends running eval_cmd commands and dvsched. */
void signals_before_run(void);
void signals_start(struct signals *s, struct ev_loop *loop, const struct args *args,
		   const struct signals_client *client);
/*
 * Stops the process, or its whole process group, as by Ctrl-Z; returns when it is continued. The
 * stopped time does not count for timers of the loop and for clock_real().
 */
void signals_suspend(struct signals *s, bool whole_group);
/* From now on, signals stop sched. After each signal the printer is paused for a moment. printer is
 * borrowed: attach NULL before it is freed. */
void signals_attach(struct signals *s, struct sched *sched, struct observer *printer, int guard_fd);
void signals_stop(struct signals *s);
/* The output of the run's command has no reader any more: stops the run, once. Its exit code is
 * that of SIGPIPE. */
void signals_unread(struct signals *s);
/*
 * For the end of main(). If exit_code is that of a signal which stopped the run (128 + its number),
 * the program dies of that signal, so that a shell that runs it in a loop ends the loop, too; the
 * number stays the same. Else returns exit_code.
 */
int signals_leave(int exit_code);

#endif
