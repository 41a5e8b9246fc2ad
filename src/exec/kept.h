/* SPDX-License-Identifier: Apache-2.0 */
/* Daemons that jobs may leave behind ("keep"): they live as long as the slot. */
#ifndef EXEC_KEPT_H
#define EXEC_KEPT_H

#include "base/proc_tree.h"

struct kept_proc {
	pid_t pid, session;
};

/* {0} is empty. Children of ours, not reaped: their numbers hold. */
struct kept {
	struct kept_proc *at;
	size_t n, cap;
};

/* A proc_tree_skip: ctx is the struct kept. */
bool kept_has(pid_t child, void *kept);
/* It was reaped. */
void kept_forget(struct kept *k, pid_t pid);
/*
 * Takes in those children of ours that a glob (NULL-terminated) names: the process's name, argv[0],
 * or the executable's name, the last two with and without directories. Bazel's server is called
 * "java", its executable, too, and its argv[0] is "bazel(project)". With one come those of its
 * session: what a daemon's child left behind is the daemon's.
 * leader: the one that is the job itself and stays its own; 0: it is gone. only_daemons: the job is
 * being ended, so what is left in its session is no daemon. t is for use meanwhile.
 */
struct kept_job {
	const char *const *globs;
	pid_t leader, session;
	bool only_daemons;
};
void kept_adopt(struct kept *k, const struct kept_job *job, struct proc_tree *t);

#endif
