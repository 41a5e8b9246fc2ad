/* SPDX-License-Identifier: Apache-2.0 */
/* Starting one program: in its own session, with exactly descriptors 0, 1 and 2; signals have their
 * defaults, but for those that we inherited as ignored. */
#ifndef EXEC_LAUNCH_H
#define EXEC_LAUNCH_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct launch {
	const char *path; /* the program's file: launch_resolve() */
	const char *const *argv, *const *env;
	const char *cwd;
	int log_fd; /* becomes standard output and standard error; standard input is ours */
	bool is_on_terminal; /* log_fd is our session's terminal: it becomes standard input, too,
				and the program its foreground, in our session */
	const struct rlimit *nofile; /* NULL: ours */

	/* ---- set by launch_start() ---- */
	int errnum;	   /* why it did not become a program; 0: it did */
	bool is_about_cwd; /* errnum is about cwd */
};

/*
 * The file that argv0 names, absolute: itself if it holds a '/', else the first in search_path (the
 * job's PATH) that may be executed. -1: there is none.
 */
int launch_resolve(const char *argv0, const char *search_path, const char *cwd, struct str *ret);

/*
 * Returns the pid, after the program was executed or could not be (then it is reaped already). -1
 * with errno: no process could be made. The caller has no thread but this one.
 */
pid_t launch_start(struct launch *l);

/* What launch_start()'s errnum means, for people. */
void launch_explain(const struct launch *l, struct str *to);

#endif
