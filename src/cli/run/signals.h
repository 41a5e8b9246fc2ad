/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals of a run. INT, TERM, HUP: the first stops launching and asks jobs to end, the second
 * kills them, the third leaves at once (slots finish the killing). USR1 and USR2 have no effect.
 * What was ignored when we started stays ignored: nohup, or `&` in a script. The run deadline,
 * and what was sent to the guardian's pid, come through its socket (guard.h).
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

/* Who has to do something before the process is stopped by Ctrl-Z, and when it goes on. */
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

/* Before a run: Ctrl-C ends the eval_cmds that are running, and us. */
void signals_before_run(void);
void signals_start(struct signals *s, struct ev_loop *loop, const struct args *args,
		   const struct signals_client *client);
/*
 * Stops the process, or all of its process group, as by Ctrl-Z; returns when it goes on. What was
 * due in a while is due that while later: timers of the loop, and all that is on clock_real().
 */
void signals_suspend(struct signals *s, bool whole_group);
/* From then on they have something to stop. The printer is quiet for a moment after each signal;
 * attach again with NULL before it goes. */
void signals_attach(struct signals *s, struct sched *sched, struct observer *printer, int guard_fd);
void signals_stop(struct signals *s);
/* Nobody reads what the run's command prints: the run is told to stop, once. It ends as if SIGPIPE
 * had ended it. */
void signals_unread(struct signals *s);
/*
 * The last thing that main() does. If exit_code says that a signal ended the run (128 + its
 * number), the program dies of that signal, so that a shell which waits for it ends its loop, too;
 * the number stays the same. Else returns exit_code.
 */
int signals_leave(int exit_code);

#endif
