/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descendants of this process, read from /proc. A slot and the scheduler are subreapers, so all
 * processes of a job stay below them, even after setsid(), double forks or with a cleared
 * environment.
 */
#ifndef BASE_PROC_TREE_H
#define BASE_PROC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/proc_stat.h"
#include "base/str.h"

struct proc_tree_entry {
	pid_t pid, parent;
};

/* {0} is empty. Parents come before their children; the first n_own are children of
 * this process. */
struct proc_tree {
	struct proc_tree_entry *at;
	size_t n, cap, n_own;
	bool is_blind; /* /proc could not be read: only children of this process are in it, and
			* signals to one that leads a process group are for all of that */
};

/* true: leave this child, and everything below it, out. */
typedef bool proc_tree_skip(pid_t child, void *ctx);

/* Replaces t by the descendants of this process. skip may be NULL. */
void proc_tree_read(struct proc_tree *t, proc_tree_skip *skip, void *ctx);
/* The same with children of this process only, which takes microseconds. */
void proc_tree_read_own(struct proc_tree *t, proc_tree_skip *skip, void *ctx);
/* The same for another process root. Do not signal this tree. */
void proc_tree_read_below(struct proc_tree *t, pid_t root);
/* After SIGSTOP: none of the processes in t still runs. One that waits in the kernel (state D, e.g.
 * in vfork() for a stopped child) counts as stopped: it stops when it returns. */
bool proc_tree_is_stopped(const struct proc_tree *t);
/* Sends signum to each process of t, parents first. A pid that now belongs to another process is
 * not signalled. */
void proc_tree_signal(const struct proc_tree *t, int signum);
/* The same without the children of this process: only what is below them. */
void proc_tree_signal_below(const struct proc_tree *t, int signum);
void proc_tree_done(struct proc_tree *t);

/* "sleep (pid 123), sh (pid 124) and 3 more": the children of this process in t,
 * without zombies. */
void proc_tree_describe(const struct proc_tree *t, struct str *to);

#endif
