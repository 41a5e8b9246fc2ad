/* SPDX-License-Identifier: Apache-2.0 */
/* What processes take now, as /proc has it. */
#ifndef EXEC_TREE_SAMPLE_H
#define EXEC_TREE_SAMPLE_H

#include "base/proc_tree.h"
#include "exec/tree_watch.h"

/*
 * Fills memory_bytes, cpu_s (of those in tree and of children that they have waited for),
 * n_processes and is_runnable. A page that several processes share counts for each of them; if that
 * makes more than memory_limit (0: none), each is asked again, and a shared page counts once.
 */
void tree_sample_read(const struct proc_tree *tree, uint64_t memory_limit, struct tree_sample *ret);

#endif
