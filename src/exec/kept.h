/* SPDX-License-Identifier: Apache-2.0 */
/* Daemons that jobs may leave behind (the key `keep`): they are killed when the slot ends. */
#ifndef EXEC_KEPT_H
#define EXEC_KEPT_H

#include "base/proc_tree.h"

struct kept_proc {
	pid_t pid, session;
};

/* {0} is empty. All are children of the slot that are not reaped yet, so their pids are valid. */
struct kept {
	struct kept_proc *at;
	size_t n, cap;
};

/* A proc_tree_skip: ctx is the struct kept. */
bool kept_has(pid_t child, void *kept);
/* pid was reaped. */
void kept_forget(struct kept *k, pid_t pid);
/*
 * Adds the children of the slot that match a glob (NULL-terminated): by the process's name, by
 * argv[0], or by the executable's name, the last two with and without directories. Bazel's server
 * and its executable are called "java", its argv[0] is "bazel(project)". Children in the session of
 * a kept daemon are added, too: a child of the daemon has left them.
 * leader: the process of the job itself, which is never added; 0: it has ended. only_daemons: the
 * job is being ended, so processes in its own session are no daemons. t: for use during the call.
 */
struct kept_job {
	const char *const *globs;
	pid_t leader, session;
	bool only_daemons;
};
void kept_adopt(struct kept *k, const struct kept_job *job, struct proc_tree *t);

#endif
