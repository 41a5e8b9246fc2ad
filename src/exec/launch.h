/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a program in its own session, with descriptors 0, 1 and 2 only. Signals have their default
 * actions, except those that this process inherited as ignored. */
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
	int log_fd; /* becomes standard output and standard error; standard input is inherited */
	bool is_on_terminal; /* log_fd is the terminal of this process's session: the program stays
				in this session, in the foreground of the terminal, which becomes
				its standard input, too */
	const struct rlimit *nofile, *cpu; /* NULL: inherited */
	int cgroup_fd; /* cgroup.procs of a cgroup that it enters; 0 or less: none */

	/* ---- set by launch_start() ---- */
	int errnum;		/* why the program was not executed; 0: it was */
	bool is_about_cwd;	/* errnum is the error of entering cwd */
	bool is_about_log;	/* errnum is the error of connecting log_fd */
	bool is_outside_cgroup; /* it could not enter the cgroup, and was executed nevertheless */
};

/*
 * The absolute path of the file that argv0 names: argv0 itself if it has a '/', else the first one
 * in search_path (the job's PATH; NULL: a default) that can be executed, else the first one that
 * exists. Relative paths are below cwd. Returns 0, or -1 with errno: ENOENT, a shortage, after
 * which it may exist, or another error of a directory where it may be.
 */
int launch_resolve(const char *argv0, const char *search_path, const char *cwd, struct str *ret);

/*
 * Returns the pid after the program was executed, or could not be (then the process is reaped
 * already). -1 with errno: no process could be made. The caller must be single-threaded.
 */
pid_t launch_start(struct launch *l);

/*
 * The exit status of a shell that cannot execute the program because of errnum: 127 (not found) or
 * 126. 0: the cause is not the program, but the machine or the working directory.
 */
int launch_shell_status(const struct launch *l);
/* After ENOEXEC: would a shell run the file as a script, not reject it as a binary? */
bool launch_is_script(const char *path);
/* Appends a message about errnum of launch_start(). */
void launch_explain(const struct launch *l, struct str *to);

#endif
