/* SPDX-License-Identifier: Apache-2.0 */
/* The backends of one run: those that its jobs and its command line name, made from the registry.
 */
#ifndef CLI_RUN_ENGINES_H
#define CLI_RUN_ENGINES_H

#include <ev.h>

#include "backends/backends.h"
#include "cli/run/run_options.h"
#include "flow/roster.h"
#include "scheduler/sched.h"

/* What was made of an entry of the roster. */
struct engine {
	struct backend *backend; /* NULL: nobody asks for it, or it was refused */
	bool is_asked_for;
};

struct engines {
	struct backend_terminal terminal; /* set before engines_make() */
	const struct roster *roster;	  /* of the plan of engines_make() */
	struct backend **at;		  /* n of them, the default first */
	unsigned n, cap;
	struct engine *by_no; /* by backend_no of a job */
};

/* For a plan whose jobs have their backends (cli/run/assign.h); the roster has their settings.
 * Returns 0, or -1 after errors. */
int engines_make(struct engines *e, const struct run_options *options, const struct plan *plan,
		 struct ev_loop *loop, struct diags *diags);
void engines_add_to(const struct engines *e, struct sched *s);
/* The clock of a run: virtual only if no backend lives in real time. */
const struct clock *engines_clock(const struct engines *e);
/* sched_choose_backend, ctx: struct engines *. */
struct backend *engines_choose(const struct job_spec *spec, void *engines);
/* After all jobs have chosen: an error if one is to have the terminal where none can be had. */
void engines_check_terminal(const struct sched *s, struct ev_loop *loop, struct diags *diags);
/* Likewise: no job is really run. */
bool engines_only_rehearse(const struct sched *s);
/* Likewise: the --backend-for that none of them took. */
void engines_warn_of_idle(const struct run_options *options, struct diags *diags);
/* What backends have to say after the last job: lines for people, and a JSON object by their names.
 */
void engines_tell(const struct engines *e, struct str *notes, struct str *json);
/* The whole run is about to be stopped, or goes on. */
void engines_suspend(const struct engines *e, bool is_suspended);
/* Lets go of processes, running the loop until they are gone, or until somebody presses Ctrl-C:
 * then engines_free() kills them. The scheduler may still look at them. */
void engines_close(const struct engines *e, struct ev_loop *loop, const unsigned *n_signals);
void engines_free(struct engines *e); /* after the scheduler */

#endif
