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
 * job's PATH) that may be executed, else the first that may not. -1: there is none.
 */
int launch_resolve(const char *argv0, const char *search_path, const char *cwd, struct str *ret);

/*
 * Returns the pid, after the program was executed or could not be (then it is reaped already). -1
 * with errno: no process could be made. The caller has no thread but this one.
 */
pid_t launch_start(struct launch *l);

/*
 * What a shell ends with that cannot execute the program for that errnum: 127 (it is not there) or
 * 126. 0: it is not the program's fault, but the machine's, or the working directory's.
 */
int launch_shell_status(const struct launch *l);
/* After ENOEXEC: a shell would take the file for a script of its own, and not for a binary. */
bool launch_is_script(const char *path);
/* What launch_start()'s errnum means, for people. */
void launch_explain(const struct launch *l, struct str *to);

#endif
