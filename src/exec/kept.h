/* SPDX-License-Identifier: Apache-2.0 */
/* Daemons that jobs may leave behind ("keep"): they live as long as the slot. */
#ifndef EXEC_KEPT_H
#define EXEC_KEPT_H

#include "exec/tree.h"

/* {0} is empty. Children of ours, not reaped: their numbers hold. */
struct kept {
	pid_t *at;
	size_t n, cap;
};

/* A tree_skip: ctx is the struct kept. */
bool kept_has(pid_t child, void *kept);
/* It was reaped. */
void kept_forget(struct kept *k, pid_t pid);
/*
 * Takes in those children of ours whose name matches one of globs (NULL-terminated). leader: the
 * one that is the job itself and stays its own; 0: none. t is for use meanwhile.
 */
void kept_adopt(struct kept *k, const char *const *globs, pid_t leader, struct tree *t);

#endif
