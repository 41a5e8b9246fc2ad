/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes below this one, found through /proc. A slot and the scheduler are subreapers, so
 * whatever a job does (new sessions, double forks, a cleared environment) stays below them.
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

/* {0} is empty. Parents stand before their children; the first n_own are our own children. */
struct proc_tree {
	struct proc_tree_entry *at;
	size_t n, cap, n_own;
};

/* Is this child of ours (and all below it) to be left out? */
typedef bool proc_tree_skip(pid_t child, void *ctx);

/* Fills t anew with our descendants. skip may be NULL. */
void proc_tree_read(struct proc_tree *t, proc_tree_skip *skip, void *ctx);
/* The descendants of another process, for looking at only. */
void proc_tree_read_below(struct proc_tree *t, pid_t root);
/* After STOP: none of it runs any more. One that waits in the kernel (vfork() waits there for a
 * child that has stopped) stops when it comes back. */
bool proc_tree_is_stopped(const struct proc_tree *t);
/* Parents first. A pid that is no longer ours is never signalled. */
void proc_tree_signal(const struct proc_tree *t, int signum);
void proc_tree_done(struct proc_tree *t);

/* "sleep (pid 123), sh (pid 124) and 3 more": our own children in t, zombies left out. */
void proc_tree_describe(const struct proc_tree *t, struct str *to);

#endif
