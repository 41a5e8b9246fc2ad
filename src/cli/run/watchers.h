/* SPDX-License-Identifier: Apache-2.0 */
/* The observers of one run: those of the registry, and the printer. */
#ifndef CLI_RUN_WATCHERS_H
#define CLI_RUN_WATCHERS_H

#include <ev.h>

#include "clerk/clerk.h"
#include "cli/run/run_options.h"
#include "printers/printers.h"
#include "run/run_dir.h"

enum { WATCHERS_MOST = 16 };

struct watchers {
	struct observer *at[WATCHERS_MOST];
	unsigned n;
	struct observer *printer; /* one of them, or NULL */
	struct observer waits;	  /* reports what jobs wait for */
	struct clerk *clerk;
	int guard_fd;
	int warned_errnum; /* see watchers_warn() */
};

struct watchers_options {
	const struct run_options *run;
	struct ev_loop *loop;
	struct run_dir *dir;
	const char *scratch_root;
	const char *const *argv; /* the command line, for the record */
	time_t timestamp;	 /* likewise, of DVSim's flows; else 0 */
	const char *branch;	 /* or NULL */
	bool color;
	bool is_interactive; /* a job has the terminal: no view that draws */
	bool is_all_interactive;
	int guard_fd; /* for signs of life while it waits for the clerk; -1: none */
};

/* An observer that cannot be created is a warning, and the run goes on without it. The journal is
 * created first, so it is called first. */
void watchers_make(struct watchers *w, const struct watchers_options *options);
void watchers_subscribe(struct watchers *w, struct sched *s);
/* A warning; of level verbose if an earlier one had the same errnum, which is not 0: a full disk is
 * reported once. text says so, too. */
void watchers_warn(struct watchers *w, int errnum, const char *text);
/* Ends all observers, which write their rest, and reports each one that broke. The clerk remains
 * and empties the trash. May be called again. */
void watchers_finish(struct watchers *w);
/* Finishes, waits for the clerk, frees. */
void watchers_free(struct watchers *w);

#endif
