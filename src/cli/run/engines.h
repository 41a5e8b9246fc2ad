/* SPDX-License-Identifier: Apache-2.0 */
/* The backends of one run: those that its jobs and its command line name, created from the
 * registry. */
#ifndef CLI_RUN_ENGINES_H
#define CLI_RUN_ENGINES_H

#include <ev.h>

#include "backends/backends.h"
#include "cli/run/run_options.h"
#include "flow/roster.h"
#include "run/past_duration.h"
#include "scheduler/sched.h"

/* The backend of an entry of the roster. */
struct engine {
	struct backend *backend; /* NULL: not needed, or refused */
	bool is_asked_for;
};

struct engines {
	struct backend_terminal terminal; /* set before engines_make() */
	const char *cgroup_dir;		  /* the same; NULL: jobs have no cgroups */
	const struct roster *roster;	  /* of the plan of engines_make() */
	struct backend **at;		  /* n of them, the default first */
	unsigned n, cap;
	struct engine *by_no; /* roster->n + 1, by backend_no of a job */
	const struct plan *plan;
	struct past_duration *past; /* read when a backend asks; NULL: not yet */
};

/* Creates the backends for a plan after assign_backends(); their settings are in its roster.
 * Returns 0, or -1 after errors. */
int engines_make(struct engines *e, const struct run_options *options, const struct plan *plan,
		 struct ev_loop *loop, struct diags *diags);
/* run_dir: of the run that is resumed. Returns 0, or -1 with err. */
int engines_end_leftovers(const struct engines *e, const char *run_dir, struct error *err);
/* The directory of the run exists, and no job has started. */
void engines_begin(const struct engines *e, const char *run_dir);
void engines_add_to(const struct engines *e, struct sched *s);
/* The clock of a run: virtual only if no backend uses real time. */
const struct clock *engines_clock(const struct engines *e);
/* After sched_load(): an error if a job needs the terminal and cannot get it. */
void engines_check_terminal(const struct sched *s, struct ev_loop *loop, struct diags *diags);
/* true if no job of the plan is really run. */
bool engines_only_rehearse(const struct engines *e, const struct plan *plan);
/* After assign_backends(): a warning for each --backend-for that no job matched. */
void engines_warn_of_idle(const struct run_options *options, struct diags *diags);
/* Reports of backends after the last job: lines of text, and a JSON object with a key for each
 * backend. */
void engines_tell(const struct engines *e, struct str *notes, struct str *json);
/* true: before the whole run is stopped (Ctrl-Z). false: after it was continued. */
void engines_suspend(const struct engines *e, bool is_suspended);
/* Closes the backends, and runs the loop until their processes are gone or the user presses Ctrl-C
 * (*n_signals changes); then engines_free() kills them. The scheduler may still use the
 * backends. */
void engines_close(const struct engines *e, struct ev_loop *loop, const unsigned *n_signals);
void engines_free(struct engines *e); /* after the scheduler */

#endif
