/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/tree_sample.h"

#include <unistd.h>

static uint64_t memory_of(const struct proc_stat *st)
{
	return st->rss_pages > 0 ? (uint64_t)st->rss_pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

/* Slow; a process that may not be looked into (it runs as somebody else) counts in full. */
static uint64_t tree_sample_shared_once(const struct proc_tree *tree)
{
	uint64_t sum = 0, bytes;
	struct proc_stat st;

	for (size_t i = 0; i < tree->n; i++)
		if (proc_pss_read(tree->at[i].pid, &bytes))
			sum += bytes;
		else if (proc_stat_read(tree->at[i].pid, &st))
			sum += memory_of(&st);
	return sum;
}

void tree_sample_read(const struct proc_tree *tree, uint64_t memory_limit, struct tree_sample *ret)
{
	double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
	struct proc_stat st;
	uint64_t ticks = 0;

	*ret = (struct tree_sample){0};
	for (size_t i = 0; i < tree->n; i++) {
		if (!proc_stat_read(tree->at[i].pid, &st))
			continue; /* gone by now */
		ret->n_processes++;
		ret->memory_bytes += memory_of(&st);
		ret->is_runnable |= st.state == 'R';
		ticks += st.cpu_ticks + st.child_ticks;
	}
	ret->cpu_s = (double)ticks * tick_s;
	if (memory_limit && ret->memory_bytes > memory_limit)
		ret->memory_bytes = tree_sample_shared_once(tree);
}
